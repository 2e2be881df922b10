import { describe, expect, test } from "vitest";
import { ContentMemory } from "../../src/refocus/content-memory.js";
import { beliefAfter } from "../../src/refocus/focus-belief.js";
import { SCALES } from "../../src/refocus/focus-prior.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { normalised } from "../../src/statistics.js";
import { frame, report, settings } from "./helpers.js";

/** How probable it is that the first frame of a run is in focus. */
function inFocusAt(level: number): number {
  const prior = { umPerLevel: 2, positive: 0.5, ...new ContentMemory(0.3).priorFor(undefined, undefined) };
  return beliefAfter([{ zUm: 0, level, levelSd: 0.05 }], prior).inFocusAt(0);
}

describe("what another frame promises", () => {
  const prior = { umPerLevel: 2, positive: 0.5, ...new ContentMemory(0.3).priorFor(undefined, undefined) };
  const level = (zUm: number) => 0.4 + Math.abs(zUm - 30) / 2.2;
  const seen = [20, 34, 30.5].map((zUm) => ({ zUm, level: level(zUm), levelSd: 0.05 }));

  test("is most where focus is, beside a frame that is not there, and nothing beside one that is", () => {
    const belief = beliefAfter(seen, prior);
    const [besideBlurred, besideSharp] = [20, 30].map((zUm) => belief.betterThan(zUm));
    const best = belief.zUm[besideBlurred!.indexOf(Math.max(...besideBlurred!))]!;

    expect(Math.abs(best - 30)).toBeLessThan(1);
    expect(Math.max(...besideBlurred!)).toBeGreaterThan(0.8);
    expect(Math.max(...besideSharp!)).toBeLessThan(0.15);
  });

  test("is a probability: what is in focus there, with that of all planes together", () => {
    const belief = beliefAfter(seen, prior);

    expect(belief.probability.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    expect(belief.inFocusAt(30)).toBeGreaterThan(0.85);
    expect(belief.inFocusAt(36)).toBeLessThan(0.02);
    expect(Math.abs(belief.focusNear(30, 4).zUm - 30)).toBeLessThan(1);
    expect(belief.focusNear(30, 4).sdUm).toBeLessThan(1.5);
    expect(belief.focusNear(1e6, 1)).toEqual({ zUm: 1e6, sdUm: 1 });
  });
});

describe("content whose level rises late", () => {
  /** How far from focus counts as in focus, um, where the run has learned that levels are worth so many times the 2 um stated. */
  const toleranceUm = (times: number) => {
    const scales = SCALES.map((scale) => Math.exp(-0.5 * (Math.log(scale / times) / 0.05) ** 2));
    const prior = { umPerLevel: 2, positive: 0.5, ...new ContentMemory(0.3).priorFor(undefined, undefined) };
    return beliefAfter([{ zUm: 0, level: 0.3 }], { ...prior, scales: normalised(scales) }).toleranceUm;
  };

  test("is to be as near to focus as any, and only optics that are clearly others tolerate more", () => {
    expect(toleranceUm(1)).toBeCloseTo(2, 1);
    expect(toleranceUm(1.25)).toBeCloseTo(2, 1);
    expect(toleranceUm(1.45)).toBeCloseTo(2, 1);
    expect(toleranceUm(2.2)).toBeCloseTo(2 * (2.2 / 1.5), 1);
    expect(toleranceUm(0.6)).toBeCloseTo(2 * 0.6, 1);
  });
});

describe("frames sampled twice as finely as by the reference optics", () => {
  const known = new ContentMemory(0.5).priorFor(undefined, undefined);
  const inFocus = (atUm: number, umPerLevel: number, oversampling: number) => {
    const seen = [20, 33, 30, 26].map((zUm) => ({
      zUm,
      level: 0.4 + Math.abs(zUm - 30) / umPerLevel,
      levelSd: 0.05,
    }));
    return beliefAfter(seen, { umPerLevel: 1.1, oversampling, positive: 0.5, ...known }).inFocusAt(atUm);
  };

  test("are in focus within two of their levels, which are one of these optics", () => {
    expect(inFocus(31.4, 1.1, 2)).toBeGreaterThan(0.8);
    expect(inFocus(31.4, 1.1, 1)).toBeLessThan(0.3);
    expect(inFocus(34, 1.1, 2)).toBeLessThan(0.1);
  });

  test("are in focus within one where moves show that the pixels are larger than stated", () => {
    expect(inFocus(30, 2.2, 2)).toBeGreaterThan(0.9);
    expect(inFocus(34, 2.2, 2)).toBeLessThan(0.1);
  });
});

describe("the first frame of a run", () => {
  test("is the likelier in focus the lower its level, down to the sharpest there is", () => {
    const levels = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2.5];
    const probabilities = levels.map(inFocusAt);

    expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
    expect(probabilities[0]).toBeGreaterThan(0.8);
    expect(probabilities.at(-1)).toBeLessThan(0.15);
  });

  test.each([0, 0.05, 0.15, 0.3])("costs no exposure where it reads %d", (level) => {
    const policy = new RefocusPolicy(settings);

    expect(policy.judge(frame(), report(level, { levelSd: 0.05 }))).toMatchObject({ decision: "accept" });
  });
});
