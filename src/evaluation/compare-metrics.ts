import { Random } from "../optics/random.js";
import { type Difference, difference, type Estimate, estimate, resample } from "./bootstrap.js";
import { framesByField, type LabelledFrame, splitByField } from "./field-split.js";
import { chooseRule, type FocusRule, isInFocus, sharpnessOf } from "./focus-rule.js";
import type { JudgedFrame } from "./judged-frame.js";
import { isJudgedInFocus } from "./labelled.js";
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

/** A judge beside the model; differences are its score less the model's, over the same resamples. */
export interface RivalScores extends JudgeScores {
  readonly name: string;
  readonly fScoreDifference: Difference;
  readonly areaDifference: Difference;
}

/** A measure with a threshold of its own. */
export interface MeasureScores extends RivalScores {
  readonly rule: FocusRule;
}

/** Another model's judgement of the same frames, in their order. */
export interface RivalModel {
  readonly name: string;
  readonly frames: readonly Pick<ComparedFrame, "expectedLevel" | "judgedInFocus">[];
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
  /** Other models as they are shipped, judged as the model is. */
  readonly rivals: readonly RivalScores[];
  /** The expected level with a threshold chosen as those of the measures were, then the measures. */
  readonly measures: readonly MeasureScores[];
}

/**
 * Chooses a rule for each measure on a tenth of the frames, whole fields, and scores it and the model on the rest.
 * Undefined where there are too few fields for frames of both labels on both sides.
 * @param seed of the split and of the resamples.
 */
export function compareMetrics(
  frames: readonly ComparedFrame[],
  seed: number,
  rivals: readonly RivalModel[] = [],
): Comparison | undefined {
  const random = new Random(seed);
  const numbered = frames.map((frame, number) => ({ ...frame, number }));
  const split = splitByField(numbered, TUNING_SHARE, random);
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

  const modelScores = (answers: RivalModel["frames"]) =>
    scoresOf({
      sharpness: judged.map(({ number }) => -answers[number]!.expectedLevel),
      inFocus: judged.map(({ number }) => answers[number]!.judgedInFocus),
    });
  const model = modelScores(frames);
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
    rivals: rivals.map(({ name, frames: answers }) => rivalScores(name, modelScores(answers), model)),
    measures: measures.map(([name, measure]) => {
      const rule = chooseRule(
        split.tuning.map((frame) => ({ value: measure(frame), inFocus: frame.inFocus })),
      );
      const scores = scoresOf({
        sharpness: judged.map((frame) => sharpnessOf(rule, measure(frame))),
        inFocus: judged.map((frame) => isInFocus(rule, measure(frame))),
      });
      return { ...rivalScores(name, scores, model), rule };
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

function rivalScores(name: string, scores: Scores, model: Scores): RivalScores {
  return {
    name,
    ...judgeScores(scores),
    fScoreDifference: differenceOf(scores.fScores, model.fScores),
    areaDifference: differenceOf(scores.areas, model.areas),
  };
}

function estimateOf([value, ...resampled]: readonly number[]): Estimate {
  return estimate(value!, resampled);
}

/** Of `a` less `b`, resample by resample. */
function differenceOf(a: readonly number[], b: readonly number[]): Difference {
  const [value, ...resampled] = a.map((score, i) => score - b[i]!);
  return difference(value!, resampled);
}

function sampleOf(frames: readonly LabelledFrame[]): Sample {
  const inFocus = frames.filter((frame) => frame.inFocus).length;
  return { fields: framesByField(frames).length, inFocus, outOfFocus: frames.length - inFocus };
}

/** Labelled frames, as they are compared. */
export function comparedFrames(frames: readonly JudgedFrame[]): ComparedFrame[] {
  return frames.flatMap(({ field, label, expectedLevel, condition, metrics }) =>
    metrics === undefined
      ? []
      : [
          {
            ...{ field, inFocus: label === "in", expectedLevel },
            ...{ judgedInFocus: isJudgedInFocus({ condition }), metrics },
          },
        ],
  );
}
