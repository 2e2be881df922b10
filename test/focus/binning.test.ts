import { describe, expect, it } from "vitest";
import {
  binningFor,
  cautiousBinningFor,
  fittingBinning,
  unknownObjectiveAt,
} from "../../src/focus/binning.js";

describe("binningFor", () => {
  it.each([
    ["20x/0.5, 0.65 um", 0.5, 0.65, 1],
    ["20x/0.75, 0.325 um", 0.75, 0.325, 1],
    ["10x/0.3, 0.65 um", 0.3, 0.65, 2],
    ["40x/0.95, 0.1625 um", 0.95, 0.1625, 2],
    ["60x/1.4, 0.108 um", 1.4, 0.108, 2],
    ["100x/1.4, 0.065 um", 1.4, 0.065, 4],
    ["4x/0.1, 1.6 um", 0.1, 1.6, 2],
  ])("judges %s at the sampling of the reference optics", (_, numericalAperture, pixelUm, expected) => {
    expect(binningFor({ numericalAperture, pixelUm })).toBe(expected);
  });

  it.each([
    ["40x/0.95, 0.1625 um", 0.95, 0.1625, 1],
    ["100x/1.4, 0.065 um", 1.4, 0.065, 2],
    ["20x/0.5, 0.1 um", 0.5, 0.1, 4],
  ])("is more cautious about %s where a microscope reports it", (_, numericalAperture, pixelUm, expected) => {
    expect(cautiousBinningFor({ numericalAperture, pixelUm })).toBe(expected);
  });

  it.each([
    [0.65, 1],
    [0.2, 1],
    [0.1625, 2],
    [0.108, 2],
    [0.065, 4],
  ])("judges pixels of %d um at the sampling that they have with any objective", (pixelUm, expected) => {
    expect(binningFor(unknownObjectiveAt(pixelUm))).toBe(expected);
  });

  it("leaves room for a patch", () => {
    expect(fittingBinning({ width: 400, height: 200 }, 4)).toBe(2);
    expect(fittingBinning({ width: 100, height: 90 }, 4)).toBe(1);
    expect(fittingBinning({ width: 2048, height: 2048 }, 4)).toBe(4);
  });
});
