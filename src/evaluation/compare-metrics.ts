import { Random } from "../optics/random.js";
import { type Estimate, estimate, resample } from "./bootstrap.js";
import { framesByField, type LabelledFrame, splitByField } from "./field-split.js";
import { chooseRule, type FocusRule, isInFocus, sharpnessOf } from "./focus-rule.js";
import { type Judgements, WeightedScores } from "./weighted-scores.js";

/** Share of the frames that thresholds are chosen on, as in Yang et al. 2018. */
const TUNING_SHARE = 0.1;
const RESAMPLES = 1000;

/** A labelled frame as the model and the classical measures see it. */
export interface ComparedFrame extends LabelledFrame {
  /** Level of the model, 0 (in focus) to 10. */
  readonly expectedLevel: number;
  /** True where the model's condition is `in-focus`. */
  readonly judgedInFocus: boolean;
  /** The classical measures by name; the same names in every frame. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface JudgeScores {
  /** Of "in focus". */
  readonly fScore: Estimate;
  readonly areaUnderCurve: Estimate;
}

/** A measure with a threshold of its own; differences are its score less the model's, over the same resamples. */
export interface MeasureScores extends JudgeScores {
  readonly name: string;
  readonly rule: FocusRule;
  readonly fScoreDifference: Estimate;
  readonly areaDifference: Estimate;
}

interface Sample {
  readonly fields: number;
  readonly inFocus: number;
  readonly outOfFocus: number;
}

/** The model beside the classical measures, over labelled frames. Intervals are of 95 %, by resampling fields. */
export interface Comparison {
  /** What thresholds and directions were chosen on. */
  readonly tuning: Sample;
  /** What all were judged on. */
  readonly judged: Sample;
  readonly resamples: number;
  /** The model as shipped: F-score of the condition `in-focus`, area under the curve of the expected level. */
  readonly model: JudgeScores;
  /** The expected level with a threshold chosen as those of the measures were, then the measures. */
  readonly measures: readonly MeasureScores[];
}

/**
 * Chooses a rule for each measure on a tenth of the frames, whole fields, and scores it and the model on the rest.
 * Undefined where there are too few fields for frames of both labels on both sides.
 * @param seed of the split and of the resamples.
 */
export function compareMetrics(frames: readonly ComparedFrame[], seed: number): Comparison | undefined {
  const random = new Random(seed);
  const split = splitByField(frames, TUNING_SHARE, random);
  if (split === undefined) return undefined;
  const judged = framesByField(split.judged).flatMap((field, index) =>
    field.map((frame) => ({ ...frame, index })),
  );
  const labels = judged.map(({ inFocus }) => inFocus);
  const resamples = resample(
    judged.map(({ index }) => index),
    labels,
    RESAMPLES,
    random,
  );
  // Once as they are, then resampled.
  const weightings = [new Uint32Array(judged.length).fill(1), ...resamples];
  const scoresOf = (judgements: Judgements): Scores => {
    const scores = new WeightedScores(labels, judgements);
    return {
      fScores: weightings.map((weights) => scores.fScore(weights)),
      areas: weightings.map((weights) => scores.areaUnderCurve(weights)),
    };
  };

  const model = scoresOf({
    sharpness: judged.map(({ expectedLevel }) => -expectedLevel),
    inFocus: judged.map(({ judgedInFocus }) => judgedInFocus),
  });
  const measures: [string, (frame: ComparedFrame) => number][] = [
    ["expected level", ({ expectedLevel }) => expectedLevel],
    ...Object.keys(frames[0]!.metrics).map((name): [string, (frame: ComparedFrame) => number] => [
      name,
      ({ metrics }) => metrics[name]!,
    ]),
  ];
  return {
    tuning: sampleOf(split.tuning),
    judged: sampleOf(judged),
    resamples: RESAMPLES,
    model: judgeScores(model),
    measures: measures.map(([name, measure]) => {
      const rule = chooseRule(
        split.tuning.map((frame) => ({ value: measure(frame), inFocus: frame.inFocus })),
      );
      const scores = scoresOf({
        sharpness: judged.map((frame) => sharpnessOf(rule, measure(frame))),
        inFocus: judged.map((frame) => isInFocus(rule, measure(frame))),
      });
      return {
        name,
        rule,
        ...judgeScores(scores),
        fScoreDifference: estimateOf(less(scores.fScores, model.fScores)),
        areaDifference: estimateOf(less(scores.areas, model.areas)),
      };
    }),
  };
}

/** Of the frames as they are, then of each resample. */
interface Scores {
  readonly fScores: readonly number[];
  readonly areas: readonly number[];
}

function judgeScores({ fScores, areas }: Scores): JudgeScores {
  return { fScore: estimateOf(fScores), areaUnderCurve: estimateOf(areas) };
}

function estimateOf([value, ...resampled]: readonly number[]): Estimate {
  return estimate(value!, resampled);
}

function less(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!);
}

function sampleOf(frames: readonly LabelledFrame[]): Sample {
  const inFocus = frames.filter((frame) => frame.inFocus).length;
  return { fields: framesByField(frames).length, inFocus, outOfFocus: frames.length - inFocus };
}
