import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FocusReport } from "../../src/focus/report.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import type { PolicySettings } from "../../src/refocus/thresholds.js";
import { frame, levelSeen, report, settings } from "./helpers.js";

const judgeOne = (
  reported: FocusReport,
  overrides: Partial<PolicySettings> = {},
  fields: Parameters<typeof frame>[0] = {},
) => new RefocusPolicy({ ...settings, ...overrides }).judge(frame(fields), reported);

/** Where all levels are alike, none can tell what is blurrier. */
const lostFrom = (distanceUm: number) => (distanceUm > 17 ? Number.POSITIVE_INFINITY : distanceUm + 0.2);

const moved = ({ action }: Judgement) => (action?.kind === "move-z" ? action.byUm : Number.NaN);

/** A controller: takes frames and executes what it is told, until the site ends. */
function acquire(policy: RefocusPolicy, focusUm: number, site = "A1", startUm = 0) {
  const verdicts: Judgement[] = [];
  let zUm = startUm;
  for (let attempt = 0; attempt < 50; attempt++) {
    const level = levelSeen((zUm - focusUm) / 2);
    const verdict = policy.judge(frame({ attempt, zUm, site: { name: site } }), report(level));
    verdicts.push(verdict);
    if (verdict.action?.kind === "move-z") zUm += verdict.action.byUm;
    if (verdict.decision !== "retry") return { zUm, verdicts, last: verdict };
  }
  throw new Error("the site did not end");
}

describe("a frame on its own", () => {
  test.each([
    { what: "at the threshold", reported: report(1), decision: "accept" },
    { what: "above the threshold", reported: report(1.1), decision: "retry" },
    { what: "that is uncertain", reported: report(5, { aggregateCertainty: 0.2 }), decision: "abstain" },
    {
      what: "that is sharp but uncertain",
      reported: report(0, { aggregateCertainty: 0.2 }),
      decision: "abstain",
    },
    {
      what: "without a certainty",
      reported: report(0, { aggregateCertainty: Number.NaN }),
      decision: "abstain",
    },
    { what: "that is blank", reported: report(8, { condition: "blank" }), decision: "abstain" },
    { what: "that is mixed", reported: report(8, { condition: "mixed" }), decision: "flag" },
    { what: "that is unusable", reported: report(8, { condition: "unusable" }), decision: "flag" },
  ])("by an absolute limit, $what leads to $decision", ({ reported, decision }) => {
    expect(judgeOne(reported, { sharp: "absolute" }).decision).toBe(decision);
  });

  test("leads to an action only when it is to be retried", () => {
    const unusable = judgeOne(report(9, { condition: "unusable" }));

    expect(unusable.action).toBeUndefined();
    expect(unusable.outcomes).toMatchObject([{ recovered: "unknown", decision: "flag" }]);
  });

  test("is judged by the rules of its channel", () => {
    const channels = { DAPI: { maxLevel: 3 }, Cy5: { minCertainty: 0.9 } };
    const rules = { sharp: "absolute" as const, channels };

    expect(judgeOne(report(2.5), rules, { channel: "DAPI" }).decision).toBe("accept");
    expect(judgeOne(report(2.5), rules, { channel: "Cy5" }).decision).toBe("abstain");
    expect(judgeOne(report(2.5), rules, { channel: "constructor" }).decision).toBe("retry");
  });

  test("that is only observed is never acted on", () => {
    const verdict = judgeOne(report(6), {}, { mode: "observe" });

    expect(verdict).toMatchObject({ decision: "flag", outcomes: [] });
    expect(verdict.action).toBeUndefined();
  });

  test("in a dry run is flagged with what would be done", () => {
    const verdict = judgeOne(report(4), { dryRun: true });

    expect(verdict).toMatchObject({
      decision: "flag",
      reason: expect.stringMatching(/\+7\.\d+ um \(dry run/),
    });
    expect(verdict.action).toBeUndefined();
  });

  test("moves as far as its own optics say", () => {
    const optics = { na: 0.5, refractiveIndex: 1 };
    const fields = { optics, pixelUm: 0.325 };

    const half = moved(judgeOne(report(4), {}, fields));

    expect(half).toBeCloseTo(3.8, 0);
    // Three times, and a little more: what the user gives is believed more firmly than optics.
    const ratio = moved(judgeOne(report(4), { umPerLevel: 3 }, fields)) / half;
    expect(ratio).toBeGreaterThan(3);
    expect(ratio).toBeLessThan(3.4);
  });
});

describe("a site", () => {
  test("on the expected side is recovered by one retry, once such content is known", () => {
    const policy = new RefocusPolicy(settings);
    for (const [i, focusUm] of [-9, -7, 9, -8, 9, 9].entries()) acquire(policy, focusUm, `B${i}`);

    const { zUm, verdicts, last } = acquire(policy, 9);

    expect(Math.abs(zUm - 9)).toBeLessThan(1);
    expect(verdicts.map(({ decision }) => decision)).toEqual(["retry", "accept"]);
    expect(verdicts.map(({ attemptsLeft }) => attemptsLeft)).toEqual([5, 5]);
    expect(last.reason).toMatch(/^level 0\.\d+, in focus with probability \d+ %$/);
    expect(last.outcomes).toMatchObject([
      {
        recovered: "yes",
        attempts: 2,
        levelBefore: expect.closeTo(4.47),
        zBeforeUm: 0,
        keepAttempt: 1,
        travelUm: zUm,
      },
    ]);
  });

  test("among the first that are searched costs one frame beyond focus, and keeps the one in focus", () => {
    const policy = new RefocusPolicy({ ...settings, confidence: 0.2 });

    const { zUm, verdicts, last } = acquire(policy, 9);

    expect(verdicts.map(({ decision }) => decision)).toEqual(["retry", "retry", "accept"]);
    expect(verdicts[1]!.reason).toContain("what does such content read beyond focus?");
    expect(moved(verdicts[0]!) + moved(verdicts[1]!)).toBeGreaterThan(11);
    expect(last).toMatchObject({ keepAttempt: 1, outcomes: [{ recovered: "yes", attempts: 3 }] });
    expect(zUm).toBeCloseTo(moved(verdicts[0]!));
    expect(Math.abs(zUm - 9)).toBeLessThan(1);
  });

  test("costs no such frame where retries are spent, the drive may not go there, or it is not wanted", () => {
    const looks = (overrides: Partial<typeof settings>) => {
      const policy = new RefocusPolicy({ ...settings, confidence: 0.2, ...overrides });
      return acquire(policy, 9).verdicts.filter(({ reason }) => reason.includes("beyond focus")).length;
    };

    expect(looks({})).toBe(1);
    expect(looks({ retries: 1 })).toBe(0);
    expect(looks({ zLimitsUm: [-20, 10] })).toBe(0);
    expect(looks({ maxTravelUm: 12 })).toBe(0);
    expect(looks({ dryRun: true })).toBe(0);
    expect(looks({ lookBeyond: false })).toBe(0);
  });

  test("on the other side is recovered by two, or a few more where it is the first that is searched, and the next site starts there", () => {
    const policy = new RefocusPolicy(settings);

    expect(acquire(policy, -9, "A1").verdicts).toHaveLength(5);
    for (const [i, focusUm] of [-7, 9, -8, 9].entries()) acquire(policy, focusUm, `B${i}`);
    expect(acquire(policy, 9, "C1").verdicts).toHaveLength(3);
    expect(acquire(policy, 7, "C2").verdicts).toHaveLength(2);
  });

  test("that cannot be recovered ends flagged at its best z, without another frame", () => {
    const policy = new RefocusPolicy({ ...settings, retries: 1 });

    const { zUm, last } = acquire(policy, -9);

    expect(zUm).toBe(0);
    expect(last).toMatchObject({ decision: "flag", keepAttempt: 0 });
    expect(moved(last)).toBeLessThan(-8);
    expect(last.outcomes).toMatchObject([
      { recovered: "no", keepAttempt: 0, travelUm: -2 * moved(last), zAfterUm: 0 },
    ]);
  });

  test("without retries is flagged", () => {
    expect(judgeOne(report(5), { retries: 0 })).toMatchObject({ decision: "flag", attemptsLeft: 0 });
  });

  test("whose retry shows nothing is sought on the other side", () => {
    const policy = new RefocusPolicy(settings);
    policy.judge(frame(), report(8));

    const verdict = policy.judge(frame({ attempt: 1, zUm: 16 }), report(3, { condition: "blank" }));

    expect(verdict.decision).toBe("retry");
    expect(16 + moved(verdict)).toBeCloseTo(-16, -1);
  });

  describe("that is blank where the sites around it are in focus 12 um away", () => {
    const blank = report(9, { condition: "blank" });
    const inFocusElsewhere = () => {
      const policy = new RefocusPolicy({ ...settings, confidence: 0.6 });
      for (let i = 0; i < 12; i++) acquire(policy, 12, `B${i}`);
      return policy;
    };

    test("is looked at there once, and accepted if it is sharp there", () => {
      const policy = inFocusElsewhere();

      const away = policy.judge(frame({ site: { name: "C1" } }), blank);
      const there = policy.judge(
        frame({ site: { name: "C1" }, attempt: 1, zUm: moved(away) }),
        report(levelSeen((moved(away) - 12) / 2)),
      );

      expect(away.decision).toBe("retry");
      expect(Math.abs(moved(away) - 12)).toBeLessThan(1.5);
      expect(there).toMatchObject({ decision: "accept", keepAttempt: 1, outcomes: [{ recovered: "yes" }] });
    });

    test("abstains where it was if it is blank there, too", () => {
      const policy = inFocusElsewhere();

      const away = policy.judge(frame({ site: { name: "C1" } }), blank);
      const there = policy.judge(frame({ site: { name: "C1" }, attempt: 1, zUm: moved(away) }), blank);

      expect(there).toMatchObject({ decision: "abstain", keepAttempt: 0 });
      expect(moved(there)).toBeCloseTo(-moved(away), 6);
      expect(there.outcomes).toMatchObject([{ recovered: "unknown", why: "blank" }]);
    });

    test("abstains at once where no move is allowed or focus is expected here", () => {
      const dry = new RefocusPolicy({ ...settings, dryRun: true });
      for (const policy of [dry, new RefocusPolicy(settings)]) {
        for (let i = 0; i < 6; i++) acquire(policy, policy === dry ? 12 : 0, `B${i}`);
        const verdict = policy.judge(frame({ site: { name: "C1" } }), blank);
        expect(verdict.decision).toBe("abstain");
        expect(verdict.action).toBeUndefined();
      }
    });
  });

  test("keeps to z limits of the controller and of the configuration", () => {
    const limits = { zLimitsUm: [-3, 6] as [number, number] };

    const near = report(2.5);

    expect(moved(judgeOne(near, { zLimitsUm: [-2, 3] }, limits))).toBeLessThanOrEqual(3);
    expect(moved(judgeOne(near, { zLimitsUm: [-100, 30] }, limits))).toBeGreaterThan(3);
    expect(moved(judgeOne(near, { zLimitsUm: [-100, 30] }, limits))).toBeLessThanOrEqual(6);
    // Focus is some 14 um away, and a frame on the way to it is better than none.
    expect(moved(judgeOne(report(7), {}, limits))).toBe(6);
  });

  test.each([-25, 12.5])("at %s um, outside the limits, is not moved and says which they are", (zUm) => {
    const verdict = judgeOne(report(5), { zLimitsUm: [-40, 10] }, { zUm, zLimitsUm: [-20, 30] });

    expect(verdict).toMatchObject({ decision: "flag", outcomes: [{ why: "limits" }] });
    expect(verdict.action).toBeUndefined();
    expect(verdict.reason).toContain(
      `outside the z limits: it is at ${zUm.toFixed(2)} um, and the limits are -20.00 um to 10.00 um`,
    );
  });

  test.each([
    [0, 5],
    [100, 200],
  ])("with limits of %s to %s um but without z is not moved", (low, high) => {
    const { zUm: _, ...noZ } = frame({ zLimitsUm: [low, high] });

    const verdict = new RefocusPolicy(settings).judge(noZ, report(5));

    expect(verdict).toMatchObject({ decision: "flag", reason: expect.stringContaining("does not report z") });
  });

  test("with limits and no longer with z is moved no more, whatever its level", () => {
    for (let level = 1.2; level < 6; level += 0.1) {
      const policy = new RefocusPolicy({ ...settings, zLimitsUm: [-100, 100] });
      const first = policy.judge(frame(), report(level));
      const { zUm: _, ...noZ } = frame({ attempt: 1 });
      const second = policy.judge(noZ, report(level));

      expect(first.decision).toBe("retry");
      expect(second.decision).not.toBe("retry");
    }
  });

  test("without z and limits is sought by relative moves", () => {
    const policy = new RefocusPolicy(settings);
    const { zUm: _, ...first } = frame();
    const second = { ...first, attempt: 1, id: "A1#1" };

    expect(moved(policy.judge(first, report(4)))).toBeCloseTo(7.7, 0);
    expect(moved(policy.judge(second, report(8)))).toBeLessThan(-12);
  });

  test("can be left to the controller's autofocus, which is verified", () => {
    const policy = new RefocusPolicy({ ...settings, retryWith: "autofocus" });

    const first = policy.judge(frame(), report(6));
    const second = policy.judge(frame({ attempt: 1, zUm: 11 }), report(0.4));

    expect(first).toMatchObject({ decision: "retry", action: { kind: "autofocus" } });
    expect(second).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes", zAfterUm: 11 }] });
  });

  test("whose autofocus made it worse goes back", () => {
    const policy = new RefocusPolicy({ ...settings, retries: 1, retryWith: "autofocus" });
    policy.judge(frame(), report(3));

    const verdict = policy.judge(frame({ attempt: 1, zUm: 11 }), report(7));

    expect(verdict).toMatchObject({
      decision: "flag",
      action: { kind: "move-z", byUm: -11 },
      keepAttempt: 0,
    });
  });

  test("that is started anew, abandoned or forgotten ends with an unknown outcome", () => {
    const policy = new RefocusPolicy(settings);
    policy.judge(frame(), report(5));

    const anew = policy.judge(frame(), report(5));
    const unanswered = policy.unanswered(frame({ attempt: 1 }), "deadline");
    policy.judge(frame(), report(5));

    expect(anew.outcomes).toMatchObject([{ recovered: "unknown", attempts: 1 }]);
    expect(unanswered).toMatchObject({ recovered: "unknown", reason: "deadline" });
    expect(policy.forget("another session", "bye")).toEqual([]);
    expect(policy.forget("s", "bye")).toMatchObject([{ recovered: "unknown", reason: "bye" }]);
    expect(policy.forget("s", "bye")).toEqual([]);
  });

  test("does not get its budget back when the agent is restarted in the middle", () => {
    const verdict = judgeOne(report(5), {}, { attempt: 6 });

    expect(verdict).toMatchObject({ decision: "flag", attemptsLeft: 0 });
  });

  test("ends within the budget and never blurrier, wherever focus is", () => {
    const focus = fc.double({ min: -40, max: 40, noNaN: true });
    fc.assert(
      fc.property(focus, focus, fc.nat(6), (focusUm, startUm, retries) => {
        const policy = new RefocusPolicy({ ...settings, retries });

        const { zUm, verdicts, last } = acquire(policy, focusUm, "A1", startUm);

        expect(verdicts.length).toBeLessThanOrEqual(retries + 1);
        expect(Math.abs(zUm - focusUm)).toBeLessThanOrEqual(
          Math.max(lostFrom(Math.abs(startUm - focusUm)), 2.4),
        );
        expect(last.outcomes).toHaveLength(1);
      }),
      { endOnFailure: true },
    );
  });
});

describe("what can be in the way", () => {
  test("a drive that twice does not move as told ends the search", () => {
    const policy = new RefocusPolicy({ ...settings, retries: 5 });
    const stuck = (attempt: number) =>
      policy.judge(frame({ attempt, zUm: 0.1, zSource: "measured" }), report(5));

    const verdicts = [stuck(0), stuck(1), stuck(2)];

    expect(verdicts.map(({ decision }) => decision)).toEqual(["retry", "retry", "flag"]);
    expect(verdicts[2]!.reason).toMatch(/does not move as told \(asked \+?-?[\d.]+ um, moved 0\.00 um\)/);
  });

  test("backlash is taken out by arriving from below, within the limits", () => {
    const against = { backlashUm: 5 };
    const negative = { ...against, firstSide: "negative" as const };

    expect(judgeOne(report(4), against).action).not.toHaveProperty("viaUm");
    const { action } = judgeOne(report(4), negative);
    expect(action).toMatchObject({
      kind: "move-z",
      viaUm: expect.closeTo(moved({ action } as Judgement) - 5, 2),
    });
    expect(judgeOne(report(4), { ...negative, zLimitsUm: [-10, 10] }).action).toMatchObject({ viaUm: -10 });
    const short = judgeOne(report(4), { backlashUm: 10 });
    expect(moved(short)).toBeGreaterThan(5);
    expect(short.action).toMatchObject({ viaUm: expect.closeTo(moved(short) - 10, 2) });
  });

  test("an engaged focus lock is only moved with where the controller says how", () => {
    const locked = (state: "engaged" | "lost" | "off", moves: "none" | "offset" | "pause") =>
      judgeOne(report(5), {}, { focusLock: { state, moves } });

    expect(locked("engaged", "none")).toMatchObject({
      decision: "flag",
      reason: expect.stringContaining("lock"),
    });
    expect(locked("engaged", "none").action).toBeUndefined();
    expect(locked("lost", "offset").action).toBeUndefined();
    expect(locked("engaged", "offset").decision).toBe("retry");
    expect(locked("engaged", "pause").decision).toBe("retry");
    expect(locked("off", "none").decision).toBe("retry");
  });

  test("a lock that is lost in the middle of a search ends it where it is", () => {
    const policy = new RefocusPolicy(settings);
    policy.judge(frame({ focusLock: { state: "engaged", moves: "pause" } }), report(5));

    const verdict = policy.judge(
      frame({ attempt: 1, zUm: 9, focusLock: { state: "lost", moves: "pause" } }),
      report(7),
    );

    expect(verdict).toMatchObject({ decision: "flag", outcomes: [{ recovered: "no" }] });
    expect(verdict.action).toBeUndefined();
  });

  test("once moving changed nothing at three sites, a site is probed with one frame until it changes something again", () => {
    const policy = new RefocusPolicy(settings);
    const visit = (name: string, levelAt: (zUm: number) => number) => {
      const site = { name };
      let verdict = policy.judge(frame({ site }), report(levelAt(0)));
      let zUm = 0;
      let frames = 1;
      while (verdict.decision === "retry") {
        zUm += moved(verdict);
        verdict = policy.judge(frame({ site, attempt: frames++, zUm }), report(levelAt(zUm)));
      }
      return { frames, verdict };
    };
    const dark = (name: string) => visit(name, () => 6);
    const lit = (name: string) => visit(name, (zUm) => levelSeen((zUm - 9) / 2));

    const before = ["A1", "A2", "A3"].map(dark);
    const probed = dark("A4");
    const again = lit("A5");

    for (const { frames, verdict } of before) {
      expect(frames).toBeGreaterThan(2);
      expect(verdict.decision).toBe("flag");
    }
    expect(probed.frames).toBe(2);
    expect(probed.verdict.reason).toContain(
      "at the last 3 sites, too, moving the focus drive changed nothing",
    );
    expect(again.verdict.decision).toBe("accept");
    expect(dark("A6").frames).toBeGreaterThan(2);
  });

  test.each(Array.from({ length: 41 }, (_, i) => 2 + i / 5))(
    "a level that is %d wherever the drive goes is never accepted",
    (level) => {
      const policy = new RefocusPolicy({ ...settings, coolDown: { afterFailures: 100 } });
      for (const name of ["A1", "A2", "A3"]) {
        let [verdict, zUm, attempt] = [policy.judge(frame({ site: { name } }), report(level)), 0, 1];
        while (verdict.decision === "retry") {
          zUm += moved(verdict);
          verdict = policy.judge(frame({ site: { name }, attempt: attempt++, zUm }), report(level));
        }
        expect(verdict.decision).toBe("flag");
      }
    },
  );

  test("a run takes no more frames again than it may", () => {
    const policy = new RefocusPolicy({ ...settings, runRetries: 1 });

    const [first, second] = ["A1", "A2"].map((name) => policy.judge(frame({ site: { name } }), report(5)));

    expect(first).toMatchObject({ decision: "retry", attemptsLeft: 0 });
    expect(second).toMatchObject({ decision: "flag", reason: expect.stringContaining("budget is spent") });
  });

  test("of two planes in one frame the sharpest is sought where that is wanted", () => {
    const both = report(4, { sharpestLevel: 0.4 });

    expect(judgeOne(both).decision).toBe("retry");
    expect(judgeOne(both, { plane: "sharpest", sharp: "absolute" }).decision).toBe("accept");
  });

  test("a site that the controller abandons ends with its reason", () => {
    const policy = new RefocusPolicy(settings);
    policy.judge(frame(), report(5));
    const message = { v: 1, type: "abandon", session: "s", site: { name: "A1" }, why: "limits" } as const;

    expect(policy.abandon({ ...message, reason: "no room" })).toMatchObject({
      recovered: "no",
      decision: "flag",
      why: "limits",
      reason: "no room",
      tried: [{ attempt: 0, zUm: 0, level: 5 }],
    });
    expect(policy.abandon({ ...message, reason: "no room" })).toBeUndefined();
  });
});
