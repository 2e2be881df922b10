import { describe, expect, test } from "vitest";
import { brenner } from "../../src/metrics/brenner.js";
import { correlation } from "../../src/metrics/correlation.js";
import { percentMaximal, percentMinimal } from "../../src/metrics/extremes.js";
import { FOCUS_METRICS, focusMetrics } from "../../src/metrics/focus-metrics.js";
import { focusScore } from "../../src/metrics/focus-score.js";
import { meanIntensity, stdIntensity } from "../../src/metrics/intensity.js";
import { laplacianVariance } from "../../src/metrics/laplacian-variance.js";
import { localFocusScore } from "../../src/metrics/local-focus-score.js";
import { patchPowerLogLogSlope, powerLogLogSlope } from "../../src/metrics/power-log-log-slope.js";
import { tenengrad } from "../../src/metrics/tenengrad.js";
import { vollathF4, vollathF5 } from "../../src/metrics/vollath.js";
import { goldenFrames } from "./golden-frames.js";

const frames = await goldenFrames();

describe.each([
  ["centrosome's power spectrum under CellProfiler's slope", "PowerLogLogSlope", powerLogLogSlope],
  ["the mean of those slopes over patches", "PatchPowerLogLogSlope", patchPowerLogLogSlope],
  ["CellProfiler's formula", "FocusScore", focusScore],
  ["CellProfiler's windows", "LocalFocusScore_20", (frame) => localFocusScore(frame, 20)],
  ["CellProfiler's windows", "LocalFocusScore_5", (frame) => localFocusScore(frame, 5)],
  ["centrosome's Haralick H3", "Correlation_20", (frame) => correlation(frame, 20)],
  ["centrosome's Haralick H3", "Correlation_5", (frame) => correlation(frame, 5)],
  ["NumPy", "PercentMaximal", percentMaximal],
  ["NumPy", "PercentMinimal", percentMinimal],
  ["NumPy", "MeanIntensity", meanIntensity],
  ["NumPy", "StdIntensity", stdIntensity],
  ["SciPy's Sobel filter", "Tenengrad", tenengrad],
  ["NumPy", "Brenner", brenner],
  ["NumPy", "VollathF4", vollathF4],
  ["NumPy", "VollathF5", vollathF5],
  ["SciPy's Laplacian", "LaplacianVariance", laplacianVariance],
] satisfies [string, string, (typeof FOCUS_METRICS)[string]][])("as %s: %s", (_, name, measure) => {
  test.each(frames)("of $name", ({ frame, metrics }) => {
    const expected = metrics[name]!;
    const difference = Math.abs(measure(frame) - expected);
    expect(difference).toBeLessThanOrEqual(1e-9 * Math.abs(expected) + 1e-15);
  });
});

describe("the focus metrics of a frame", () => {
  test("are all there and finite, of a black and of a tiny frame too", () => {
    const tiny = { width: 1, height: 1, pixels: Uint8Array.of(3) };
    for (const frame of [tiny, ...frames.map(({ frame }) => frame)]) {
      const metrics = focusMetrics(frame);
      expect(Object.keys(metrics)).toEqual(Object.keys(FOCUS_METRICS));
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    }
  });
});
