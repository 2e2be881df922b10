import { describe, expect, it } from "vitest";
import { objectiveOf, objectiveOfLabel } from "../../src/frames/objective.js";

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

describe("objectiveOfLabel", () => {
  it.each([
    ["Nikon 20x/0.75 Plan Apo", 0.75, 1],
    ["3-Plan Apo 60X/1.40 Oil", 1.4, 1.515],
    ["40x 1.15 water", 1.15, 1.33],
    ["CFI 10X NA=0.45", 0.45, 1],
  ])("reads %s", (label, numericalAperture, refractiveIndex) => {
    expect(objectiveOfLabel(label)).toEqual({ numericalAperture, refractiveIndex });
  });

  it.each(["Nikon 10X S Fluor", "State-1", "2x2", "ND 1.4", "40x/20.75", "1x/0.0", ""])(
    "knows no objective by %s",
    (label) => {
      expect(objectiveOfLabel(label)).toBeUndefined();
    },
  );
});
