import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Sample } from "../../src/refocus/focus-evidence.js";
import { type FocusPrior, scalesAround } from "../../src/refocus/focus-prior.js";
import { CONTENTS } from "../../src/refocus/level-response.js";
import { nextStep, type SearchSettings, type SearchStep, travelOf } from "../../src/refocus/search.js";
import { times } from "../helpers/campaign.js";
import { levelSeen } from "./helpers.js";

const contents = CONTENTS.map(({ usual }) => usual);
const prior: FocusPrior = { umPerLevel: 2, scales: scalesAround(0.3), contents, positive: 0.55 };
const base: SearchSettings = { prior, maxTravelUm: 100, stepsLeft: 6, confidence: 0.8 };
/** Where the search goes, or why it ends. */
const target = (samples: Sample[], settings: SearchSettings = base) => {
  const { next } = nextStep(samples, settings);
  return "why" in next ? next.why : next.toUm;
};

/** What is read at a z. */
const levelAt = (zUm: number, focusUm: number, umPerLevel: number) => levelSeen((zUm - focusUm) / umPerLevel);

interface Run {
  readonly samples: Sample[];
  readonly keep: number;
}

/** Follows the search until it stops. */
function run(
  focusUm: number,
  trueUm: number,
  settings: SearchSettings,
  noise: (step: number) => number,
  contrastAt?: (zUm: number) => number,
): Run {
  const look = (zUm: number, step: number): Sample => ({
    zUm,
    level: Math.min(Math.max(levelAt(zUm, focusUm, trueUm) + noise(step), 0), 10),
    ...(contrastAt !== undefined && { contrast: contrastAt(zUm) }),
  });
  const samples = [look(0, 0)];
  for (let step = 1; step < 50; step++) {
    const here = samples.length - 1;
    const { keep, next } = nextStep(samples, { ...settings, stepsLeft: settings.stepsLeft - here });
    if ("why" in next) return { samples, keep };
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

    expect(target([{ zUm: 0, level: 5 }], expected)).toBeCloseTo(-10.6, 0);
    expect(target([{ zUm: 0, level: 1.8 }], expected)).toBeGreaterThan(-7);
  });

  test("goes to the other side when the level did not fall", () => {
    const samples = [
      { zUm: 10, level: 4 },
      { zUm: 18, level: 8 },
    ];

    expect(target(samples)).toBeCloseTo(2, 0);
  });

  test("goes on in the same direction from a saturated level, and back from there", () => {
    const oneSide = [
      { zUm: 0, level: 9.5 },
      { zUm: 20, level: 9.5 },
    ];

    expect(target([{ zUm: 0, level: 9.5 }])).toBeGreaterThan(17);
    expect(target(oneSide)).toBeLessThan(-15);
  });

  test("finds focus from three levels although the optics are mis-stated", () => {
    const samples = [0, 4, 10].map((zUm) => ({ zUm, level: levelAt(zUm, 5.5, 1) }));

    expect(target(samples)).toBeCloseTo(5.5, 0);
  });

  test("takes content that never reads 0 for sharp once a step either side is no sharper", () => {
    const read = (zUm: number) => ({ zUm, level: Math.hypot(zUm / 2, 1.6) });

    expect(target([read(0)])).toEqual(expect.any(Number));
    expect(target([read(0), read(4), read(-4)])).toBe("sharp");
  });

  test("ends after a move with two fifths of the doubt that a first frame may leave, and says how probable it is in focus", () => {
    const samples = [
      { zUm: 0, level: 4 },
      { zUm: 8, level: 0.35 },
    ];

    const step = nextStep(samples, { ...base, confidence: 0.6 });

    expect(step).toMatchObject({ keep: 1, next: { why: "sharp" } });
    expect(step.inFocus).toBeGreaterThan(0.8);
    expect(step.inFocus).toBeLessThan(0.9);
    expect(nextStep(samples, { ...base, confidence: 0.8 })).toMatchObject({
      keep: 1,
      next: { toUm: expect.any(Number) },
    });
    expect(nextStep([samples[0]!], { ...base, stepsLeft: 0 }).inFocus).toBeLessThan(0.1);
  });

  test("asks contrast where the levels cannot tell two frames apart", () => {
    const flat = [
      { zUm: 0, level: 0.9 },
      { zUm: 3.2, level: 0.9 },
    ];
    const sharperAt = (index: number) =>
      flat.map((sample, i) => ({ ...sample, contrast: i === index ? 120 : 100 }));

    const first = nextStep(sharperAt(0), { ...base, stepsLeft: 0 });
    const second = nextStep(sharperAt(1), { ...base, stepsLeft: 0 });

    expect([first.keep, second.keep]).toEqual([0, 1]);
  });

  test.each([
    {
      what: "the one with more contrast",
      frames: [
        [0.42, 100],
        [0.45, 103],
      ],
      keep: 1,
    },
    {
      what: "the one with more contrast, be it the first",
      frames: [
        [0.45, 103],
        [0.42, 100],
      ],
      keep: 0,
    },
    { what: "the one with the lower level where contrast is unknown", frames: [[0.45], [0.42]], keep: 1 },
    {
      what: "the one with the lower level where one contrast is unknown",
      frames: [[0.45, 100], [0.42]],
      keep: 1,
    },
    { what: "the first where its level is the lower one", frames: [[0.42], [0.45]], keep: 0 },
  ])("keeps $what of frames that are as surely in focus", ({ frames, keep }) => {
    const samples = frames.map(([level, contrast], i) => ({
      ...{ zUm: 0.2 * i, level: level! },
      ...(contrast !== undefined && { contrast }),
    }));
    const step = nextStep(samples, { ...base, stepsLeft: 0 });

    expect(step.inFocus).toBeGreaterThan(0.5);
    expect(step.keep).toBe(keep);
  });

  test.each([
    { what: "differs by less than the light does", contrasts: [100, 103] },
    { what: "there is none of", contrasts: [0, 0] },
  ])("takes no side from a contrast that $what", ({ contrasts }) => {
    const samples = [
      { zUm: 0, level: 2 },
      { zUm: 5, level: 2 },
    ];
    const alike = samples.map((sample, i) => ({ ...sample, contrast: contrasts[i]! }));

    const [step, without] = [nextStep(alike, base), nextStep(samples, base)];
    expect(step.keep).toBe(without.keep);
    expect(step.inFocus).toBeCloseTo(without.inFocus, 9);
    expect(toUmOf(step)).toBeCloseTo(toUmOf(without), 9);
  });

  test.each([
    { what: "the first where hardly anything is left of any", levels: [9.3, 8.9, 8.7], keep: 0 },
    { what: "one of which something is left", levels: [9.3, 8.9, 8.2], keep: 2 },
  ])("keeps $what, of frames far from focus", ({ levels, keep }) => {
    const samples = levels.map((level, i) => ({ zUm: 15 * i, level }));

    expect(nextStep(samples, { ...base, stepsLeft: 0 })).toMatchObject({ keep, next: { why: "budget" } });
  });

  test("stays within the limits: the other side where there is no room, else as near as it can", () => {
    expect(target([{ zUm: 0, level: 5 }], { ...base, zLimitsUm: [-50, 6] })).toBeCloseTo(-9.7, 0);
    expect(target([{ zUm: 0, level: 2 }], { ...base, zLimitsUm: [-2, 3.5] })).toBeLessThanOrEqual(3.5);
    expect(target([{ zUm: 0, level: 5 }], { ...base, zLimitsUm: [-3, 4] })).toBe(4);
  });

  test.each([
    { where: "below the limits", focusUm: 0, ends: [4] },
    { where: "far below the limits", focusUm: -5, ends: [4] },
    { where: "above the limits", focusUm: 14, ends: [4, 10] },
  ])("with focus $where ends at the end of them that is nearer to it", ({ focusUm, ends }) => {
    const samples = [{ zUm: 8, level: levelAt(8, focusUm, 2) }];
    let step = nextStep(samples, { ...base, zLimitsUm: [4, 10] });
    while ("toUm" in step.next) {
      samples.push({ zUm: step.next.toUm, level: levelAt(step.next.toUm, focusUm, 2) });
      step = nextStep(samples, { ...base, zLimitsUm: [4, 10] });
    }

    expect(samples.slice(1).map(({ zUm }) => zUm)).toEqual(ends);
    expect(step).toMatchObject({ keep: ends.length, next: { why: "limits" } });
  });

  test("does not move from a z outside the limits", () => {
    expect(nextStep([{ zUm: 9, level: 5 }], { ...base, zLimitsUm: [0, 5] })).toMatchObject({
      keep: 0,
      next: { why: "limits" },
    });
  });

  test("never keeps a frame that reads more than the first one", () => {
    const samples = [
      { zUm: 0, level: 4 },
      { zUm: 8, level: 4.05 },
    ];

    expect(nextStep(samples, { ...base, stepsLeft: 0 })).toMatchObject({ keep: 0, next: { why: "budget" } });
  });

  const noise = fc.array(fc.double({ min: -0.06, max: 0.06, noNaN: true }), { minLength: 10, maxLength: 10 });
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

  test("always ends, within the limits, never blurrier than it began by more than noise", () => {
    fc.assert(
      fc.property(plan, ({ focusUm, trueUm, low, high, umPerLevel, positive, noise: errors, ...rest }) => {
        const { samples, keep } = run(
          focusUm,
          trueUm,
          {
            ...rest,
            confidence: 0.8,
            prior: { ...prior, umPerLevel, positive },
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
        expect(levelAt(last.zUm, focusUm, trueUm)).toBeLessThanOrEqual(levelAt(0, focusUm, trueUm) + 0.12);
      }),
      { numRuns: times(100, 300), endOnFailure: true },
    );
  });

  test("never goes back from a frame near focus to one that is farther from it, where contrast tells them apart", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -14, max: 14, noNaN: true }),
        fc.double({ min: 1.4, max: 2.8, noNaN: true }),
        noise,
        (focusUm, trueUm, errors) => {
          const distance = (zUm: number) => Math.abs(zUm - focusUm) / trueUm;
          const contrastAt = (zUm: number) => 100 / (1 + distance(zUm) ** 2);
          const { samples, keep } = run(focusUm, trueUm, base, (step) => errors[step]!, contrastAt);

          const nearest = Math.min(...samples.map(({ zUm }) => distance(zUm)));
          expect(distance(samples[keep]!.zUm)).toBeLessThan(nearest + 0.5);
        },
      ),
      { numRuns: times(50, 100), endOnFailure: true },
    );
  });

  test.each([
    { what: "known optics", factor: 1, within: 20, frames: 6, least: 0.98 },
    { what: "optics 30 % off", factor: 1.3, within: 20, frames: 6, least: 0.96 },
    { what: "optics 30 % off the other way", factor: 0.7, within: 20, frames: 6, least: 0.9 },
    { what: "levels that saturate", factor: 1, within: 29, frames: 6, least: 0.95 },
  ])("recovers nearly all sites in $frames frames with $what", ({ factor, within, frames, least }) => {
    let recovered = 0;
    const runs = times(50, 100);
    for (let i = 0; i < runs; i++) {
      const focusUm = (i % 2 === 0 ? 1 : -1) * (2.2 + ((within - 2.2) * i) / runs);
      const { samples, keep } = run(
        focusUm,
        2 * factor,
        { ...base, stepsLeft: frames },
        (step) => 0.06 * Math.sin(i * 7 + step * 3),
      );
      if (Math.abs(samples[keep]!.zUm - focusUm) <= 2 * factor) recovered++;
    }

    expect(recovered / runs).toBeGreaterThanOrEqual(least);
  });
});

function toUmOf({ next }: SearchStep): number {
  return "toUm" in next ? next.toUm : Number.NaN;
}
