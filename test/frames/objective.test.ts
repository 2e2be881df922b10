import { describe, expect, it } from "vitest";
import { objectiveOf } from "../../src/frames/objective.js";

describe("objectiveOf", () => {
  it.each([
    [0.75, {}, 1],
    [1.2, {}, 1.33],
    [1.4, {}, 1.515],
    [1.65, {}, 1.7],
    [1.4, { refractiveIndex: 1.518 }, 1.518],
    [1.05, { immersion: "Glycerol" }, 1.47],
    [0.8, { immersion: "WaterDipping" }, 1.33],
  ])("takes NA %d with %j for one in n = %d", (numericalAperture, told, refractiveIndex) => {
    expect(objectiveOf(numericalAperture, told)).toEqual({ numericalAperture, refractiveIndex });
  });

  it.each([
    [1.4, { refractiveIndex: 1 }, 1.515],
    [1.2, { refractiveIndex: 0, immersion: "Air" }, 1.33],
    [0.5, { immersion: "Other" }, 1],
    [0.5, { immersion: "constructor" }, 1],
  ])("does not believe what cannot be: NA %d with %j", (numericalAperture, told, refractiveIndex) => {
    expect(objectiveOf(numericalAperture, told)).toEqual({ numericalAperture, refractiveIndex });
  });

  it.each([undefined, 0, -0.5, 20, Number.NaN])("knows no objective of NA %s", (na) => {
    expect(objectiveOf(na, {})).toBeUndefined();
  });
});
