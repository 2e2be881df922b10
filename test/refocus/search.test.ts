import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FocusPrior, type Sample, scalesAround } from "../../src/refocus/focus-belief.js";
import { MIN_GAIN_LEVELS, nextStep, type SearchSettings, travelOf } from "../../src/refocus/search.js";

const prior: FocusPrior = { umPerLevel: 2, scales: scalesAround(0.3), positive: 0.55 };
const base: SearchSettings = { prior, maxLevel: 1, maxTravelUm: 100, stepsLeft: 3, minStepLevels: 0.2 };
/** Where the search goes, in whole levels (2 um) of precision. */
const target = (samples: Sample[], settings: SearchSettings = base) => {
  const step = nextStep(samples, settings);
  return step.kind === "move" ? step.toUm : step.why;
};

/** A focus curve: the level grows with the distance and ends at 10. */
const levelAt = (zUm: number, focusUm: number, umPerLevel: number) =>
  Math.min(Math.max(Math.abs(zUm - focusUm) / umPerLevel, 0.1), 10);

interface Run {
  readonly samples: Sample[];
  readonly keep: number;
}

/** Follows the search until it stops or a frame is good enough. */
function run(
  focusUm: number,
  trueUm: number,
  settings: SearchSettings,
  noise: (step: number) => number,
): Run {
  const look = (zUm: number, step: number) => ({
    zUm,
    level: Math.min(Math.max(levelAt(zUm, focusUm, trueUm) + noise(step), 0), 10),
  });
  const samples = [look(0, 0)];
  for (let step = 1; step < 50; step++) {
    const here = samples.length - 1;
    const gain = samples[0]!.level - samples[here]!.level;
    if (samples[here]!.level <= 1 && (here === 0 || gain >= MIN_GAIN_LEVELS)) return { samples, keep: here };
    const next = nextStep(samples, { ...settings, stepsLeft: settings.stepsLeft - here });
    if (next.kind === "stop") return { samples, keep: next.keep };
    samples.push(look(next.toUm, step));
  }
  throw new Error("the search did not end");
}

describe("the search", () => {
  test("probes the likelier side at the distance that the level says", () => {
    const negative = { ...base, prior: { ...prior, positive: 0.3 } };

    expect(target([{ zUm: 10, level: 4 }])).toBeCloseTo(17.7, 0);
    expect(target([{ zUm: 10, level: 4 }], negative)).toBeCloseTo(2.3, 0);
  });

  test("goes straight to where the neighbouring sites say, if the level agrees", () => {
    const expected = { ...base, prior: { ...prior, expected: { zUm: -11, sdUm: 1 } } };

    expect(target([{ zUm: 0, level: 5 }], expected)).toBeCloseTo(-10.7, 0);
    expect(target([{ zUm: 0, level: 1.5 }], expected)).toBeGreaterThan(-5);
  });

  test("goes to the other side when the level did not fall", () => {
    const samples = [
      { zUm: 10, level: 4 },
      { zUm: 18, level: 8 },
    ];

    expect(target(samples)).toBeCloseTo(2.2, 0);
  });

  test("goes on in the same direction from a saturated level, and back from there", () => {
    const oneSide = [
      { zUm: 0, level: 10 },
      { zUm: 20, level: 10 },
    ];

    expect(target([{ zUm: 0, level: 10 }])).toBeGreaterThan(17);
    expect(target(oneSide)).toBeLessThan(-15);
  });

  test("finds focus from three levels although the optics are mis-stated", () => {
    const samples = [0, 4, 10].map((zUm) => ({ zUm, level: levelAt(zUm, 5.5, 1) }));

    expect(target(samples, { ...base, stepsLeft: 1 })).toBeCloseTo(5.5, 0);
  });

  test("stays within the limits: the other side where there is no room, else as near as it can", () => {
    expect(target([{ zUm: 0, level: 5 }], { ...base, zLimitsUm: [-50, 6] })).toBeCloseTo(-9.7, 0);
    expect(target([{ zUm: 0, level: 5 }], { ...base, zLimitsUm: [-3, 4] })).toBe(4);
  });

  test("does not move from a z outside the limits", () => {
    expect(nextStep([{ zUm: 9, level: 5 }], { ...base, zLimitsUm: [0, 5] })).toMatchObject({
      kind: "stop",
      keep: 0,
    });
  });

  test("keeps the first z when none is clearly sharper", () => {
    const samples = [
      { zUm: 0, level: 4 },
      { zUm: 8, level: 3.95 },
    ];

    expect(nextStep(samples, { ...base, stepsLeft: 0 })).toMatchObject({ kind: "stop", keep: 0 });
  });

  const noise = fc.array(fc.double({ min: -0.12, max: 0.12, noNaN: true }), { minLength: 10, maxLength: 10 });
  const plan = fc.record({
    focusUm: fc.double({ min: -60, max: 60, noNaN: true }),
    trueUm: fc.double({ min: 0.5, max: 6, noNaN: true }),
    umPerLevel: fc.double({ min: 0.5, max: 6, noNaN: true }),
    positive: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
    low: fc.double({ min: -80, max: 0, noNaN: true }),
    high: fc.double({ min: 0, max: 80, noNaN: true }),
    maxTravelUm: fc.double({ min: 0.1, max: 200, noNaN: true }),
    stepsLeft: fc.nat(8),
    noise,
  });

  test("always ends, within the limits, never blurrier than it began", () => {
    fc.assert(
      fc.property(plan, ({ focusUm, trueUm, low, high, umPerLevel, positive, noise: errors, ...rest }) => {
        const { samples, keep } = run(
          focusUm,
          trueUm,
          {
            ...rest,
            prior: { ...prior, umPerLevel, positive },
            maxLevel: 1,
            minStepLevels: 0.2,
            zLimitsUm: [low, high],
          },
          (step) => errors[step]!,
        );

        const last = samples[keep]!;
        expect(samples.length).toBeLessThanOrEqual(rest.stepsLeft + 1);
        for (const { zUm } of samples) {
          expect(zUm).toBeGreaterThanOrEqual(low);
          expect(zUm).toBeLessThanOrEqual(high);
        }
        expect(travelOf([...samples, last])).toBeLessThanOrEqual(rest.maxTravelUm + 1e-9);
        expect(levelAt(last.zUm, focusUm, trueUm)).toBeLessThanOrEqual(levelAt(0, focusUm, trueUm));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    { what: "known optics", factor: 1, within: 20, frames: 3, least: 0.96 },
    { what: "optics 30 % off", factor: 1.3, within: 20, frames: 3, least: 0.97 },
    { what: "optics 30 % off the other way", factor: 0.7, within: 20, frames: 4, least: 0.97 },
    { what: "optics off twofold", factor: 2, within: 20, frames: 4, least: 0.97 },
    { what: "optics off twofold the other way", factor: 0.5, within: 20, frames: 6, least: 0.8 },
    { what: "levels that saturate", factor: 1, within: 29, frames: 3, least: 0.92 },
  ])("recovers nearly all sites in $frames frames with $what", ({ factor, within, frames, least }) => {
    let recovered = 0;
    const runs = 400;
    for (let i = 0; i < runs; i++) {
      const focusUm = (i % 2 === 0 ? 1 : -1) * (2.2 + ((within - 2.2) * i) / runs);
      const { samples, keep } = run(
        focusUm,
        2 * factor,
        { ...base, stepsLeft: frames },
        (step) => 0.12 * Math.sin(i * 7 + step * 3),
      );
      if (levelAt(samples[keep]!.zUm, focusUm, 2 * factor) <= 1.15) recovered++;
    }

    expect(recovered / runs).toBeGreaterThanOrEqual(least);
  });
});
