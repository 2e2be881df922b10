import { describe, expect, test } from "vitest";
import type { FocusReport } from "../../src/focus/report.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import type { PolicySettings } from "../../src/refocus/thresholds.js";
import { fieldSeen, frame, levelSeen, report, settings } from "./helpers.js";

interface Stack {
  readonly centreUm: number;
  readonly slices: number;
  readonly stepUm: number;
}

/** Images a stack: all slices but the last are observed. Slices in `missing` never arrive. */
function imageStack(
  policy: RefocusPolicy,
  { centreUm, slices, stepUm }: Stack,
  reportAt: (zUm: number) => FocusReport,
  fields: Parameters<typeof frame>[0] & { missing?: readonly number[] } = {},
): Judgement {
  const { missing = [], ...rest } = fields;
  let last: Judgement | undefined;
  for (let zIndex = 0; zIndex < slices; zIndex++) {
    if (missing.includes(zIndex)) continue;
    const zUm = centreUm + (zIndex - (slices - 1) / 2) * stepUm;
    last = policy.judge(
      frame({
        ...rest,
        id: `${rest.attempt ?? 0}/${zIndex}`,
        zIndex,
        zUm,
        stack: { size: slices },
        mode: zIndex === slices - 1 ? "gate" : "observe",
      }),
      reportAt(zUm),
    );
  }
  return last!;
}

/** Watches a stack around z 0, where focus is; gives the verdict on each slice. */
function watchStack(
  { centreUm, slices, stepUm }: Stack,
  size: number | undefined = slices,
  policy: RefocusPolicy = policyWith(),
): Judgement[] {
  return Array.from({ length: slices }, (_, zIndex) => {
    const zUm = centreUm + (zIndex - (slices - 1) / 2) * stepUm;
    const stack = { ...(size !== undefined && { size }), ...(zIndex === slices - 1 && { last: true }) };
    return policy.judge(frame({ id: `${zIndex}`, zIndex, zUm, stack, mode: "observe" }), focusedAt(0)(zUm));
  });
}

const policyWith = (overrides: Partial<PolicySettings> = {}) =>
  new RefocusPolicy({ ...settings, ...overrides });
const focusedAt = (focusUm: number) => (zUm: number) => report(levelSeen((zUm - focusUm) / 2));
const eleven: Stack = { centreUm: 0, slices: 11, stepUm: 1 };
const byUm = ({ action }: Judgement) => (action?.kind === "move-z" ? action.byUm : Number.NaN);

describe("a z-stack", () => {
  test.each([-2, 0, 1.5])(
    "of fine texture, which reads least beside focus, is sharpest at %d um, where it is finest",
    (focusUm) => {
      const judgement = imageStack(policyWith(), { centreUm: 0, slices: 21, stepUm: 0.5 }, (zUm) => {
        const defocusUm = zUm - focusUm;
        return fieldSeen(defocusUm, 0.3 * Math.exp(-2 * (defocusUm / 2) ** 2));
      });

      expect(judgement.stack?.sharpestZUm).toBe(focusUm);
      expect(judgement).toMatchObject({ decision: "accept", stack: { edge: "none" } });
    },
  );

  test("that was shifted does not spoil the verdicts on those after it", () => {
    const policy = policyWith();
    const shifted = imageStack(policy, { ...eleven, centreUm: -12 }, fieldSeen);
    const centreUm = -12 + byUm(shifted);
    imageStack(policy, { ...eleven, centreUm }, fieldSeen, { attempt: 1 });

    for (const name of ["A2", "A3"]) {
      const next = imageStack(policy, { ...eleven, centreUm: -12 }, fieldSeen, { site: { name } });
      expect(Math.abs(-12 + byUm(next))).toBeLessThan(5);
    }
    expect(imageStack(policy, eleven, fieldSeen, { site: { name: "A4" } })).toMatchObject({
      decision: "accept",
      stack: { sharpestZUm: 0 },
    });
    // A single frame does not tell the side.
    expect(Math.abs(byUm(policy.judge(frame({ site: { name: "A5" }, zUm: 12 }), fieldSeen(12))))).toBeCloseTo(
      12,
      -1,
    );
  });

  test("around focus is accepted by its sharpest slice", () => {
    const verdict = imageStack(policyWith(), eleven, focusedAt(1));

    expect(verdict).toMatchObject({
      decision: "accept",
      stack: { judged: 11, sharpestZIndex: 6, sharpestZUm: 1, edge: "none" },
      outcomes: [{ recovered: "not-needed", keepId: "0/6", zAfterUm: 1 }],
    });
    expect(verdict.action).toBeUndefined();
  });

  test("whose far slices read as sharp ones do, but are not sure of it, is moved to where focus is", () => {
    const lostFarOff = (zUm: number) =>
      Math.abs(zUm - 20) > 18
        ? report(1 + (zUm + 5) / 10, { aggregateCertainty: 0.1 })
        : report(levelSeen((zUm - 20) / 2));
    const verdict = imageStack(policyWith(), eleven, lostFarOff);

    expect(verdict).toMatchObject({ decision: "retry", stack: { edge: "high" } });
    expect(byUm(verdict)).toBeGreaterThan(10);
  });

  test.each([14, -14, 9, -8])(
    "with focus at %d um, outside of it, is moved there and repeated",
    (focusUm) => {
      const policy = policyWith();

      const first = imageStack(policy, eleven, focusedAt(focusUm));
      const second = imageStack(policy, { ...eleven, centreUm: byUm(first) }, focusedAt(focusUm), {
        attempt: 1,
      });

      expect(first).toMatchObject({ decision: "retry", stack: { edge: focusUm > 0 ? "high" : "low" } });
      expect(Math.abs(byUm(first) - focusUm)).toBeLessThan(2.5);
      expect(second).toMatchObject({ decision: "accept", keepAttempt: 1, stack: { edge: "none" } });
      expect(second.outcomes).toMatchObject([{ recovered: "yes", attempts: 2, actions: [first.action] }]);
    },
  );

  test("on an empty well is not moved", () => {
    const verdict = imageStack(policyWith(), eleven, () => report(9, { condition: "blank" }));

    expect(verdict).toMatchObject({
      decision: "abstain",
      outcomes: [{ recovered: "unknown", why: "blank" }],
    });
    expect(verdict.action).toBeUndefined();
  });

  test("whose slices are all too far apart to show focus is flagged, not moved", () => {
    const verdict = imageStack(policyWith(), { centreUm: 0, slices: 5, stepUm: 8 }, focusedAt(4));

    expect(verdict).toMatchObject({ decision: "flag", reason: expect.stringContaining("focus lies inside") });
    expect(verdict.outcomes).toMatchObject([{ why: "between-slices" }]);
    expect(verdict.action).toBeUndefined();
  });

  test("that is sharp in all of its slices is accepted", () => {
    const verdict = imageStack(policyWith(), { centreUm: 0, slices: 3, stepUm: 0.3 }, focusedAt(0));

    expect(verdict).toMatchObject({ decision: "accept", stack: { edge: "none" } });
  });

  test("whose focus lies within the noise of its last slice is not moved", () => {
    const verdict = imageStack(policyWith(), eleven, focusedAt(4.2));

    expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "not-needed" }] });
    expect(verdict.action).toBeUndefined();
  });

  test("is moved no further than limits, travel and budget allow", () => {
    const limited = imageStack(policyWith({ zLimitsUm: [-5, 9] }), eleven, focusedAt(14));
    const full = imageStack(policyWith({ zLimitsUm: [-5, 5] }), eleven, focusedAt(14));
    const spent = imageStack(policyWith({ retries: 0 }), eleven, focusedAt(14));
    const travelled = imageStack(policyWith({ maxTravelUm: 3 }), eleven, focusedAt(14));

    expect(byUm(limited)).toBe(4);
    expect(byUm(travelled)).toBe(3);
    expect([full, spent].map(({ decision, action }) => [decision, action])).toEqual([
      ["flag", undefined],
      ["flag", undefined],
    ]);
  });

  test("is moved down no further than the lower limit allows", () => {
    expect(byUm(imageStack(policyWith({ zLimitsUm: [-9, 5] }), eleven, focusedAt(-14)))).toBe(-4);
  });

  test("keeps all its slices within the limits on the way, too, where the drive has backlash", () => {
    const moved = (zLimitsUm?: [number, number]) =>
      imageStack(policyWith({ backlashUm: 3, ...(zLimitsUm && { zLimitsUm }) }), eleven, focusedAt(-9))
        .action;
    const free = moved();
    const by = free?.kind === "move-z" ? free.byUm : Number.NaN;

    expect(free).toEqual({ kind: "move-z", byUm: by, viaUm: expect.closeTo(by - 3, 6) });
    // The lowest slice lies at -5 um.
    expect(moved([-5 + by - 1, 20])).toEqual({ kind: "move-z", byUm: by, viaUm: expect.closeTo(by - 1, 3) });
    expect(moved([-9, 20])).toEqual({ kind: "move-z", byUm: -4 });
  });

  test("that leaves the limits already is not moved at all", () => {
    const verdict = imageStack(policyWith({ zLimitsUm: [-20, 4] }), eleven, focusedAt(14));

    expect(verdict.action).toBeUndefined();
    expect(verdict.outcomes).toMatchObject([{ why: "limits" }]);
    expect(verdict.reason).toContain(
      "it reaches outside the z limits: its slices are at -5.00 um to 5.00 um, and the limits are -20.00 um to 4.00 um",
    );
  });

  test("does not travel further in several moves than in one", () => {
    const policy = policyWith({ maxTravelUm: 6 });
    const first = imageStack(policy, eleven, focusedAt(18));
    const centreUm = byUm(first);
    const second = imageStack(policy, { ...eleven, centreUm }, focusedAt(18), { attempt: 1 });

    expect(centreUm).toBe(6);
    expect(second.action).toBeUndefined();
    expect(second.outcomes).toMatchObject([{ why: "limits", attempts: 2 }]);
  });

  test.each([
    [{ zLimitsUm: [-5, 5] }, "limits", "the limits leave no room to move it"],
    [{ retries: 0 }, "budget", "the retry budget is spent"],
    [{ dryRun: true }, "dry-run", /move the stack by \+1\d\.\d+ um \(dry run: not done\)/],
  ] as [Partial<PolicySettings>, string, string | RegExp][])(
    "that is not moved because of %o says why: %s",
    (overrides, why, words) => {
      const verdict = imageStack(policyWith(overrides), eleven, focusedAt(14));

      expect(verdict.outcomes).toMatchObject([{ why, recovered: "no" }]);
      expect(verdict.reason).toMatch(words);
      expect(verdict.reason).toContain("lies at the upper end of the stack");
    },
  );

  test("says how far it is moved", () => {
    expect(imageStack(policyWith(), eleven, focusedAt(14)).reason).toMatch(
      /; move the stack by \+1\d\.\d+ um$/,
    );
  });

  test("whose slices report no z is not moved, and says so", () => {
    const policy = policyWith();
    const slices = [6, 4, 2].map((level, zIndex) => {
      const { zUm: _, ...header } = frame({ id: `${zIndex}`, zIndex, stack: { size: 3 } });
      return policy.judge({ ...header, mode: zIndex === 2 ? "gate" : "observe" }, report(level));
    });

    expect(slices.at(-1)).toMatchObject({
      decision: "flag",
      reason: expect.stringContaining("its slices do not report z"),
      outcomes: [{ why: "drive" }],
    });
  });

  test("is judged by the slices that arrived, and says how many those were", () => {
    const verdict = imageStack(policyWith(), eleven, focusedAt(1), { missing: [2, 3] });

    expect(verdict).toMatchObject({
      decision: "accept",
      stack: { judged: 9 },
      reason: expect.stringContaining("9 of 11"),
    });
  });

  test("that is only watched is judged by its last slice, whole, and nothing is asked for", () => {
    const decisions = (centreUm: number) =>
      watchStack({ ...eleven, centreUm }).map(({ decision }) => decision);

    // Five micrometres from focus is more than the limit: those slices are not flagged one by one.
    expect(decisions(0)).toEqual([
      ...["abstain", "abstain", "accept", "accept", "accept", "accept", "accept", "accept"],
      ...["accept", "abstain", "accept"],
    ]);
    expect(watchStack(eleven).at(-1)).toMatchObject({
      stack: { judged: 11, sharpestZIndex: 5, edge: "none" },
      outcomes: [],
    });
    const far = watchStack({ ...eleven, centreUm: 14 });
    expect(far.map(({ decision }) => decision).slice(-2)).toEqual(["abstain", "flag"]);
    expect(far.at(-1)).toMatchObject({ stack: { edge: "low" }, attemptsLeft: 0 });
    expect(far.every(({ action }) => action === undefined)).toBe(true);
  });

  test("that is only watched is flagged where focus lies between its slices, and not judged where all are blank", () => {
    const coarse = { centreUm: 4, slices: 5, stepUm: 8 };
    const policy = policyWith();
    const blank = [0, 1, 2].map((zIndex) => {
      const stack = { size: 3, ...(zIndex === 2 && { last: true }) };
      const header = frame({ id: `${zIndex}`, zIndex, zUm: zIndex, stack, mode: "observe" });
      return policy.judge(header, report(9, { condition: "blank" })).decision;
    });

    expect(watchStack(coarse).at(-1)).toMatchObject({ decision: "flag", stack: { edge: "none" } });
    expect(blank).toEqual(["abstain", "abstain", "abstain"]);
  });

  test("that is watched is judged by the slices that came, though nobody said how many there are", () => {
    const verdicts = watchStack({ ...eleven, slices: 7 }, undefined);

    expect(verdicts.at(-1)).toMatchObject({ decision: "accept", stack: { judged: 7 } });
    expect(verdicts.at(-1)!.reason).not.toContain("were judged");
  });

  test("that is watched again at the same site begins anew", () => {
    const policy = policyWith();
    watchStack(eleven, 11, policy);

    expect(watchStack(eleven, 11, policy).at(-1)).toMatchObject({ stack: { judged: 11 } });
  });

  test("keeps two channels and two attempts apart", () => {
    const policy = policyWith();
    const half = { ...eleven, missing: [10] };
    imageStack(policy, eleven, focusedAt(14), { channel: "GFP", missing: half.missing });

    const verdict = imageStack(policy, eleven, focusedAt(1), { channel: "DAPI" });

    expect(verdict).toMatchObject({ decision: "accept", stack: { judged: 11 } });
  });

  test("in a dry run or with an engaged lock is not moved", () => {
    const dry = imageStack(policyWith({ dryRun: true }), eleven, focusedAt(14));
    const locked = imageStack(policyWith(), eleven, focusedAt(14), {
      focusLock: { state: "engaged", moves: "none" },
    });

    expect(dry).toMatchObject({ decision: "flag", reason: expect.stringContaining("dry run") });
    expect(locked.decision).toBe("flag");
    expect([dry.action, locked.action]).toEqual([undefined, undefined]);
  });
});
