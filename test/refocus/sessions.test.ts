import { describe, expect, test } from "vitest";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { frame, levelSeen, report, settings } from "./helpers.js";

/** Follows what it is told at a site that reads as `levelAt` says. @returns the last judgement and how many frames it took. */
function visit(policy: RefocusPolicy, levelAt: (zUm: number) => number, fields: Partial<FrameMessage> = {}) {
  let zUm = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const judgement = policy.judge(frame({ attempt, zUm, ...fields }), report(levelAt(zUm)));
    if (judgement.action?.kind === "move-z") zUm += judgement.action.byUm;
    if (judgement.decision !== "retry") return { judgement, frames: attempt + 1, zUm };
  }
  throw new Error("the site did not end");
}
const site = (name: string) => ({ site: { name } });
const dark = () => 6;
const lit = (zUm: number) => levelSeen((zUm - 9) / 2);

describe("a cool-down", () => {
  test("holds for the channel and the session in which moving changed nothing", () => {
    const policy = new RefocusPolicy(settings);
    for (const name of ["A1", "A2", "A3"]) visit(policy, dark, { ...site(name), channel: "DAPI" });

    expect(visit(policy, dark, { ...site("A4"), channel: "DAPI" }).frames).toBe(2);
    expect(visit(policy, dark, { ...site("A4"), channel: "Cy5" }).frames).toBeGreaterThan(2);
    expect(visit(policy, dark, { ...site("A4"), channel: "DAPI", session: "other" }).frames).toBeGreaterThan(
      2,
    );
  });

  test("begins after as many sites as it is set to", () => {
    const policy = new RefocusPolicy({ ...settings, coolDown: { afterFailures: 1 } });
    visit(policy, dark, site("A1"));

    expect(visit(policy, dark, site("A2")).frames).toBe(2);
  });
});

describe("settings", () => {
  test("that are changed hold from the next frame on, and what the caller holds stays as it is", () => {
    const given = { ...settings, sharp: "absolute" as const };
    const policy = new RefocusPolicy(given);
    const decisionOn = (name: string) => policy.judge(frame(site(name)), report(1.5)).decision;
    const before = decisionOn("A1");
    policy.change({ maxLevel: 2 });

    expect([before, decisionOn("A2")]).toEqual(["retry", "accept"]);
    expect(policy.settings).toEqual({ ...given, maxLevel: 2 });
    expect(given.maxLevel).toBe(1);
  });

  test("without suggestions say nothing of the next site", () => {
    const next = { site: { name: "B1" }, xUm: 0, yUm: 0, zUm: 0 };
    const said = [true, false].map((suggest) => {
      const policy = new RefocusPolicy({ ...settings, suggest });
      for (let i = 0; i < 6; i++) visit(policy, lit, { ...site(`A${i}`), xUm: i });
      return visit(policy, lit, { ...site("A9"), xUm: 9, next }).judgement.next;
    });

    expect(said[0]!.zUm).toBeCloseTo(9, 0);
    expect(said[1]).toBeUndefined();
  });
});

describe("sites under search", () => {
  test("of one name at two times, in two channels, or in two sessions are two", () => {
    const policy = new RefocusPolicy(settings);
    const start = (fields: Partial<FrameMessage>) => policy.judge(frame(fields), report(5)).outcomes;

    expect(start({ channel: "DAPI" })).toEqual([]);
    expect(start({ channel: "Cy5" })).toEqual([]);
    expect(start({ channel: "DAPI", session: "other" })).toEqual([]);
    expect(start({ channel: "DAPI", timeIndex: 1, attempt: 1 })).toMatchObject([
      { channel: "DAPI", recovered: "unknown", why: "unfinished", reason: "the site was started again" },
    ]);
  });

  test("are not ended by a word about another time of theirs", () => {
    const policy = new RefocusPolicy(settings);
    policy.judge(frame({ timeIndex: 2 }), report(5));

    expect(policy.unanswered(frame({ timeIndex: 1 }), "deadline")).toBeUndefined();
    expect(policy.unanswered(frame({ timeIndex: 2 }), "deadline")).toMatchObject({
      ...{ decision: "retry", recovered: "unknown", why: "unfinished", reason: "deadline", timeIndex: 2 },
    });
    expect(policy.unanswered(frame({ timeIndex: 2 }), "deadline")).toBeUndefined();
  });

  test("all end when everything is forgotten, and else those of one session with what it has used up", () => {
    const policy = new RefocusPolicy({ ...settings, runRetries: 1 });
    const start = (session: string, name: string) =>
      policy.judge(frame({ session, ...site(name) }), report(5)).decision;

    expect([start("one", "A1"), start("one", "A2"), start("two", "A1")]).toEqual(["retry", "flag", "retry"]);
    expect(policy.forget("one", "bye")).toMatchObject([{ session: "one", reason: "bye" }]);
    expect([start("one", "A1"), start("two", "A2")]).toEqual(["retry", "flag"]);
    expect(policy.forget(undefined, "stop").map(({ session }) => session)).toEqual(["two", "one"]);
    expect(policy.forget(undefined, "stop")).toEqual([]);
  });

  test("count each frame as one of their attempts, whatever number the controller gives it", () => {
    const policy = new RefocusPolicy({ ...settings, retries: 2 });
    const left = [0, 1, 2].map(
      (attempt) => policy.judge(frame({ attempt, zUm: 10 * attempt }), report(9.4)).attemptsLeft,
    );

    expect(left).toEqual([1, 0, 0]);
  });
});

describe("a first frame", () => {
  test.each(["unusable", "blank", "mixed"] as const)(
    "that is %s says nothing of what focusing could do there",
    (condition) => {
      const policy = new RefocusPolicy({ ...settings, sharp: "absolute" });

      expect(policy.judge(frame(), report(8, { condition })).outcomes).toMatchObject([
        { recovered: "unknown", why: condition },
      ]);
    },
  );

  test("that is in focus by its looks is still refocused where the limit is lower", () => {
    const judge = (sharp: "learned" | "absolute") =>
      new RefocusPolicy({ ...settings, sharp, maxLevel: 0.2 }).judge(frame(), report(0.3, { levelSd: 0.05 }));

    expect([judge("learned").decision, judge("absolute").decision]).toEqual(["accept", "retry"]);
  });
});

test("a later frame that is unusable ends the site with the best frame before it, and says why", () => {
  const policy = new RefocusPolicy(settings);
  policy.judge(frame(), report(5));

  const end = policy.judge(frame({ attempt: 1, zUm: 9 }), report(0.3, { condition: "unusable" }));

  expect(end).toMatchObject({ decision: "flag", keepAttempt: 0, action: { kind: "move-z", byUm: -9 } });
  expect(end.outcomes).toMatchObject([{ recovered: "no", why: "unusable" }]);
});
