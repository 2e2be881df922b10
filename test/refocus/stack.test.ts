import { describe, expect, test } from "vitest";
import type { FocusReport } from "../../src/focus/report.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import type { PolicySettings } from "../../src/refocus/thresholds.js";
import { frame, levelSeen, report, settings } from "./helpers.js";

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
  test("around focus is accepted by its sharpest slice", () => {
    const verdict = imageStack(policyWith(), eleven, focusedAt(1));

    expect(verdict).toMatchObject({
      decision: "accept",
      stack: { judged: 11, sharpestZIndex: 6, sharpestZUm: 1, edge: "none" },
      outcomes: [{ recovered: "not-needed", keepId: "0/6", zAfterUm: 1 }],
    });
    expect(verdict.action).toBeUndefined();
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

    expect(verdict).toMatchObject({ decision: "abstain", outcomes: [{ recovered: "unknown" }] });
    expect(verdict.action).toBeUndefined();
  });

  test("whose slices are all too far apart to show focus is flagged, not moved", () => {
    const verdict = imageStack(policyWith(), { centreUm: 0, slices: 5, stepUm: 8 }, focusedAt(4));

    expect(verdict).toMatchObject({ decision: "flag", reason: expect.stringContaining("focus lies inside") });
    expect(verdict.action).toBeUndefined();
  });

  test("that is sharp in all of its slices is accepted", () => {
    const verdict = imageStack(policyWith(), { centreUm: 0, slices: 3, stepUm: 0.3 }, focusedAt(0));

    expect(verdict).toMatchObject({ decision: "accept", stack: { edge: "none" } });
  });

  test("whose focus lies within the noise of its last slice is not moved", () => {
    const verdict = imageStack(policyWith(), eleven, focusedAt(4.6));

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
      ...["abstain", "abstain", "abstain", "accept", "accept", "accept", "accept", "accept"],
      ...["abstain", "abstain", "accept"],
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
