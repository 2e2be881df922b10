import { LEVELS } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import type { Frame } from "../frames/frame.js";
import type { ManifestRow } from "../frames/manifest.js";
import { readFrames } from "../frames/read-frames.js";
import { focusMetrics } from "../metrics/focus-metrics.js";
import { Defocus, toFloat } from "../optics/defocus.js";
import { LEVEL_UM } from "../optics/point-spread-function.js";
import { Random } from "../optics/random.js";
import { expose, IDEAL_SENSOR } from "../optics/sensor.js";
import { type Comparison, compareMetrics } from "./compare-metrics.js";
import { accuracyWithin, areaUnderCurve, confusionMatrix, fScore, spearman } from "./metrics.js";

export interface EvaluateOptions {
  readonly scorer: FrameScorer;
  readonly rows: readonly ManifestRow[];
  /** Photoelectrons of the brightest pixel of a synthetic frame; `Infinity` for no photon noise. */
  readonly peakElectrons: number;
  /** Of the noise, of the frames that thresholds are chosen on, and of the resamples. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** One published frame as it was scored. */
export interface JudgedFrame {
  readonly file: string;
  readonly label: "in" | "out" | undefined;
  /** Its field; where that is not known, its stack or its file. */
  readonly field: string;
  readonly stackId: string | undefined;
  readonly zUm: number | undefined;
  readonly level: number;
  readonly expectedLevel: number;
  readonly aggregateCertainty: number;
  readonly condition: string;
  /** The classical measures of focus; of labelled frames only. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
}

export interface Accuracy {
  readonly frames: number;
  readonly exact: number;
  readonly withinOne: number;
  readonly withinTwo: number;
}

export interface Evaluation {
  readonly model: FrameScorer["model"];
  readonly peakElectrons: number | null;
  /** In-focus fields, each defocused synthetically to all levels. */
  readonly synthetic: (Accuracy & { readonly confusion: readonly (readonly number[])[] }) | undefined;
  /** Synthetic frames again, with all counts multiplied or shifted (Fig. 4 of the paper). */
  readonly gains: readonly (Accuracy & { readonly gain: number })[];
  readonly offsets: readonly (Accuracy & { readonly offsetCounts: number })[];
  /** Frames as published, labelled in or out of focus. */
  readonly labelled:
    | {
        readonly inFocus: number;
        readonly outOfFocus: number;
        readonly fScore: number;
        readonly areaUnderCurve: number;
        readonly errors: readonly string[];
      }
    | undefined;
  /** The model beside the classical measures, over the labelled frames; undefined where there are too few fields. */
  readonly comparison: Comparison | undefined;
  /** Rank correlation of the expected level with the distance from focus, in real focal stacks. */
  readonly stacks: readonly {
    readonly stackId: string;
    readonly planes: number;
    readonly spearman: number;
  }[];
  readonly frames: readonly JudgedFrame[];
}

export const GAINS = [0.2, 0.5, 1, 2, 5] as const;
export const OFFSETS = [1, 10, 100, 1000] as const;

type Pair = { readonly actual: number; readonly judged: number };

/** Judges a model on a manifest of images; see `Evaluation` for what is measured. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { scorer, rows, signal, onProgress } = options;
  const frames: JudgedFrame[] = [];
  const plain: Pair[] = [];
  const byGain = new Map<number, Pair[]>(GAINS.map((gain) => [gain, []]));
  const byOffset = new Map<number, Pair[]>(OFFSETS.map((offset) => [offset, []]));

  for (const [index, row] of rows.entries()) {
    signal?.throwIfAborted();
    const frame = await firstFrame(row.path);
    const report = await scorer.score(frame);
    const label = labelOf(row);
    frames.push({
      file: row.file,
      label,
      field: row.fieldId ?? row.stackId ?? row.file,
      stackId: row.stackId,
      zUm: row.zUm,
      level: report.level,
      expectedLevel: report.expectedLevel,
      aggregateCertainty: report.aggregateCertainty,
      condition: report.condition,
      metrics: label === undefined ? undefined : focusMetrics(frame),
    });
    if (isInFocusField(row)) {
      for (const [actual, light] of defocused(frame).entries()) {
        const judge = async (gain: number, offsetCounts: number, into: Pair[]) => {
          const pixels = expose(
            light,
            sensorOf(light, options, gain, offsetCounts),
            Random.of(options.seed, index * LEVELS + actual),
          );
          const { level } = await scorer.score({ width: frame.width, height: frame.height, pixels });
          into.push({ actual, judged: level });
        };
        await judge(1, 0, plain);
        for (const [gain, pairs] of byGain) await judge(gain, 0, pairs);
        for (const [offset, pairs] of byOffset) await judge(1, offset, pairs);
      }
    }
    onProgress?.(index + 1, rows.length);
  }

  return {
    model: scorer.model,
    peakElectrons: Number.isFinite(options.peakElectrons) ? options.peakElectrons : null,
    synthetic:
      plain.length > 0 ? { ...accuracyOf(plain), confusion: confusionMatrix(plain, LEVELS) } : undefined,
    gains: plain.length > 0 ? [...byGain].map(([gain, pairs]) => ({ gain, ...accuracyOf(pairs) })) : [],
    offsets:
      plain.length > 0
        ? [...byOffset].map(([offsetCounts, pairs]) => ({ offsetCounts, ...accuracyOf(pairs) }))
        : [],
    labelled: judgeLabelled(frames),
    comparison: compareMetrics(comparedFrames(frames), options.seed),
    stacks: judgeStacks(frames),
    frames,
  };
}

function labelOf({ focusLabel }: ManifestRow): "in" | "out" | undefined {
  if (focusLabel?.startsWith("in")) return "in";
  return focusLabel?.startsWith("out") ? "out" : undefined;
}

function isInFocusField(row: ManifestRow): boolean {
  return row.kind === "infocus" && labelOf(row) !== "out";
}

async function firstFrame(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) return frame;
  throw new RangeError(`${path} holds no frame`);
}

/** The frame at each of the 11 levels. */
function defocused(frame: Frame): Float32Array[] {
  const zs = Array.from({ length: LEVELS }, (_, level) => level * LEVEL_UM);
  return new Defocus(frame.width, frame.height).applyMany(toFloat(frame), zs);
}

function sensorOf(
  light: Float32Array,
  { peakElectrons }: EvaluateOptions,
  gain: number,
  offsetCounts: number,
) {
  const peak = light.reduce((highest, value) => Math.max(highest, value), 1);
  return { ...IDEAL_SENSOR, electronsPerCount: peakElectrons / peak, gain, offsetCounts };
}

function accuracyOf(pairs: readonly Pair[]): Accuracy {
  return {
    frames: pairs.length,
    exact: accuracyWithin(pairs, 0),
    withinOne: accuracyWithin(pairs, 1),
    withinTwo: accuracyWithin(pairs, 2),
  };
}

function judgeLabelled(frames: readonly JudgedFrame[]): Evaluation["labelled"] {
  const inFocus = frames.filter(({ label }) => label === "in");
  const outOfFocus = frames.filter(({ label }) => label === "out");
  if (inFocus.length === 0 || outOfFocus.length === 0) return undefined;
  const judged = (frame: JudgedFrame) => frame.condition === "in-focus";
  const wrong = [...inFocus.filter((frame) => !judged(frame)), ...outOfFocus.filter(judged)];
  return {
    inFocus: inFocus.length,
    outOfFocus: outOfFocus.length,
    fScore: fScore(
      [...inFocus, ...outOfFocus].map((frame) => ({ actual: frame.label === "in", judged: judged(frame) })),
    ),
    areaUnderCurve: areaUnderCurve(
      outOfFocus.map(({ expectedLevel }) => expectedLevel),
      inFocus.map(({ expectedLevel }) => expectedLevel),
    ),
    errors: wrong.map(
      ({ file, label, condition, expectedLevel }) =>
        `${file}: labelled ${label}, judged ${condition}, expected level ${expectedLevel.toFixed(2)}`,
    ),
  };
}

function comparedFrames(frames: readonly JudgedFrame[]) {
  return frames.flatMap(({ field, label, expectedLevel, condition, metrics }) =>
    metrics === undefined
      ? []
      : [{ field, inFocus: label === "in", expectedLevel, judgedInFocus: condition === "in-focus", metrics }],
  );
}

function judgeStacks(frames: readonly JudgedFrame[]): Evaluation["stacks"] {
  const stacks = new Map<string, JudgedFrame[]>();
  for (const frame of frames) {
    if (frame.stackId === undefined || frame.zUm === undefined) continue;
    stacks.set(frame.stackId, [...(stacks.get(frame.stackId) ?? []), frame]);
  }
  return [...stacks]
    .filter(([, planes]) => planes.length >= 3)
    .map(([stackId, planes]) => ({
      stackId,
      planes: planes.length,
      spearman: spearman(
        planes.map(({ expectedLevel }) => expectedLevel),
        planes.map(({ zUm }) => Math.abs(zUm!)),
      ),
    }));
}
