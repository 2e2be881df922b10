import { comparedFrames, compareMetrics } from "./compare-metrics.js";
import type { Evaluation } from "./evaluate.js";

/** An evaluation under the name that its model has in a report. */
export interface NamedEvaluation {
  readonly label: string;
  readonly evaluation: Evaluation;
}

/**
 * Puts each model beside the others, too: the same frames, split and resamples, so that differences are paired.
 * @param models evaluated on the same rows. @param seed as they were evaluated with.
 */
export function besideOneAnother<T extends NamedEvaluation>(models: readonly T[], seed: number): T[] {
  return models.map((own) => {
    const rivals = models
      .filter((model) => model !== own)
      .map(({ label, evaluation }) => ({ name: label, frames: comparedFrames(evaluation.frames) }));
    const comparison = compareMetrics(comparedFrames(own.evaluation.frames), seed, rivals);
    return { ...own, evaluation: { ...own.evaluation, comparison } };
  });
}
