import { reasonOf } from "../errors.js";
import type { Architecture } from "../networks/architecture.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import type { Weights } from "../networks/weights.js";
import type { Batch } from "./batch-maker.js";
import { BatchStream } from "./batch-stream.js";
import { type Checkpoint, type CurvePoint, type RunSettings, writeCheckpoint } from "./checkpoint.js";
import { heldOutBatches, heldOutScore, patchTensor, targetTensor } from "./held-out.js";
import type { ImageSet } from "./image-set.js";
import { initialWeights } from "./initial-weights.js";
import type { Recipe } from "./recipe.js";
import { isPointDue, learningRate, shareDone } from "./schedule.js";
import { Student } from "./student.js";

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
  /** A checkpoint could not be written (a full disk): the run goes on, and tries again when the next one is due. */
  readonly onCheckpointFailure?: (reason: string) => void;
}

export interface TrainingProgress {
  readonly step: number;
  /** How much of the run is done, 0 to 1. */
  readonly share: number;
  /** Mean loss since the last point of the curve. */
  readonly loss: number;
  readonly lastPoint: CurvePoint | undefined;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainingResult {
  /** Of the last step; of a run that ends by the clock those that judged the held-out fields best. */
  readonly weights: Weights;
  /** How they judged them; undefined where the run was stopped before it was looked at. */
  readonly point: CurvePoint | undefined;
  /** False where the run was stopped early. */
  readonly finished: boolean;
  /** What the weights were judged by. */
  readonly heldOut: readonly Batch[];
  readonly step: number;
  readonly seconds: number;
  readonly curve: readonly CurvePoint[];
}

/** Trains a network; stops early, with a checkpoint written, when the signal is aborted. @throws OutputError if that one cannot be written. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #student: Student;
  readonly #curve: CurvePoint[];
  #step: number;
  #seconds: number;
  #lossSum: number;
  #best: Weights | undefined;

  constructor(options: TrainerOptions) {
    const { tf, architecture, from, settings } = options;
    this.#options = options;
    const weights = from?.weights ?? options.startWeights ?? initialWeights(architecture, settings.seed);
    this.#student = new Student(tf, architecture, weights, from?.optimiser);
    this.#curve = [...(from?.curve ?? [])];
    this.#step = from?.step ?? 0;
    this.#seconds = from?.seconds ?? 0;
    this.#lossSum = from?.lossSum ?? 0;
    this.#best = from?.best;
  }

  async run(): Promise<TrainingResult> {
    const { recipe, settings, threads, images, clock, signal } = this.#options;
    const { seed } = settings;
    const heldOut = await heldOutBatches(images, recipe, seed, threads);
    const stream = new BatchStream({
      images: images.training,
      recipe,
      seed,
      threads,
      ahead: 4 * threads,
      first: this.#step,
    });
    stream.start();
    let before = clock();
    let lastCheckpoint = before;
    try {
      for (let share = this.#share(); share < 1 && !signal?.aborted; share = this.#share()) {
        this.#lossSum += this.#trainOn(await stream.next(), share);
        this.#step++;
        const now = clock();
        this.#seconds += (now - before) / 1000;
        before = now;
        if (isPointDue(share, this.#share())) await this.#addPoint(heldOut);
        this.#report();
        if (now - lastCheckpoint >= this.#options.checkpointSeconds * 1000) {
          await this.#checkpointIfPossible();
          lastCheckpoint = now;
        }
      }
      // The weights that a run without steps started from are judged all the same.
      if (this.#curve.length === 0 && this.#share() === 1) await this.#addPoint(heldOut);
      // A run that is done goes into its model; one that was stopped has nothing else.
      await (this.#share() === 1 ? this.#checkpointIfPossible() : this.#checkpoint());
      return {
        weights: this.#best ?? (await this.#student.network.weights()),
        point: this.#best === undefined ? this.#curve.at(-1) : bestOf(this.#curve),
        finished: this.#share() === 1,
        heldOut,
        step: this.#step,
        seconds: this.#seconds,
        curve: this.#curve,
      };
    } finally {
      await stream.stop();
    }
  }

  dispose(): void {
    this.#student.dispose();
  }

  #share(): number {
    return shareDone(this.#options.settings, this.#step, this.#seconds);
  }

  /** One step; gives its loss. @param share of the run that is done before it. */
  #trainOn(batch: Batch, share: number): number {
    const { tf, settings } = this.#options;
    return tf.tidy(() =>
      this.#student.learn({
        patches: patchTensor(tf, batch),
        targets: targetTensor(tf, batch),
        step: this.#step + 1,
        learningRate: learningRate(settings, this.#step, share),
        dropoutSeed: settings.seed + this.#step + 1,
      }),
    );
  }

  async #addPoint(heldOut: readonly Batch[]): Promise<void> {
    const loss = this.#lossSum / Math.max(1, this.#sinceLast());
    const point = {
      step: this.#step,
      loss,
      ...heldOutScore(this.#options.tf, this.#student.network, heldOut),
    };
    this.#curve.push(point);
    this.#lossSum = 0;
    // The clock may cut a run off at a bad moment.
    if (this.#options.settings.minutes !== undefined && bestOf(this.#curve) === point) {
      this.#best = await this.#student.network.weights();
    }
  }

  /** Steps since the last point of the curve. */
  #sinceLast(): number {
    return this.#step - (this.#curve.at(-1)?.step ?? 0);
  }

  #report(): void {
    const share = this.#share();
    const sinceLast = this.#sinceLast();
    this.#options.onProgress?.({
      step: this.#step,
      share,
      loss: sinceLast === 0 ? (this.#curve.at(-1)?.loss ?? 0) : this.#lossSum / sinceLast,
      lastPoint: this.#curve.at(-1),
      stepsPerSecond: this.#step / this.#seconds,
      secondsLeft: (this.#seconds * (1 - share)) / share,
    });
  }

  async #checkpointIfPossible(): Promise<void> {
    try {
      await this.#checkpoint();
    } catch (error) {
      this.#options.onCheckpointFailure?.(reasonOf(error));
    }
  }

  async #checkpoint(): Promise<void> {
    await writeCheckpoint(this.#options.checkpointPath, {
      settings: this.#options.settings,
      step: this.#step,
      seconds: this.#seconds,
      lossSum: this.#lossSum,
      curve: this.#curve,
      weights: await this.#student.network.weights(),
      optimiser: await this.#student.optimiser(),
      best: this.#best,
    });
  }
}

/** The point at which the held-out fields were judged best, the first of equals. */
function bestOf(curve: readonly CurvePoint[]): CurvePoint | undefined {
  return curve.length === 0 ? undefined : curve.reduce((a, b) => (b.heldOutLoss < a.heldOutLoss ? b : a));
}
