import { describe, expect, test } from "vitest";
import {
  assess,
  binningOf,
  levelOf,
  maxTravelFor,
  oversamplingFor,
  type PolicySettings,
  rulesFor,
  ruleValuesFor,
  umPerLevelFor,
} from "../../src/refocus/thresholds.js";
import { report, settings } from "./helpers.js";

describe("the reason of a decision", () => {
  test.each([
    [0.604, 0.6, "level 0.604 is above 0.6"],
    [1.250004, 1.25, "level 1.250004 is above 1.25"],
    [4.2, 1, "level 4.20 is above 1"],
    [0.6, 0.6, "level 0.60 is within 0.6"],
  ])("shows the digits that decide: level %f, limit %f", (level, maxLevel, reason) => {
    expect(assess(report(level), level, { maxLevel, minCertainty: 0.25 }).reason).toBe(reason);
  });

  test("shows those of a certainty, too", () => {
    const uncertain = report(0.3, { aggregateCertainty: 0.2496 });

    expect(assess(uncertain, 0.3, { maxLevel: 1, minCertainty: 0.25 }).reason).toBe(
      "certainty 0.2496 is below 0.25",
    );
  });
});

describe("a frame that cannot be judged by its level", () => {
  test.each([
    [report(0.3, { condition: "unusable", conditionReason: "saturated" }), "unusable", "unusable: saturated"],
    [report(0.3, { condition: "unusable" }), "unusable", "unusable: not fit to be judged"],
    [report(0.3, { condition: "blank" }), "blank", "blank: nothing to judge"],
    [
      report(3.21, { condition: "mixed" }),
      "mixed",
      "mixed: parts of the frame are sharp and parts are not (level 3.21)",
    ],
  ])("is named for what it is, and why", (seen, kind, reason) => {
    expect(assess(seen, seen.expectedLevel, { maxLevel: 1, minCertainty: 0.25 })).toEqual({ kind, reason });
  });
});

describe("the rules of a channel", () => {
  const own = {
    maxLevel: 2,
    minCertainty: 0.5,
    sharp: "absolute",
    plane: "sharpest",
    retries: 1,
    retryWith: "autofocus",
    umPerLevel: 3,
  } as const;

  test("are its own, one by one, and else those of all", () => {
    const ofAll = rulesFor(settings, undefined);

    expect(rulesFor({ ...settings, channels: { DAPI: own } }, "DAPI")).toEqual(own);
    expect(rulesFor({ ...settings, channels: { DAPI: {} } }, "DAPI")).toEqual(ofAll);
    expect(rulesFor({ ...settings, channels: { DAPI: own } }, "Cy5")).toEqual(ofAll);
    expect(rulesFor({ ...settings, channels: { DAPI: { retries: 0 } } }, "DAPI")).toEqual({
      ...ofAll,
      retries: 0,
    });
    expect(ofAll).toMatchObject({ maxLevel: 1, retryWith: "move-z", plane: "majority" });
  });

  test("name the thresholds alone for those who ask for them", () => {
    expect(ruleValuesFor({ ...settings, channels: { DAPI: own } }, "DAPI")).toEqual({
      maxLevel: 2,
      minCertainty: 0.5,
    });
  });

  test("say which plane of focus counts", () => {
    const both = report(4, { sharpestLevel: 0.4 });

    expect(levelOf(both, { plane: "majority" })).toBe(4);
    expect(levelOf(both, { plane: "sharpest" })).toBe(0.4);
  });
});

describe("the sampling that a frame is judged at", () => {
  const assumed = { na: 0.5, refractiveIndex: 1, pixelUm: 0.65 };
  const shape = [2048, 2048] as const;
  const oil = { na: 1.4, refractiveIndex: 1.515 };

  test.each([
    { what: "with aperture and pixel", frame: { optics: oil, pixelUm: 0.108 }, expected: 1 },
    { what: "with smaller pixels", frame: { optics: oil, pixelUm: 0.065 }, expected: 2 },
    { what: "with the pixel alone", frame: { pixelUm: 0.108 }, expected: 1 },
    { what: "with the aperture alone", frame: { optics: { na: 0.1 } }, expected: 1 },
    { what: "that says nothing", frame: {}, expected: 1 },
  ])("of a frame $what is 1 of $expected", ({ frame, expected }) => {
    expect(binningOf(assumed, { shape, ...frame })).toBe(expected);
  });

  test("follows the settings where the frame says less", () => {
    const configured = { na: 1.4, refractiveIndex: 1.515, pixelUm: 0.108 };
    expect(binningOf(configured, { shape })).toBe(1);
    expect(binningOf(configured, { shape, pixelUm: 0.065 })).toBe(2);
  });

  test("leaves room for a patch", () => {
    expect(binningOf(assumed, { shape: [100, 2048], optics: oil, pixelUm: 0.065 })).toBe(1);
  });

  test("is never coarser than the reference for a pixel that is stated half as large as it is", () => {
    for (const pixelUm of [0.65, 0.4, 0.3, 0.2, 0.1]) {
      const stated = { optics: { na: 0.5 }, pixelUm: pixelUm / 2 };
      expect(binningOf(assumed, { shape, ...stated }) * pixelUm).toBeLessThanOrEqual(1.25 * 0.65);
    }
  });

  test("counts in the micrometres of a level: twice as many where pixels are judged in 2 x 2", () => {
    const rules = rulesFor(settings, undefined);
    const fine = { optics: { na: 0.5 }, pixelUm: 0.18 };
    const single = umPerLevelFor(rules, assumed, { shape: [100, 100], ...fine });
    expect(umPerLevelFor(rules, assumed, { shape, ...fine })).toBeCloseTo(2 * single, 9);
    expect(single).toBeCloseTo(2 * (0.18 / 0.65), 9);
  });
});

describe("how much finer than by the reference optics a frame is judged", () => {
  const assumed = { na: 0.5, refractiveIndex: 1, pixelUm: 0.65 };
  const rules = rulesFor(settings, undefined);
  const shape = [2048, 2048] as const;
  const fine = { optics: { na: 0.95 }, pixelUm: 0.1625 };

  test.each([
    { what: "what is left of it after binning", frame: fine, expected: 2 },
    { what: "less where pixels are judged in 2 x 2", frame: { ...fine, pixelUm: 0.1 }, expected: 1.5 },
    { what: "1 where no score would be of binned pixels", frame: { ...fine, pixelUm: 0.25 }, expected: 1 },
    { what: "1 for pixels that are larger", frame: { ...fine, pixelUm: 0.65 }, expected: 1 },
    { what: "1 where nobody has said what the optics are", frame: { pixelUm: 0.1 }, expected: 1 },
  ])("is $what", ({ frame, expected }) => {
    expect(oversamplingFor(rules, assumed, { shape, ...frame })).toBeCloseTo(expected, 3);
  });

  test("is 1 where the user says what a level is, or how to bin", () => {
    expect(oversamplingFor({ ...rules, umPerLevel: 1 }, assumed, { shape, ...fine })).toBe(1);
    expect(oversamplingFor(rules, { ...assumed, binning: 1 }, { shape, ...fine })).toBe(1);
  });

  test("follows the settings where the frame says less", () => {
    expect(oversamplingFor(rules, { na: 0.95, refractiveIndex: 1, pixelUm: 0.1625 }, { shape })).toBeCloseTo(
      2,
      3,
    );
  });
});

describe("the path that a search may take", () => {
  const travel = (na: number, pixelUm: number, overrides: Partial<PolicySettings> = {}) => {
    const own = { ...settings, ...overrides };
    return maxTravelFor(own, rulesFor(own, undefined), { shape: [1024, 1024], optics: { na }, pixelUm });
  };

  test.each([
    ["60x/0.95, 0.108 um", 0.95, 0.108, 100],
    ["20x/0.5, 0.65 um", 0.5, 0.65, 100],
    ["10x/0.3, 0.65 um", 0.3, 0.65, 175],
    ["4x/0.13, 1.625 um", 0.13, 1.625, 300],
  ])("holds as many levels under any objective, within limits: %s", (_, na, pixelUm, um) => {
    expect(travel(na, pixelUm)).toBeCloseTo(um, 0);
  });

  test("is as configured, if it is", () => {
    expect(travel(0.13, 1.625, { maxTravelUm: 40 })).toBe(40);
  });
});
