import { join } from "node:path";
import { compact } from "../../src/networks/compact.js";
import type { TensorFlow } from "../../src/networks/tensorflow.js";
import { readCheckpoint } from "../../src/training/checkpoint.js";
import type { ImageSet } from "../../src/training/image-set.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/training/recipe.js";
import { Trainer, type TrainingProgress, type TrainingResult } from "../../src/training/trainer.js";
import { sharedSpots } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

/** Few patches a step, and few kernels to make for them. */
export const SMALL_RECIPE: Recipe = { ...DEFAULT_RECIPE, batchSize: 8, patchesPerRegion: 2, otherBlurs: 4 };
const images: ImageSet = {
  training: [sharedSpots(220, 200, 1), sharedSpots(180, 230, 2)],
  heldOut: [sharedSpots(200, 200, 3)],
  sources: [],
  leftOut: [],
};

export interface Run {
  readonly result: TrainingResult;
  readonly checkpointPath: string;
  readonly progress: readonly TrainingProgress[];
  /** Tensors alive after each step. */
  readonly tensors: readonly number[];
  /** Why checkpoints could not be written. */
  readonly checkpointFailures: readonly string[];
}

interface RunOptions {
  readonly seed?: number;
  readonly steps?: number;
  /** End by the clock, which ticks a second a step, instead. */
  readonly minutes?: number;
  readonly learningRate?: number;
  /** Stop, as an interrupt would, after this step. */
  readonly stopAfter?: number;
  /** Go on from the checkpoint of an earlier run. */
  readonly from?: string;
  /** @default one in a new folder, written at the end */
  readonly checkpointPath?: string;
  readonly checkpointSeconds?: number;
}

/** Trains the compact network on a small set of made images, with small batches. */
export async function runTrainer(
  tf: TensorFlow,
  { seed = 1, steps = 12, minutes, learningRate = 0.01, stopAfter, from, ...checkpoint }: RunOptions = {},
): Promise<Run> {
  const {
    checkpointPath = join(await temporaryFolder(), "checkpoint.safetensors"),
    checkpointSeconds = 1e6,
  } = checkpoint;
  const checkpointFailures: string[] = [];
  const interrupt = new AbortController();
  const progress: TrainingProgress[] = [];
  const tensors: number[] = [];
  let seconds = 0;
  const trainer = new Trainer({
    tf,
    architecture: compact,
    images,
    recipe: SMALL_RECIPE,
    settings: {
      network: "compact",
      seed,
      steps,
      ...(minutes !== undefined && { minutes }),
      learningRate,
      heldOutShare: 0.3,
      recipe: "test",
      images: "test",
    },
    threads: 1,
    checkpointPath,
    checkpointSeconds,
    clock: minutes === undefined ? () => performance.now() : () => 1000 * seconds++,
    signal: interrupt.signal,
    ...(from === undefined ? {} : { from: await readCheckpoint(from) }),
    onProgress: (report) => {
      progress.push(report);
      tensors.push(tf.memory().numTensors);
      if (report.step === stopAfter) interrupt.abort();
    },
    onCheckpointFailure: (reason) => checkpointFailures.push(reason),
  });
  try {
    const result = await trainer.run();
    return { result, checkpointPath, progress, tensors, checkpointFailures };
  } finally {
    trainer.dispose();
  }
}
