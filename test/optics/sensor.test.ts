import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/optics/random.js";
import { expose, IDEAL_SENSOR, type Sensor } from "../../src/optics/sensor.js";

const counts = (light: number[], sensor: Partial<Sensor>, seed = 1) => [
  ...expose(Float32Array.from(light), { ...IDEAL_SENSOR, ...sensor }, new Random(seed)),
];

describe("expose without noise", () => {
  it("rounds, and clips at 0 and 65535", () => {
    expect(counts([-5, 0, 0.4, 0.6, 65_534.6, 70_000], {})).toEqual([0, 0, 0, 1, 65_535, 65_535]);
  });

  it("clips at the highest count of a 12-bit camera", () => {
    expect(counts([4000, 4095, 5000], { maxCount: 4095 })).toEqual([4000, 4095, 4095]);
  });

  it("multiplies by exposure and gain, then adds the offset", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2000 }),
        fc.constantFrom(0.25, 0.5, 1, 2),
        fc.constantFrom(0.5, 1, 4),
        fc.integer({ min: -50, max: 1000 }),
        (light, exposure, gain, offsetCounts) => {
          const wanted = Math.max(0, Math.round(light * exposure * gain + offsetCounts));
          expect(counts([light], { exposure, gain, offsetCounts })).toEqual([wanted]);
        },
      ),
    );
  });

  it("takes light below zero for darkness before it adds the offset", () => {
    expect(counts([-300], { offsetCounts: 100 })).toEqual([100]);
  });
});

describe("expose with noise", () => {
  const PIXELS = 20_000;
  const flat = (level: number) => new Array<number>(PIXELS).fill(level);
  const moments = (values: number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / PIXELS;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (PIXELS - 1) };
  };

  it("has the mean of the light and the variance of the photon transfer curve: light x gain^2 / electrons per count + read noise^2", () => {
    const [light, electronsPerCount, gain, readNoiseCounts, offsetCounts] = [800, 0.5, 1.5, 12, 300];
    const { mean, variance } = moments(
      counts(flat(light), { electronsPerCount, gain, readNoiseCounts, offsetCounts }),
    );
    // 1/12: variance of the rounding.
    const expected = (light * gain ** 2) / electronsPerCount + readNoiseCounts ** 2 + 1 / 12;
    expect(Math.abs(mean - (light * gain + offsetCounts))).toBeLessThan(4.5 * Math.sqrt(expected / PIXELS));
    expect(Math.abs(variance - expected)).toBeLessThan(4.5 * expected * Math.sqrt(2 / PIXELS));
  });

  it("is the same with the same seed and another with another", () => {
    const sensor = { electronsPerCount: 2, readNoiseCounts: 1, offsetCounts: 50 };
    const light = flat(40).slice(0, 500);
    expect(counts(light, sensor, 9)).toEqual(counts(light, sensor, 9));
    expect(counts(light, sensor, 9)).not.toEqual(counts(light, sensor, 10));
  });
});
