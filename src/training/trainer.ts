import { LEVELS } from "../focus/report.js";
import { PATCH_PX } from "../frames/frame.js";
import type { Architecture } from "../networks/architecture.js";
import { type TensorFlow, TensorflowNetwork } from "../networks/tensorflow-network.js";
import type { Weights } from "../networks/weights.js";
import { Adam } from "./adam.js";
import { type Batch, NO_LEVEL } from "./batch-maker.js";
import { BatchStream } from "./batch-stream.js";
import { type Checkpoint, type CurvePoint, type RunSettings, writeCheckpoint } from "./checkpoint.js";
import type { ImageSet } from "./image-set.js";
import { initialWeights } from "./initial-weights.js";
import { rankedProbabilityScore, targetDistributions } from "./loss.js";
import type { Recipe } from "./recipe.js";

export interface TrainerOptions {
  readonly tf: TensorFlow;
  readonly architecture: Architecture;
  readonly images: ImageSet;
  readonly recipe: Recipe;
  readonly settings: RunSettings;
  /** Threads that make patches. */
  readonly threads: number;
  readonly checkpointPath: string;
  /** Seconds between checkpoints. */
  readonly checkpointSeconds: number;
  /** Where an earlier run stopped. */
  readonly from?: Checkpoint;
  /** Weights to start from in place of random ones; ignored with `from`. */
  readonly startWeights?: Weights;
  /** Monotonic clock, ms. */
  readonly clock: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean loss since the last point of the curve. */
  readonly loss: number;
  readonly lastPoint: CurvePoint | undefined;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainingResult {
  readonly weights: Weights;
  readonly step: number;
  readonly seconds: number;
  readonly curve: readonly CurvePoint[];
}

const WARM_UP_STEPS = 200;
/** The learning rate falls along a cosine to this share of itself. */
const LAST_RATE_SHARE = 0.01;
const HELD_OUT_BATCHES = 12;
const CURVE_POINTS = 60;

/** Trains a network; stops early, with a checkpoint written, when the signal is aborted. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #network: TensorflowNetwork;
  readonly #adam: Adam;
  readonly #curve: CurvePoint[];
  #step: number;
  #seconds: number;
  #lossSum: number;

  constructor(options: TrainerOptions) {
    const { tf, architecture, from, settings } = options;
    this.#options = options;
    this.#network = new TensorflowNetwork(
      tf,
      architecture,
      from?.weights ?? options.startWeights ?? initialWeights(architecture, settings.seed),
    );
    const trainable = new Map([...this.#network.variables].filter(([, variable]) => variable.trainable));
    this.#adam = new Adam(tf, trainable, from?.optimiser);
    this.#curve = [...(from?.curve ?? [])];
    this.#step = from?.step ?? 0;
    this.#seconds = from?.seconds ?? 0;
    this.#lossSum = from?.lossSum ?? 0;
  }

  async run(): Promise<TrainingResult> {
    const { recipe, settings, threads, images, clock, signal } = this.#options;
    const { seed, steps } = settings;
    const heldOut = await this.#heldOutBatches();
    const stream = new BatchStream({
      images: images.training,
      recipe,
      seed,
      threads,
      ahead: 4 * threads,
      first: this.#step,
    });
    stream.start();
    const pointEvery = Math.max(1, Math.ceil(steps / CURVE_POINTS));
    let before = clock();
    let lastCheckpoint = before;
    try {
      while (this.#step < steps && !signal?.aborted) {
        this.#lossSum += this.#trainOn(await stream.next());
        this.#step++;
        const now = clock();
        this.#seconds += (now - before) / 1000;
        before = now;
        if (this.#step % pointEvery === 0 || this.#step === steps) this.#addPoint(heldOut, pointEvery);
        this.#report(pointEvery);
        if (now - lastCheckpoint >= this.#options.checkpointSeconds * 1000) {
          await this.#checkpoint();
          lastCheckpoint = now;
        }
      }
      await this.#checkpoint();
      return {
        weights: await this.#network.weights(),
        step: this.#step,
        seconds: this.#seconds,
        curve: this.#curve,
      };
    } finally {
      await stream.stop();
    }
  }

  dispose(): void {
    this.#network.dispose();
    this.#adam.dispose();
  }

  /** One step; gives its loss. */
  #trainOn(batch: Batch): number {
    const { tf, settings } = this.#options;
    const movingAverages = new Map<string, ReturnType<TensorFlow["zeros"]>>();
    const loss = tf.tidy(() => {
      const patches = patchTensor(tf, batch);
      const targets = targetTensor(tf, batch);
      const { value, grads } = tf.variableGrads(
        () =>
          rankedProbabilityScore(
            tf,
            this.#network.logits(patches, { dropoutSeed: settings.seed + this.#step + 1, movingAverages }),
            targets,
          ),
        this.#network.trainableVariables(),
      );
      const byName = new Map(
        [...this.#network.variables].map(([name, variable]) => [name, grads[variable.name]!] as const),
      );
      this.#adam.apply(byName, learningRate(settings, this.#step), this.#step + 1);
      return value.dataSync()[0]!;
    });
    for (const [name, average] of movingAverages) {
      this.#network.variables.get(name)!.assign(average);
      average.dispose();
    }
    return loss;
  }

  #addPoint(heldOut: readonly Batch[], pointEvery: number): void {
    const { tf } = this.#options;
    let [loss, exact, withinOne, count] = [0, 0, 0, 0];
    for (const batch of heldOut) {
      const [batchLoss, predicted] = tf.tidy(() => {
        const logits = this.#network.logits(patchTensor(tf, batch));
        const score = rankedProbabilityScore(tf, logits, targetTensor(tf, batch));
        return [score.dataSync()[0]!, logits.argMax(1).dataSync()] as const;
      });
      loss += batchLoss;
      batch.levels.forEach((level, i) => {
        if (level === NO_LEVEL) return;
        const distance = Math.abs(level - predicted[i]!);
        exact += distance <= 0.5 ? 1 : 0;
        withinOne += distance <= 1 ? 1 : 0;
        count++;
      });
    }
    const sinceLast = this.#step % pointEvery || pointEvery;
    this.#curve.push({
      step: this.#step,
      loss: this.#lossSum / sinceLast,
      heldOutLoss: loss / heldOut.length,
      heldOutExact: exact / count,
      heldOutWithinOne: withinOne / count,
    });
    this.#lossSum = 0;
  }

  #report(pointEvery: number): void {
    const { steps } = this.#options.settings;
    const stepsPerSecond = this.#step / this.#seconds;
    const sinceLast = this.#step % pointEvery;
    this.#options.onProgress?.({
      step: this.#step,
      steps,
      loss: sinceLast === 0 ? (this.#curve.at(-1)?.loss ?? 0) : this.#lossSum / sinceLast,
      lastPoint: this.#curve.at(-1),
      stepsPerSecond,
      secondsLeft: (steps - this.#step) / stepsPerSecond,
    });
  }

  async #checkpoint(): Promise<void> {
    await writeCheckpoint(this.#options.checkpointPath, {
      settings: this.#options.settings,
      step: this.#step,
      seconds: this.#seconds,
      lossSum: this.#lossSum,
      curve: this.#curve,
      weights: await this.#network.weights(),
      optimiser: await this.#adam.memory(),
    });
  }

  /** The same patches of held-out fields each time, in every run of one seed. */
  async #heldOutBatches(): Promise<Batch[]> {
    const { images, recipe, settings, threads } = this.#options;
    const stream = new BatchStream({
      images: images.heldOut,
      recipe,
      seed: settings.seed + 1,
      threads,
      ahead: HELD_OUT_BATCHES,
      first: 0,
    });
    stream.start();
    const batches: Batch[] = [];
    while (batches.length < HELD_OUT_BATCHES) batches.push(await stream.next());
    await stream.stop();
    return batches;
  }
}

function patchTensor(tf: TensorFlow, batch: Batch) {
  return tf.tensor4d(batch.patches, [batch.levels.length, PATCH_PX, PATCH_PX, 1]);
}

function targetTensor(tf: TensorFlow, batch: Batch) {
  return tf.tensor2d(targetDistributions(batch.levels), [batch.levels.length, LEVELS]);
}

function learningRate({ learningRate: highest, steps }: RunSettings, step: number): number {
  const warm = Math.min(1, (step + 1) / WARM_UP_STEPS);
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return highest * warm * (LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * cosine);
}
