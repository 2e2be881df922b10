import { assertScorable, type Frame } from "../frames/frame.js";
import { bandsOf } from "./bands.js";
import { binned, fittingBinning } from "./binning.js";
import { mostProbableLevel } from "./certainty.js";
import { conditionOf, countRange } from "./condition.js";
import { contrastOf } from "./contrast.js";
import type { EngineOptions, FocusEngine } from "./engines/engine.js";
import { engineNamed } from "./engines/registry.js";
import { scoresOfBands } from "./engines/score-bands.js";
import { frameLevel } from "./frame-level.js";
import { type FocusModel, openModel } from "./model.js";
import type { FocusReport } from "./report.js";
import type { FrameScorer, ModelIdentity, ScoreOptions } from "./scorer-types.js";
import { croppedToWholePatches, type Tiling } from "./tiling.js";

export interface ScorerOptions extends EngineOptions {
  /** Name of a shipped model, or a model folder. @default "default" */
  readonly model?: string;
  /** `onnx` or `tensorflow`. @default "onnx" */
  readonly engine?: string;
  /** How patches are laid. @default "cover" */
  readonly tiling?: Tiling;
}

/**
 * Scores frames with one model, kept warm.
 * @example
 * const scorer = await Scorer.load();
 * const report = await scorer.score({ width: 2048, height: 2048, pixels }); // pixels: Uint16Array
 * console.log(report.level, report.aggregateCertainty, report.condition);
 * await scorer.dispose();
 */
export class Scorer implements FrameScorer {
  readonly model: ModelIdentity;
  /** One line: which engine runs on which device, and why. */
  readonly engine: string;
  readonly #model: FocusModel;
  readonly #engine: FocusEngine;
  readonly #tiling: Tiling;

  private constructor(model: FocusModel, engine: FocusEngine, tiling: Tiling) {
    this.#model = model;
    this.#engine = engine;
    this.#tiling = tiling;
    this.model = { name: model.card.name, sha256: model.sha256 };
    this.engine = engine.description;
  }

  /**
   * Opens a model and starts an engine.
   * @throws ModelError, EngineError or UnknownNameError, each saying what to do.
   */
  static async load(options: ScorerOptions = {}): Promise<Scorer> {
    const start = await engineNamed(options.engine ?? "onnx");
    const model = await openModel(options.model);
    return new Scorer(model, await start(model, options), options.tiling ?? "cover");
  }

  /**
   * Scores one frame in isolation. The engine computes on the calling thread, which does nothing else meanwhile, one band of
   * a large frame at a time; a program that has to answer others meanwhile scores in a worker thread.
   * @throws FrameShapeError when the frame is smaller than a patch or its pixels do not fill its shape.
   */
  async score(frame: Frame, { signal, binning: wanted = 1 }: ScoreOptions = {}): Promise<FocusReport> {
    signal?.throwIfAborted();
    assertScorable(frame);
    const range = countRange(frame);
    const binning = fittingBinning(frame, wanted);
    const whole = binned(frame, binning);
    const judged = this.#tiling === "original" ? croppedToWholePatches(whole) : whole;
    const scores = await scoresOfBands(this.#engine, bandsOf(judged), signal);
    const { level, sharpestLevel, sd } = frameLevel(scores.probabilities, scores.certainties);
    return {
      ...scores,
      binning,
      level: mostProbableLevel(scores.distribution),
      expectedLevel: level,
      sharpestLevel,
      levelSd: sd,
      contrast: contrastOf(judged),
      saturatedFraction: range.saturatedFraction,
      ...conditionOf(frame, range, scores, level, this.#model.card.conditions),
    };
  }

  async dispose(): Promise<void> {
    await this.#engine.dispose();
  }
}
