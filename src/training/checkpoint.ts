import { readFile } from "node:fs/promises";
import { z } from "zod";
import { reasonOf, TrainingError } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { packWeights, unpackWeights, type Weights } from "../networks/weights.js";

/** One point of the curve that training leaves behind. */
export const CurvePoint = z.object({
  step: z.number(),
  /** Mean training loss since the point before. */
  loss: z.number(),
  /** Ranked probability score and share of patches within one level and exact, on held-out fields. */
  heldOutLoss: z.number(),
  heldOutExact: z.number(),
  heldOutWithinOne: z.number(),
});
export type CurvePoint = z.infer<typeof CurvePoint>;

/** What must be the same for a run to go on where it stopped. */
export const RunSettings = z.object({
  network: z.string(),
  seed: z.number(),
  steps: z.number(),
  /** Where the run ends by the clock; the steps then mean nothing. */
  minutes: z.number().optional(),
  learningRate: z.number(),
  heldOutShare: z.number(),
  recipe: z.string(),
  images: z.string(),
});
export type RunSettings = z.infer<typeof RunSettings>;

const Progress = z.object({
  step: z.number(),
  seconds: z.number(),
  lossSum: z.number(),
  curve: z.array(CurvePoint),
});

/** Everything that a run needs to go on. */
export interface Checkpoint {
  readonly settings: RunSettings;
  /** Steps done. */
  readonly step: number;
  /** Seconds of training so far, over all restarts. */
  readonly seconds: number;
  /** Sum of the training loss since the last point of the curve. */
  readonly lossSum: number;
  readonly curve: readonly CurvePoint[];
  readonly weights: Weights;
  /** The optimiser's memory, one tensor a name. */
  readonly optimiser: Weights;
  /** Of a run that ends by the clock: the weights that judged the held-out fields best. */
  readonly best?: Weights | undefined;
}

const OPTIMISER_PREFIX = "optimiser:";
const BEST_PREFIX = "best:";

/** Writes a checkpoint so that a kill at any moment leaves the old or the new one whole. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { weights, optimiser, best = new Map(), settings, ...progress } = checkpoint;
  const all = new Map(weights);
  for (const [name, tensor] of optimiser) all.set(OPTIMISER_PREFIX + name, tensor);
  for (const [name, tensor] of best) all.set(BEST_PREFIX + name, tensor);
  const metadata = { settings: JSON.stringify(settings), progress: JSON.stringify(progress) };
  await writeAtomically(path, packWeights(all, metadata));
}

/** @throws TrainingError naming the file when there is none, or it is not a checkpoint. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  try {
    const { weights: all, metadata } = unpackWeights(await readFile(path));
    const own = [...all].filter(
      ([name]) => !name.startsWith(OPTIMISER_PREFIX) && !name.startsWith(BEST_PREFIX),
    );
    const of = (prefix: string): Weights =>
      new Map(
        [...all].flatMap(([name, tensor]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
        ),
      );
    const best = of(BEST_PREFIX);
    return {
      settings: RunSettings.parse(JSON.parse(metadata.settings ?? "")),
      ...Progress.parse(JSON.parse(metadata.progress ?? "")),
      weights: new Map(own),
      optimiser: of(OPTIMISER_PREFIX),
      best: best.size === 0 ? undefined : best,
    };
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") {
      throw new TrainingError(`${path}: there is no checkpoint to go on from; to begin, leave --resume out`, {
        cause,
      });
    }
    throw new TrainingError(`${path}: cannot go on from this checkpoint: ${reasonOf(cause)}`, { cause });
  }
}
