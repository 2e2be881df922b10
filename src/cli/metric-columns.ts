import type { Options } from "yargs";
import type { Frame } from "../frames/frame.js";
import { FOCUS_METRICS, focusMetrics } from "../metrics/focus-metrics.js";

/** Metrics span many orders of magnitude, so that they are rounded to digits, not to places. */
const DIGITS = 7;

export const metricsOption = {
  metrics: {
    type: "boolean",
    default: false,
    describe: "One column more for each classical measure of focus, named as in CellProfiler",
  },
} as const satisfies Record<string, Options>;

/** The columns of the classical measures of focus, in order. */
export const METRIC_COLUMNS = Object.keys(FOCUS_METRICS);

/** Their values for one frame, as it is stored. */
export function metricCells(frame: Frame): Record<string, number> {
  return Object.fromEntries(
    Object.entries(focusMetrics(frame)).map(([name, value]) => [name, Number(value.toPrecision(DIGITS))]),
  );
}
