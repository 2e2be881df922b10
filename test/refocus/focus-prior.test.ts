import { describe, expect, test } from "vitest";
import {
  expectationOver,
  type FocusPrior,
  gridAround,
  priorOver,
  SCALES,
  scalesAround,
} from "../../src/refocus/focus-prior.js";
import { CONTENTS } from "../../src/refocus/level-response.js";

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const prior: FocusPrior = {
  ...{
    umPerLevel: 2,
    scales: scalesAround(0.3),
    contents: CONTENTS.map(({ usual }) => usual),
    positive: 0.7,
  },
};

describe("what is believed before the first frame", () => {
  test("of the um per level is what the optics say, as firmly as they are known, and the same up and down", () => {
    const [sure, vague] = [scalesAround(0.3), scalesAround(0.5)];

    expect(sum(sure)).toBeCloseTo(1, 9);
    expect(SCALES[sure.indexOf(Math.max(...sure))]).toBe(1);
    expect(sure[0]).toBeCloseTo(sure.at(-1)!, 12);
    expect(vague[0]).toBeGreaterThan(10 * sure[0]!);
    expect([SCALES[0], SCALES.at(-1)]).toEqual([expect.closeTo(1 / 3, 6), expect.closeTo(3, 6)]);
  });

  test("planes of focus are looked for around all frames, evenly, a quarter of a level apart or as many as there may be", () => {
    const grid = gridAround([4, -6, 10], 2);
    const wide = gridAround([-20_000, 20_000], 2);
    const steps = grid.slice(1).map((zUm, i) => zUm - grid[i]!);

    expect([grid[0], grid.at(-1)]).toEqual([-6 - 36, expect.closeTo(10 + 36, 9)]);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(1e-9);
    expect(steps[0]).toBeLessThanOrEqual(0.5);
    expect(wide).toHaveLength(1200);
  });

  test("the likelier side has that share of the probability, and near is likelier than far", () => {
    const grid = gridAround([100], 2);
    const before = priorOver(grid, 100, 2, 0.7, undefined);
    const [above, below] = [true, false].map((isAbove) =>
      sum(before.filter((_, i) => (isAbove ? grid[i]! > 100.01 : grid[i]! < 99.99))),
    );
    const at = (zUm: number) => before[grid.findIndex((z) => Math.abs(z - zUm) < 0.26)]!;

    expect(above! / (above! + below!)).toBeCloseTo(0.7, 2);
    expect(at(105)).toBeGreaterThan(at(125));
    expect(at(125)).toBeGreaterThan(0);
  });

  test("says no less of a plane where a level is worth more: a first frame does not tell that", () => {
    // In levels, not in um, so that what was believed of the um per level stays as it was.
    const share = (umPerLevel: number) => {
      const grid = gridAround([0], umPerLevel);
      const before = priorOver(grid, 0, umPerLevel, 0.5, undefined);
      return sum(before.filter((_, i) => Math.abs(grid[i]!) < 3 * umPerLevel)) / sum(before);
    };

    expect(share(1)).toBeCloseTo(share(5), 6);
  });

  test("what the neighbours say draws focus there, and something is left for elsewhere", () => {
    const expected = { zUm: 20, sdUm: 1 };
    const grid = gridAround([0], 2);
    const near = expectationOver(grid, 2, { ...prior, expected });
    const before = priorOver(grid, 0, 2, 0.5, near);
    const total = sum(before);
    const within = (zUm: number, um: number) =>
      sum(before.filter((_, i) => Math.abs(grid[i]! - zUm) <= um)) / total;

    expect(expectationOver(grid, 2, prior)).toBeUndefined();
    expect(grid[near!.indexOf(Math.max(...near!))]).toBeCloseTo(20, 0);
    expect(within(20, 3)).toBeGreaterThan(0.6);
    expect(within(-20, 6)).toBeGreaterThan(0.005);
  });

  test("an expectation far outside of the grid changes nothing, and one that is sure is no narrower than a quarter of a level", () => {
    const grid = gridAround([0], 2);
    const outside = expectationOver(grid, 2, { ...prior, expected: { zUm: 1e6, sdUm: 1 } })!;
    const narrow = expectationOver(grid, 2, { ...prior, expected: { zUm: 10, sdUm: 0 } })!;

    expect(sum(outside)).toBe(0);
    expect(narrow.every(Number.isFinite)).toBe(true);
    expect(sum(narrow.filter((_, i) => Math.abs(grid[i]! - 10) <= 0.5))).toBeLessThan(0.85 * sum(narrow));
  });
});
