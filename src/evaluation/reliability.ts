import type { Random } from "../optics/random.js";
import { type Estimate, estimate } from "./bootstrap.js";
import { groupBy } from "./group-by.js";

/** Bins of a reliability diagram. */
const BINS = 10;
const RESAMPLES = 200;

/** One statement with its probability, and whether it was right. */
export interface Statement {
  /** 0 to 1. */
  readonly confidence: number;
  readonly isRight: boolean;
  /** Statements of one field are drawn together. */
  readonly field: string;
}

/** The statements with a confidence in one tenth of the range. */
export interface ReliabilityBin {
  readonly from: number;
  readonly count: number;
  /** Mean confidence; undefined where the bin is empty. */
  readonly confidence: number | undefined;
  /** Share that was right. */
  readonly right: number | undefined;
}

/** How far confidences can be taken at their word. */
export interface Reliability {
  readonly count: number;
  readonly right: number;
  readonly meanConfidence: number;
  /** Mean over the statements of | confidence - share right | in their bin (Naeini et al. 2015), with its interval over fields. */
  readonly expectedError: Estimate;
  readonly bins: readonly ReliabilityBin[];
}

/** Undefined of no statements. */
export function reliabilityOf(statements: readonly Statement[], random: Random): Reliability | undefined {
  if (statements.length === 0) return undefined;
  const fields = [...groupBy(statements, ({ field }) => field).values()].map(tally);
  const whole = added(fields);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    errorOf(added(fields.map(() => fields[random.below(fields.length)]!))),
  );
  const bins = Array.from({ length: BINS }, (_, bin) => {
    const count = whole.counts[bin]!;
    return {
      from: bin / BINS,
      count,
      confidence: count > 0 ? whole.confidences[bin]! / count : undefined,
      right: count > 0 ? whole.rights[bin]! / count : undefined,
    };
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    count: statements.length,
    right: sum(whole.rights) / statements.length,
    meanConfidence: sum(whole.confidences) / statements.length,
    expectedError: estimate(errorOf(whole), resampled),
    bins,
  };
}

/** The expected calibration error alone, 0 to 1. */
export function expectedCalibrationError(statements: readonly Omit<Statement, "field">[]): number {
  return errorOf(tally(statements));
}

/** Sums by bin: all that the error depends on. */
interface Tally {
  readonly counts: number[];
  readonly confidences: number[];
  readonly rights: number[];
}

function emptyTally(): Tally {
  const zeros = () => new Array<number>(BINS).fill(0);
  return { counts: zeros(), confidences: zeros(), rights: zeros() };
}

function tally(statements: readonly Omit<Statement, "field">[]): Tally {
  const sums = emptyTally();
  for (const { confidence, isRight } of statements) {
    const bin = Math.min(BINS - 1, Math.floor(confidence * BINS));
    sums.counts[bin]!++;
    sums.confidences[bin]! += confidence;
    if (isRight) sums.rights[bin]!++;
  }
  return sums;
}

function added(tallies: readonly Tally[]): Tally {
  const sums = emptyTally();
  for (const { counts, confidences, rights } of tallies) {
    for (let bin = 0; bin < BINS; bin++) {
      sums.counts[bin]! += counts[bin]!;
      sums.confidences[bin]! += confidences[bin]!;
      sums.rights[bin]! += rights[bin]!;
    }
  }
  return sums;
}

function errorOf({ counts, confidences, rights }: Tally): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, _, bin) => sum + Math.abs(confidences[bin]! - rights[bin]!), 0) / total;
}
