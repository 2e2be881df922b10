import { z } from "zod";
import { ConfidenceScale } from "./confidence.js";
import { LEVELS } from "./levels.js";

const FileEntry = z.object({ sha256: z.string().length(64), bytes: z.number() });

/** Thresholds from which the condition of a frame is told; see docs/scoring.md. */
export const ConditionThresholds = z.object({
  /** A patch is certain from this certainty on. */
  certainPatch: z.number(),
  /** A frame with a smaller share of certain patches, and fewer than two, is blank. */
  certainShare: z.number(),
  /**
   * Blank, too, where the three most certain patches have less than this on average and none is sure: coarse grain without
   * structure makes a patch certain here and there, cells make some.
   */
  threeCertain: z.number().default(0),
  surePatch: z.number().default(1),
  /** Blank, too, where the log odds that the frame shows structure are lower; of a model that tells them. */
  leastStructure: z.number().optional(),
  /** Unfamiliar where its patches are further than this from those of the training, 1 being average; of a model that tells it. */
  mostStrangeness: z.number().optional(),
  /** A frame is in focus where its level is no higher than this for certain: less its standard deviation. */
  inFocusLevel: z.number(),
  /** A patch is surely blurred from this expected level on. */
  blurredLevel: z.number(),
  /** Mixed: at least this share of the certain patches is in focus, and this share is surely blurred. */
  mixedShare: z.number(),
  /** A frame with a larger share of its pixels at the highest count is unusable. */
  saturatedShare: z.number(),
});
export type ConditionThresholds = z.infer<typeof ConditionThresholds>;

/** What a model is, what it was made from, and what it can do: card.json. */
export const ModelCard = z.object({
  format: z.literal("parfocal-model"),
  version: z.literal(1),
  name: z.string(),
  network: z.string(),
  description: z.string(),
  weightCount: z.number(),
  levels: z.number(),
  patchPx: z.number(),
  /** What level k means: k times `levelUm` of defocus at these optics. */
  optics: z.object({
    levelUm: z.number(),
    numericalAperture: z.number(),
    wavelengthNm: z.number(),
    refractiveIndex: z.number(),
    pixelUm: z.number(),
  }),
  conditions: ConditionThresholds,
  /**
   * Median level that frames at each level mostly read: medians over frames of training fields. Missing where nobody has
   * measured them.
   */
  readings: z.array(z.number()).length(LEVELS).refine(isRising, "must rise").optional(),
  /** Missing where nobody has measured how often the model is right. */
  confidence: ConfidenceScale.optional(),
  /** Of a model that others trained: where it is from, and the CRC-32C of each variable as its file states it (masked). */
  imported: z
    .object({
      from: z.string(),
      /** True where all checksums are those of the published model. */
      isPublished: z.boolean(),
      checksums: z.record(z.string(), z.number()),
    })
    .optional(),
  training: z.object({
    /** The trainings that came before, each going on from the weights of the one before it; oldest first. */
    startedFrom: z
      .array(
        z.object({
          sha256: z.string(),
          command: z.string(),
          steps: z.number(),
          seconds: z.number(),
          recipe: z.record(z.string(), z.unknown()),
        }),
      )
      .optional(),
    command: z.string(),
    engine: z.string(),
    machine: z.string(),
    seconds: z.number(),
    steps: z.number(),
    seed: z.number(),
    recipe: z.record(z.string(), z.unknown()),
    /** Licences and how many images stand under each. */
    licences: z.record(z.string(), z.number()),
    images: z.array(
      z.object({
        file: z.string(),
        fieldId: z.string(),
        split: z.enum(["training", "held-out"]),
        source: z.string().optional(),
        originalPath: z.string().optional(),
        licence: z.string().optional(),
        modality: z.string().optional(),
      }),
    ),
  }),
  metrics: z.array(z.object({ name: z.string(), value: z.number(), data: z.string(), command: z.string() })),
  files: z.object({ "model.onnx": FileEntry, "weights.safetensors": FileEntry }),
});
export type ModelCard = z.infer<typeof ModelCard>;

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}

/** Whether the network of a model tells, beside the level, what a frame shows (`networks/content.ts`). */
export function tellsContent({ conditions }: Pick<ModelCard, "conditions">): boolean {
  return conditions.leastStructure !== undefined;
}

/** Those of a model that tells what a frame shows; chosen as the others are. */
export const CONTENT_CONDITIONS = { leastStructure: 0.25, mostStrangeness: 1.55 } as const;

/** Chosen on the fields that the default model was trained on: docs/scoring.md shows how. */
export const DEFAULT_CONDITIONS: ConditionThresholds = {
  certainPatch: 0.4,
  certainShare: 0.03,
  threeCertain: 0.43,
  surePatch: 0.55,
  inFocusLevel: 0.7,
  blurredLevel: 3.1,
  mixedShare: 0.15,
  saturatedShare: 0.05,
};
