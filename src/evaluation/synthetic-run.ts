import { LEVELS } from "../focus/levels.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import type { Frame } from "../frames/frame.js";
import type { ManifestRow } from "../frames/manifest.js";
import { Random } from "../optics/random.js";
import { fieldOf, groupsOf } from "./judged-frame.js";
import { type Reliability, reliabilityOf, type Statement } from "./reliability.js";
import {
  defocusedToAllLevels,
  type Exposure,
  exposedFrame,
  GAINS,
  LITTLE_LIGHT,
  OFFSETS,
} from "./synthetic-frames.js";
import {
  frameStatement,
  patchStatements,
  type SyntheticAccuracy,
  type SyntheticJudgement,
  syntheticAccuracy,
} from "./synthetic-judgement.js";

/** What synthetic frames show. */
export interface SyntheticResults {
  /** In-focus fields, each defocused synthetically to all levels. */
  readonly synthetic: SyntheticAccuracy | undefined;
  /** The same with all counts multiplied or shifted (Fig. 4 of the paper), and with little light. */
  readonly gains: readonly (SyntheticAccuracy & { readonly gain: number })[];
  readonly offsets: readonly (SyntheticAccuracy & { readonly offsetCounts: number })[];
  readonly lights: readonly (SyntheticAccuracy & { readonly peakElectrons: number })[];
}

/** How often what is said of frames of known level, and of their patches, is right. */
export interface ReliabilityResults {
  readonly patches: Reliability | undefined;
  readonly frames: Reliability | undefined;
}

/** Synthetic frames of one evaluation, judged as they are made. */
export class SyntheticRun {
  readonly #scorer: FrameScorer;
  readonly #seed: number;
  readonly #plain: Exposure;
  readonly #lights: readonly Exposure[];
  readonly #gains: readonly Exposure[];
  readonly #offsets: readonly Exposure[];
  readonly #judged = new Map<Exposure, SyntheticJudgement[]>();
  readonly #patches: Statement[] = [];
  readonly #frames: Statement[] = [];

  constructor(scorer: FrameScorer, peakElectrons: number, seed: number) {
    this.#scorer = scorer;
    this.#seed = seed;
    this.#plain = { peakElectrons, gain: 1, offsetCounts: 0 };
    this.#gains = GAINS.map((gain) => (gain === 1 ? this.#plain : { ...this.#plain, gain }));
    this.#offsets = OFFSETS.map((offsetCounts) => ({ ...this.#plain, offsetCounts }));
    this.#lights = LITTLE_LIGHT.map((electrons) => ({ ...this.#plain, peakElectrons: electrons }));
  }

  /** Frames as they are, without gain, offset or less light. */
  get plain(): readonly SyntheticJudgement[] {
    return this.#judged.get(this.#plain) ?? [];
  }

  /** Takes what a report states about a frame of known level. */
  state(report: FocusReport, trueLevel: number, field: string): void {
    this.#frames.push(frameStatement(report, trueLevel, field));
    this.#patches.push(...patchStatements(report, trueLevel, field));
  }

  /** Judges a frame in focus at each level and each exposure. @param index tells its noise from that of other frames. */
  async judge(row: ManifestRow, frame: Frame, index: number): Promise<void> {
    const stated = new Set([this.#plain, ...this.#lights]);
    const exposures = new Set([...stated, ...this.#gains, ...this.#offsets]);
    for (const [actual, light] of defocusedToAllLevels(frame).entries()) {
      for (const exposure of exposures) {
        const random = Random.of(this.#seed, index * LEVELS + actual);
        const report = await this.#scorer.score(exposedFrame(light, frame, exposure, random));
        const { level: judged, defocusLevels } = report;
        const judgements = this.#judged.get(exposure) ?? [];
        judgements.push({ ...exposure, actual, judged, defocusLevels, groups: groupsOf(row) });
        this.#judged.set(exposure, judgements);
        if (stated.has(exposure)) this.state(report, actual, fieldOf(row));
      }
    }
  }

  accuracies(): SyntheticResults {
    if (this.plain.length === 0) return { synthetic: undefined, gains: [], offsets: [], lights: [] };
    const of = (exposure: Exposure) => syntheticAccuracy(this.#judged.get(exposure)!);
    return {
      synthetic: of(this.#plain),
      gains: this.#gains.map((exposure) => ({ gain: exposure.gain, ...of(exposure) })),
      offsets: this.#offsets.map((exposure) => ({ offsetCounts: exposure.offsetCounts, ...of(exposure) })),
      lights: this.#lights.map((exposure) => ({ peakElectrons: exposure.peakElectrons, ...of(exposure) })),
    };
  }

  reliability(): ReliabilityResults {
    const random = new Random(this.#seed);
    return { patches: reliabilityOf(this.#patches, random), frames: reliabilityOf(this.#frames, random) };
  }
}
