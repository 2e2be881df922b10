/** Ranks from 1, equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const result = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) result[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

/** Spearman's rank correlation, -1 to 1; NaN where one side does not vary. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  return pearson(ranks(a), ranks(b));
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [covariance, varianceA, varianceB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    covariance += (a[i]! - meanA) * (b[i]! - meanB);
    varianceA += (a[i]! - meanA) ** 2;
    varianceB += (b[i]! - meanB) ** 2;
  }
  return covariance / Math.sqrt(varianceA * varianceB);
}

/** Area under the ROC curve: chance that a positive scores above a negative, ties half. NaN if a side is empty. */
export function areaUnderCurve(positives: readonly number[], negatives: readonly number[]): number {
  const all = ranks([...positives, ...negatives]);
  const rankSum = positives.reduce((sum, _, i) => sum + all[i]!, 0);
  return (rankSum - (positives.length * (positives.length + 1)) / 2) / (positives.length * negatives.length);
}

/** F-score of a yes/no judgement: harmonic mean of precision and recall, 0 to 1. */
export function fScore(pairs: readonly { readonly actual: boolean; readonly judged: boolean }[]): number {
  const count = (actual: boolean, judged: boolean) =>
    pairs.filter((pair) => pair.actual === actual && pair.judged === judged).length;
  const truePositives = count(true, true);
  return (2 * truePositives) / (2 * truePositives + count(false, true) + count(true, false));
}

/** Share of pairs of levels that differ by at most `distance`. */
export function accuracyWithin(
  pairs: readonly { readonly actual: number; readonly judged: number }[],
  distance: number,
): number {
  return pairs.filter(({ actual, judged }) => Math.abs(actual - judged) <= distance).length / pairs.length;
}

/** Counts of judged levels (columns) for each true level (rows). */
export function confusionMatrix(
  pairs: readonly { readonly actual: number; readonly judged: number }[],
  levels: number,
): number[][] {
  const matrix = Array.from({ length: levels }, () => new Array<number>(levels).fill(0));
  for (const { actual, judged } of pairs) matrix[actual]![judged]!++;
  return matrix;
}
