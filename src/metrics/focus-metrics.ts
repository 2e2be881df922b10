import type { Frame } from "../frames/frame.js";
import { brenner } from "./brenner.js";
import { correlation } from "./correlation.js";
import { percentMaximal, percentMinimal } from "./extremes.js";
import { focusScore } from "./focus-score.js";
import { meanIntensity, stdIntensity } from "./intensity.js";
import { laplacianVariance } from "./laplacian-variance.js";
import { localFocusScore } from "./local-focus-score.js";
import { patchPowerLogLogSlope, powerLogLogSlope } from "./power-log-log-slope.js";
import { tenengrad } from "./tenengrad.js";
import { vollathF4, vollathF5 } from "./vollath.js";

/** CellProfiler's preset "spatial scale for blur measurements", px. */
const SCALE_PX = 20;

/** The classical measures of focus, by the names of their columns: CellProfiler's where it has them, else the field's. */
export const FOCUS_METRICS: Readonly<Record<string, (frame: Frame) => number>> = {
  ImageQuality_PowerLogLogSlope: powerLogLogSlope,
  ImageQuality_FocusScore: focusScore,
  [`ImageQuality_LocalFocusScore_${SCALE_PX}`]: (frame) => localFocusScore(frame, SCALE_PX),
  [`ImageQuality_Correlation_${SCALE_PX}`]: (frame) => correlation(frame, SCALE_PX),
  ImageQuality_PercentMaximal: percentMaximal,
  ImageQuality_PercentMinimal: percentMinimal,
  ImageQuality_MeanIntensity: meanIntensity,
  ImageQuality_StdIntensity: stdIntensity,
  PatchPowerLogLogSlope: patchPowerLogLogSlope,
  Tenengrad: tenengrad,
  Brenner: brenner,
  VollathF4: vollathF4,
  VollathF5: vollathF5,
  LaplacianVariance: laplacianVariance,
};

/** All of `FOCUS_METRICS` of one frame, finite numbers. */
export function focusMetrics(frame: Frame): Record<string, number> {
  return Object.fromEntries(Object.entries(FOCUS_METRICS).map(([name, measure]) => [name, measure(frame)]));
}
