import { EngineError, FrameShapeError, UnknownNameError } from "../errors.js";
import { assertScorable, type Frame } from "../frames/frame.js";
import { fittingBinning } from "./binning.js";
import { mostProbableLevel } from "./certainty.js";
import {
  type CountRange,
  conditionOf,
  countRange,
  isOverexposed,
  isUnfamiliar,
  leavesDoubt,
} from "./condition.js";
import {
  CONFIDENCE_OF_A_GUESS,
  type ConfidenceScale,
  frameConfidence,
  patchConfidences,
  UNMEASURED,
} from "./confidence.js";
import { certaintyShare, contentOf } from "./content.js";
import { contrastOf, finenessOf } from "./contrast.js";
import { defocusLevels } from "./defocus-levels.js";
import type { EngineOptions, FocusEngine, PatchScores } from "./engines/engine.js";
import { engineNamed } from "./engines/registry.js";
import { joinedScores, scoresOfPatches } from "./engines/score-patches.js";
import { frameLevel } from "./frame-level.js";
import { LEVELS } from "./levels.js";
import { type FocusModel, openModel } from "./model.js";
import type { ConditionThresholds } from "./model-card.js";
import { decidingPatches, FIRST_PATCHES } from "./patch-choice.js";
import type { FocusReport } from "./report.js";
import type { FrameScorer, ModelIdentity, ScoreOptions } from "./scorer-types.js";
import { type PatchGrid, patchesOf, patchGrid, TILINGS, type Tiling } from "./tiling.js";

export interface ScorerOptions extends EngineOptions {
  /** Name of a shipped model, or a model folder. @default "default" */
  readonly model?: string;
  /** `onnx`, `tensorflow` or `kserve`. @default "onnx" */
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
  #disposed: Promise<void> | undefined;

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
    const { tiling = "cover" } = options;
    if (!TILINGS.includes(tiling)) throw new UnknownNameError("tiling", tiling, TILINGS);
    const start = await engineNamed(options.engine ?? "onnx");
    const model = await openModel(options.model);
    return new Scorer(model, await start(model, options), tiling);
  }

  /**
   * Scores one frame in isolation: the verdict comes from the patches that decide it, however large the frame is. The engine
   * computes on the calling thread, which does nothing else meanwhile; a program that has to answer others meanwhile scores
   * in a worker thread.
   * @throws FrameShapeError when the frame is smaller than a patch, its pixels do not fill its shape, or its bit depth or the binning is none.
   * @throws EngineError after `dispose`.
   */
  async score(frame: Frame, options: ScoreOptions = {}): Promise<FocusReport> {
    const { signal, binning: wanted = 1, coverage = "sample" } = options;
    signal?.throwIfAborted();
    this.#assertInUse();
    assertScorable(frame);
    if (!(Number.isInteger(wanted) && wanted >= 1)) {
      throw new FrameShapeError(`a binning of ${wanted} is none: it is a whole number from 1`);
    }
    const range = countRange(frame);
    const binning = fittingBinning(frame, wanted);
    const grid = patchGrid(frame, binning, this.#tiling);
    const [rows, columns] = [grid.tops.length, grid.lefts.length];
    const { patches, scores, judged, content, told } = await this.#decide(frame, range, grid, signal);
    const { level, medianLevel, sharpestLevel, sd } = judged;
    const { conditions, readings, confidence: scale = UNMEASURED } = this.#model.card;
    const defocus = defocusLevels(medianLevel, readings);
    const unfamiliar = isUnfamiliar(told.condition, content, conditions);
    const confidence = frameConfidence(scores.probabilities, scores.certainties, level, scale);
    // Grain and the rim of a bubble make the network certain of what is not there.
    const shown = certaintyShare(content, conditions.leastStructure);
    const contrast = contrastOf(frame, binning);
    const fineness = finenessOf(frame, contrast, binning);
    const report: FocusReport = {
      distribution: scores.distribution,
      aggregateCertainty: shown * scores.aggregateCertainty,
      meanCertainty: shown * scores.meanCertainty,
      maxCertainty: shown * scores.maxCertainty,
      ...mapOf(unjudgedMap(rows * columns), patches, scores, scale),
      binning,
      rows,
      columns,
      coverage: patches.length === rows * columns ? "full" : "sample",
      level: this.#tiling === "original" ? mostProbableLevel(scores.distribution) : Math.round(defocus),
      defocusLevels: defocus,
      expectedLevel: level,
      sharpestLevel,
      levelSd: sd,
      confidence: shown * (unfamiliar ? Math.min(confidence, CONFIDENCE_OF_A_GUESS) : confidence),
      contrast,
      ...(fineness !== undefined && { fineness }),
      brightness: range.mean,
      saturatedFraction: range.saturatedFraction,
      ...told,
      ...content,
      unfamiliar,
    };
    return coverage === "full" ? this.completed(frame, report, signal) : report;
  }

  async completed(frame: Frame, report: FocusReport, signal?: AbortSignal): Promise<FocusReport> {
    if (report.coverage === "full") return report;
    this.#assertInUse();
    const grid = patchesOf(frame, report);
    const missing = [...report.certainties.keys()].filter((patch) => Number.isNaN(report.certainties[patch]));
    const scores = await scoresOfPatches(this.#engine, frame, grid, missing, signal);
    const scale = this.#model.card.confidence ?? UNMEASURED;
    return { ...report, ...mapOf(report, missing, scores, scale), coverage: "full" };
  }

  /** Judges the patches that tell most, and the others that may decide only where those leave doubt. */
  async #decide(frame: Frame, range: CountRange, grid: PatchGrid, signal?: AbortSignal) {
    const { conditions } = this.#model.card;
    const scored = (chosen: readonly number[]) => scoresOfPatches(this.#engine, frame, grid, chosen, signal);
    if (this.#tiling === "original") {
      // The original has no choice of patches.
      const all = Array.from({ length: grid.tops.length * grid.lefts.length }, (_, patch) => patch);
      return decisionOf(frame, range, all, await scored(all), conditions);
    }
    const patches = decidingPatches(frame, grid, {
      saturated: isOverexposed(range, conditions) ? range.highest : undefined,
    });
    const first = patches.slice(0, FIRST_PATCHES);
    const decision = decisionOf(frame, range, first, await scored(first), conditions);
    const { scores, told, judged, content } = decision;
    const rest = patches.slice(first.length);
    if (rest.length === 0 || !leavesDoubt(told, scores, judged, content, conditions)) return decision;
    return decisionOf(frame, range, patches, joinedScores([scores, await scored(rest)]), conditions);
  }

  /** Lets go of the engine; a frame that is still being scored gets an error. Does nothing the second time. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#engine.dispose();
    return this.#disposed;
  }

  #assertInUse(): void {
    if (this.#disposed !== undefined) throw new EngineError("this Scorer was disposed: load another one");
  }
}

/** What some patches of a frame say of it. @param scores of the patches, in their order. */
function decisionOf(
  frame: Frame,
  range: CountRange,
  patches: readonly number[],
  scores: PatchScores,
  conditions: ConditionThresholds,
) {
  const judged = frameLevel(scores.probabilities, scores.certainties);
  const content = contentOf(scores);
  const told = conditionOf(frame, range, scores, judged, content, conditions);
  return { patches, scores, judged, content, told };
}

type PatchMap = Pick<FocusReport, "probabilities" | "certainties" | "confidences">;

function unjudgedMap(patches: number): PatchMap {
  return {
    probabilities: new Float32Array(patches * LEVELS).fill(Number.NaN),
    certainties: new Float32Array(patches).fill(Number.NaN),
    confidences: new Float32Array(patches).fill(Number.NaN),
  };
}

/** A map with the scores of some more patches in it. */
function mapOf(
  map: PatchMap,
  patches: readonly number[],
  scores: PatchScores,
  scale: ConfidenceScale,
): PatchMap {
  const probabilities = Float32Array.from(map.probabilities);
  const certainties = Float32Array.from(map.certainties);
  const confidences = Float32Array.from(map.confidences);
  const judged = patchConfidences(scores.probabilities, scale);
  for (const [i, patch] of patches.entries()) {
    certainties[patch] = scores.certainties[i]!;
    confidences[patch] = judged[i]!;
    probabilities.set(scores.probabilities.subarray(i * LEVELS, (i + 1) * LEVELS), patch * LEVELS);
  }
  return { probabilities, certainties, confidences };
}
