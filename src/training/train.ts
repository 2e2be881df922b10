import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { OutputError, reasonOf, TrainingError } from "../errors.js";
import { type FocusModel, MODEL_FILES, openModel } from "../focus/model.js";
import type { ModelCard } from "../focus/model-card.js";
import { makeFolder } from "../frames/make-folder.js";
import { describeMachine } from "../machine.js";
import type { Architecture } from "../networks/architecture.js";
import { contentReadingOf, withContentReading } from "../networks/content.js";
import { networkNamed } from "../networks/registry.js";
import type { TensorFlowRuntime } from "../networks/tensorflow-runtime.js";
import type { Weights } from "../networks/weights.js";
import { Random } from "../optics/random.js";
import { type Checkpoint, type RunSettings, readCheckpoint } from "./checkpoint.js";
import { checkExport } from "./export-check.js";
import { fitContent } from "./fit-content.js";
import { type HeldOutScore, scoreOfModel } from "./held-out.js";
import { type ImageSet, loadImageSet } from "./image-set.js";
import { DEFAULT_RECIPE, type Recipe } from "./recipe.js";
import { Trainer, type TrainingProgress, type TrainingResult } from "./trainer.js";
import { widened } from "./widen.js";
import { type TrainingRecord, writeModel } from "./write-model.js";

export interface TrainOptions {
  readonly images: readonly string[];
  /** Folder of the model to be written. */
  readonly out: string;
  /** Name of the network. @default that of the model to start from, else `medium` */
  readonly network?: string;
  readonly steps: number;
  /** Train for so long instead, and keep the weights that judged the held-out fields best. */
  readonly minutes?: number | undefined;
  readonly learningRate: number;
  readonly seed: number;
  /** Share of the fields held out of training, 0 to 1. */
  readonly heldOutShare: number;
  readonly threads: number;
  readonly checkpointSeconds: number;
  /** How patches are made. @default that of the model that ships */
  readonly recipe?: Recipe;
  /** Go on from the checkpoint in `out`. */
  readonly resume: boolean;
  /** Model whose weights are the start: of the same network, or of a narrower one with the same layers. */
  readonly startFrom?: string;
  readonly runtime: TensorFlowRuntime;
  /** As typed, for the card. */
  readonly command: string;
  readonly clock: () => number;
  readonly signal?: AbortSignal;
  readonly onImage?: (done: number, total: number) => void;
  readonly onImages?: (images: ImageSet) => void;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** A checkpoint could not be written: the training goes on. */
  readonly onCheckpointFailure?: (reason: string) => void;
  /** How much is done of what follows the training: telling content from empty patches, 0 to 1. */
  readonly onContent?: (share: number) => void;
}

export interface TrainOutcome {
  /** True when all steps were done and the model was written. */
  readonly finished: boolean;
  readonly result: TrainingResult;
  /** Largest difference between the exported graph and the trained network, over all layers. */
  readonly exportDifference?: number;
  /** How the model that ships judges the held-out patches, where it does so better than this one. */
  readonly shipped?: HeldOutScore | undefined;
  /** True where it does not tell what shows nothing, or what it never met, as the model that it started from does. */
  readonly tellsLess?: boolean;
}

/** The network of the model that ships. */
const DEFAULT_NETWORK = "medium";
/** The model that ships. */
const DEFAULT_MODEL = "default";

const CHECKPOINT = "checkpoint.safetensors";

/**
 * Trains a network on in-focus images and writes the model folder: model.onnx, weights.safetensors, card.json.
 * When the signal is aborted it leaves a checkpoint from which `resume` goes on.
 * @throws TrainingError, OutputError, ModelError
 */
export async function train(options: TrainOptions): Promise<TrainOutcome> {
  const start = options.startFrom === undefined ? undefined : await openModel(options.startFrom);
  const architecture = networkNamed(options.network ?? start?.card.network ?? DEFAULT_NETWORK);
  if (!options.resume) assertFree(options.out, start);
  await makeFolder(options.out);
  const checkpointPath = join(options.out, CHECKPOINT);
  const from = options.resume ? await readCheckpoint(checkpointPath) : undefined;
  const images = await loadImageSet(options.images, options.heldOutShare, options.seed, options.onImage);
  options.onImages?.(images);
  const settings = settingsOf(options, architecture, images);
  if (from) assertSameRun(from, settings, checkpointPath);
  const startWeights = start && (await fitted(start, architecture, options.seed));
  const isExpected = startWeights !== undefined && contentReadingOf(startWeights) !== undefined;

  const trainer = new Trainer({
    tf: options.runtime.tf,
    architecture,
    images,
    recipe: recipeOf(options),
    settings,
    threads: options.threads,
    checkpointPath,
    checkpointSeconds: options.checkpointSeconds,
    clock: options.clock,
    ...(from === undefined ? {} : { from }),
    ...(startWeights === undefined ? {} : { startWeights }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.onCheckpointFailure === undefined
      ? {}
      : { onCheckpointFailure: options.onCheckpointFailure }),
  });
  try {
    const result = await trainer.run();
    if (!result.finished) return { finished: false, result };
    const { command, out } = options;
    const reading = await fitContent({
      tf: options.runtime.tf,
      architecture,
      weights: result.weights,
      images,
      recipe: recipeOf(options),
      seed: options.seed,
      threads: options.threads,
      steps: result.step,
      isExpected,
      ...(options.onContent === undefined ? {} : { onProgress: options.onContent }),
    });
    const weights = reading === undefined ? result.weights : withContentReading(result.weights, reading);
    const exportDifference = await checkExport(options.runtime.tf, architecture, weights, images.heldOut[0]!);
    await writeModel(
      out,
      architecture,
      weights,
      trainingOf(options, images, result, start),
      metricsOf(result, command),
      result.step === 0 && start !== undefined ? measuredOf(start) : {},
    );
    const shipped = await scoreOfModel(options.runtime.tf, await openModel(DEFAULT_MODEL), result.heldOut);
    const isWeaker = result.point !== undefined && result.point.heldOutLoss > shipped.heldOutLoss;
    const tellsLess = isExpected && reading === undefined;
    return { finished: true, result, exportDifference, shipped: isWeaker ? shipped : undefined, tellsLess };
  } finally {
    trainer.dispose();
  }
}

/**
 * A model may be trained on in its own folder; else nobody wants to lose what an earlier training has left.
 * @throws OutputError
 */
function assertFree(out: string, start: FocusModel | undefined): void {
  if (start !== undefined && resolve(start.folder) === resolve(out)) return;
  const left = [CHECKPOINT, ...Object.values(MODEL_FILES)].find((file) => existsSync(join(out, file)));
  if (left === undefined) return;
  throw new OutputError(
    join(out, left),
    "is there already, of an earlier training: go on with it by --resume, choose another --out, or remove the folder",
  );
}

/** What was measured of a model holds of the same network, too. */
function measuredOf({
  card: { confidence, readings },
}: FocusModel): Partial<Pick<ModelCard, "confidence" | "readings">> {
  return { ...(confidence !== undefined && { confidence }), ...(readings !== undefined && { readings }) };
}

/** The weights of a model, spread out where it is narrower than the network to be trained. */
async function fitted(start: FocusModel, architecture: Architecture, seed: number): Promise<Weights> {
  const weights = await start.weights();
  const { network } = start.card;
  if (network === architecture.name) return weights;
  try {
    return widened(weights, networkNamed(network), architecture, new Random(seed));
  } catch (cause) {
    throw new TrainingError(`cannot go on from ${start.card.name} (${network}): ${reasonOf(cause)}`, {
      cause,
    });
  }
}

function recipeOf({ recipe = DEFAULT_RECIPE }: TrainOptions): Recipe {
  return recipe;
}

function settingsOf(options: TrainOptions, { name: network }: Architecture, images: ImageSet): RunSettings {
  const { seed, steps, minutes, learningRate, heldOutShare } = options;
  const digest = createHash("sha256");
  for (const { file, split } of images.sources) digest.update(`${file}\0${split}\n`);
  for (const { pixels } of [...images.training, ...images.heldOut]) digest.update(pixels);
  return {
    network,
    seed,
    steps,
    ...(minutes !== undefined && { minutes }),
    learningRate,
    heldOutShare,
    recipe: JSON.stringify(recipeOf(options)),
    images: digest.digest("hex"),
  };
}

function assertSameRun(from: Checkpoint, settings: RunSettings, path: string): void {
  const keys = Object.keys({ ...from.settings, ...settings }) as (keyof RunSettings)[];
  const different = keys.filter((key) => from.settings[key] !== settings[key]);
  if (different.length > 0) {
    throw new TrainingError(
      `${path}: this checkpoint was made with other ${different.join(", ")}; --resume needs the same, or start without it`,
    );
  }
}

function trainingOf(
  options: TrainOptions,
  images: ImageSet,
  result: TrainingResult,
  start: FocusModel | undefined,
): TrainingRecord {
  const { command, runtime, seed } = options;
  const licences: Record<string, number> = {};
  for (const { licence = "not stated" } of images.sources) licences[licence] = (licences[licence] ?? 0) + 1;
  return {
    command,
    engine: runtime.description,
    machine: describeMachine(),
    seconds: Math.round(result.seconds),
    steps: result.step,
    seed,
    recipe: { ...recipeOf(options) },
    licences,
    images: [...images.sources],
    ...(start === undefined ? {} : { startedFrom: lineageOf(start) }),
  };
}

function lineageOf({ card, sha256 }: FocusModel): NonNullable<TrainingRecord["startedFrom"]> {
  const { startedFrom = [], command, steps, seconds, recipe } = card.training;
  return [...startedFrom, { sha256, command, steps, seconds, recipe }];
}

function metricsOf({ point }: TrainingResult, command: string): ModelCard["metrics"] {
  if (point === undefined) return [];
  const data = "synthetically defocused patches, with camera noise, of the fields held out of training";
  const metric = (name: string, value: number) => ({ name, value: Number(value.toFixed(4)), data, command });
  return [
    metric("patches at the exact level", point.heldOutExact),
    metric("patches within one level", point.heldOutWithinOne),
  ];
}
