import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameLevel } from "../../src/focus/frame-level.js";
import { LEVELS } from "../../src/focus/levels.js";

/** Patches that are all but sure of a level, with a certainty each. */
function levelOf(patches: readonly { level: number; certainty: number }[]) {
  const probabilities = Float32Array.from(
    patches.flatMap(({ level }) => Array.from({ length: LEVELS }, (_, k) => (k === level ? 1 : 0))),
  );
  return frameLevel(
    probabilities,
    Float32Array.from(patches, ({ certainty }) => certainty),
  );
}

const many = (count: number, level: number, certainty = 0.9) =>
  new Array<{ level: number; certainty: number }>(count).fill({ level, certainty });

describe("the level of a frame", () => {
  test("is that of its patches where they agree", () => {
    const { level, sharpestLevel, sd } = levelOf(many(36, 4));

    expect([level, sharpestLevel]).toEqual([4, 4]);
    // 0.2 over the square root of 36 patches of 0.9 squared.
    expect(sd).toBeCloseTo(0.2 / Math.sqrt(36 * 0.81), 5);
  });

  test("is not pulled by empty patches, which are certain of nothing", () => {
    expect(levelOf([...many(4, 1), ...many(60, 6, 0.05)]).level).toBeLessThan(1.2);
  });

  test("follows the structure that is sharp over a good part of the frame, whatever lies out of focus elsewhere", () => {
    expect(levelOf([...many(20, 0), ...many(16, 7)]).level).toBe(0);
    expect(levelOf([...many(2, 0), ...many(34, 7)]).level).toBe(7);
    expect(levelOf([...many(6, 0), ...many(30, 7)]).sharpestLevel).toBe(0);
  });

  test.each([
    [[0.5, 0.3, 0.2], 0.7, 0.5],
    [[0.8, 0.1, 0, 0, 0, 0, 0, 0, 0.1], 0.9, 0.125],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0.4, 0.6], 9.6, 9.5 + 1 / 6],
    [[0, 0, 0, 0.45, 0.35, 0.2], 3.75, 3.5 + 1 / 7],
  ])(
    "is that of the expectations and that of the medians of its patches: %j",
    (distribution, level, medianLevel) => {
      const patch = Array.from({ length: LEVELS }, (_, k) => distribution[k] ?? 0);
      const found = frameLevel(Float32Array.from([...patch, ...patch]), Float32Array.of(0.9, 0.8));

      expect(found.level).toBeCloseTo(level, 5);
      expect(found.medianLevel).toBeCloseTo(medianLevel, 5);
    },
  );

  test("says how unsure it is: of few patches, of patches that disagree, of none", () => {
    const sure = levelOf(many(36, 3)).sd;

    expect(levelOf(many(2, 3)).sd).toBeGreaterThan(3 * sure);
    expect(levelOf([...many(12, 1), ...many(12, 3), ...many(12, 5)]).sd).toBeGreaterThan(2 * sure);
    expect(levelOf(many(36, 3, 0)).sd).toBe(5);
  });

  test("lies among those of the patches, in whatever order these come, and moves little with one patch more", () => {
    const patch = fc.record({
      level: fc.nat(10),
      certainty: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 40 }), (patches) => {
        const levels = patches.map(({ level }) => level);
        const { level, sharpestLevel } = levelOf(patches);

        expect(level).toBeGreaterThanOrEqual(Math.min(...levels));
        expect(level).toBeLessThanOrEqual(Math.max(...levels));
        expect(sharpestLevel).toBeLessThanOrEqual(level);
        expect(levelOf(patches.toReversed()).level).toBeCloseTo(level, 5);
      }),
    );
  });
});
