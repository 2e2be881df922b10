import { describe, expect, test } from "vitest";
import { formatFor } from "../../src/runs/plate.js";

describe("a plate", () => {
  test.each([
    [[0, 0], 6],
    [[1, 2], 6],
    [[2, 0], 12],
    [[3, 5], 24],
    [[5, 7], 48],
    [[7, 11], 96],
    [[15, 23], 384],
    [[16, 0], 1536],
    [[31, 47], 1536],
  ])(
    "that has row and column %j is taken for the smallest that has them: %i wells",
    ([row, column], wells) => {
      expect(formatFor([{ row: row!, column: column! }])?.wells).toBe(wells);
    },
  );

  test("without wells is none", () => {
    expect(formatFor([])).toBeUndefined();
  });
});
