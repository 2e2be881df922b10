import { describe, expect, test } from "vitest";
import { moveBy, outcomeOf, type SiteSearch, startSearch } from "../../src/refocus/site-search.js";
import { hasResponded, provesNoResponse } from "../../src/refocus/unresponsive-drive.js";
import { frame } from "./helpers.js";

describe("a move", () => {
  test("is cut to whole nanometres towards zero, and none is left out of a rest below that", () => {
    expect(moveBy(1.23456)).toEqual({ kind: "move-z", byUm: 1.234 });
    expect(moveBy(-1.23456)).toEqual({ kind: "move-z", byUm: -1.234 });
    expect([moveBy(0), moveBy(0.0009), moveBy(-0.0009)]).toEqual([undefined, undefined, undefined]);
  });

  test("against backlash goes by a stop beyond its end, and straight where it arrives from the right side already", () => {
    expect(moveBy(4, 3)).toEqual({ kind: "move-z", byUm: 4 });
    expect(moveBy(-4, 3)).toEqual({ kind: "move-z", byUm: -4, viaUm: -7 });
    expect(moveBy(4, -3)).toEqual({ kind: "move-z", byUm: 4, viaUm: 7 });
    expect(moveBy(-4, -3)).toEqual({ kind: "move-z", byUm: -4 });
  });

  test("stops no farther beyond its end than the limits allow, and not at all at the very end of them", () => {
    const from = { zUm: 50, zLimitsUm: [45, 60] } as const;

    expect(moveBy(-4, 3, from)).toEqual({ kind: "move-z", byUm: -4, viaUm: -5 });
    expect(moveBy(-5, 3, from)).toEqual({ kind: "move-z", byUm: -5 });
    expect(moveBy(9, -3, from)).toEqual({ kind: "move-z", byUm: 9, viaUm: 10 });
  });
});

/** A search over frames at these z and levels, by moves without stops. */
function searchOver(zs: readonly number[], levels: readonly number[], best: number): SiteSearch {
  const first = frame({ zUm: zs[0]! });
  const samples = zs.map((zUm, attempt) => ({ id: `a/${attempt}`, attempt, zUm, level: levels[attempt]! }));
  const actions = zs.slice(1).map((zUm, i) => ({ kind: "move-z", byUm: zUm - zs[i]! }) as const);
  return { ...startSearch(first), samples, actions, best: { index: best, isSharp: true } };
}
const end = { decision: "accept", recovered: "yes", why: "sharp", reason: "in focus" } as const;

describe("the outcome of a site", () => {
  test("tells where it began and ended, what was tried, and how far the drive went, the way back included", () => {
    expect(outcomeOf(searchOver([10, 18, 14], [4.123456, 3.9, 0.4], 2), end)).toMatchObject({
      ...{ attempts: 3, levelBefore: 4.123456, levelAfter: 0.4, zBeforeUm: 10, zAfterUm: 14 },
      ...{ travelUm: 12, keepId: "a/2", keepAttempt: 2, why: "sharp" },
      tried: [
        { attempt: 0, zUm: 10, level: 4.1235 },
        { attempt: 1, zUm: 18, level: 3.9 },
        { attempt: 2, zUm: 14, level: 0.4 },
      ],
    });
    expect(outcomeOf(searchOver([10, 18], [1, 3.9], 0), end)).toMatchObject({ travelUm: 16, zAfterUm: 10 });
  });

  test("counts the stops on the way", () => {
    const search = searchOver([10, 6], [4, 0.4], 1);
    const actions = [{ kind: "move-z", byUm: -4, viaUm: -7 } as const, { kind: "autofocus" } as const];

    expect(outcomeOf({ ...search, actions }, end).travelUm).toBe(10);
  });

  test("names channel, time and place where the frame did, and no z where it had none", () => {
    const { zUm: _, ...noZ } = frame();
    const search = searchOver([0], [1], 0);
    const place = { channel: "DAPI", timeIndex: 3, xUm: 5, yUm: 6 };
    const known = outcomeOf({ ...search, first: frame(place) }, end);
    const bare = outcomeOf({ ...search, first: noZ }, end);

    expect(known).toMatchObject({ ...place, zBeforeUm: 0, tried: [{ zUm: 0 }] });
    expect(Object.keys(bare)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/channel|timeIndex|xUm|yUm|zBeforeUm|zAfterUm/)]),
    );
    expect(bare.tried).toEqual([{ attempt: 0, level: 1 }]);
  });
});

describe("a search", () => {
  const samples = (zs: readonly number[], levels: readonly number[]) =>
    zs.map((zUm, i) => ({ zUm, level: levels[i]! }));

  test("starts at the z of its first frame, with nothing tried", () => {
    expect(startSearch(frame({ zUm: 7 }))).toMatchObject({ askedZUm: 7, samples: [], actions: [] });
    const { zUm: _, ...noZ } = frame();
    expect(startSearch(noZ).askedZUm).toBe(0);
  });

  test("shows that moving changes nothing by three frames, three levels apart, that read alike", () => {
    expect(provesNoResponse(samples([0, 8, -8], [6, 6.1, 6.2]), 2)).toBe(true);
    expect(provesNoResponse(samples([0, 6], [6, 6]), 2)).toBe(false);
    expect(provesNoResponse(samples([0, 3, -2.9], [6, 6, 6]), 2)).toBe(false);
    expect(provesNoResponse(samples([0, 3, -3], [6, 6, 6]), 2)).toBe(true);
    expect(provesNoResponse(samples([0, 8, -8], [6, 6.5, 6]), 2)).toBe(false);
  });

  test("has had a response where the highest level is clearly above the lowest, in any order", () => {
    expect(hasResponded(samples([0, 1, 2], [5, 5.5, 5.2]))).toBe(true);
    expect(hasResponded(samples([0, 1, 2], [5.5, 5, 5.2]))).toBe(true);
    expect(hasResponded(samples([0, 1, 2], [5, 5.2, 5.1]))).toBe(false);
  });
});
