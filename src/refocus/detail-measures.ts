import { DetailMeasure } from "./detail.js";

/**
 * Fineness: the logarithm of the contrast at 2 px over that at 8 px. Levels are flat within a level of focus, fineness is not, and
 * it does not depend on the light. How it falls was measured on nine kinds of content: `scripts/measure-response.ts`.
 */
export const FINENESS = new DetailMeasure({
  falls: [0.01, 0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6, 0.9],
  lowest: -5,
  step: 0.05,
  bins: 120,
  frameSd: 0.015,
  shapeSd: 0.11,
  outliers: 0.03,
  outlierDensity: 0.5,
  alikeSd: 0.04,
  unlikeSd: 0.15,
});

/**
 * The logarithm of the contrast at 2 px. It depends on the light and on how much there is to see, so that fields differ more in it,
 * but where these do not, it falls the most. Its widths were chosen on other seeds than those that the benchmark of refocusing reports.
 */
export const CONTRAST = new DetailMeasure({
  falls: [0.01, 0.04, 0.08, 0.13, 0.2, 0.3, 0.45, 0.7, 1.1],
  lowest: 0,
  step: 0.1,
  bins: 250,
  frameSd: 0.05,
  shapeSd: 0.6,
  outliers: 0.05,
  outlierDensity: 0.1,
  alikeSd: 0.1,
  unlikeSd: 0.5,
});
