import { describe, expect, test } from "vitest";
import { scoresOf, verdictOf } from "../../src/agent/verdict.js";
import type { FocusReport } from "../../src/focus/report.js";
import { VerdictMessage } from "../../src/protocol/verdict-message.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import { rulesFor } from "../../src/refocus/thresholds.js";
import { frame, report, settings } from "../refocus/helpers.js";

const rules = rulesFor({ ...settings, maxLevel: 1 }, undefined);

function conditionOf(found: FocusReport, judgement: Partial<Judgement>, attempt = 0): string {
  const whole: Judgement = {
    ...{ decision: "accept", keepAttempt: attempt, attemptsLeft: 0, reason: "", outcomes: [] },
    ...judgement,
  };
  const timings = { queueMs: 0, scoreMs: 0, totalMs: 0 };
  return verdictOf(frame({ attempt }), found, whole, rules, { name: "m", sha256: "0" }, timings).condition;
}

test("a verdict says how probable it is that its level is right", () => {
  const judgement = {
    decision: "accept",
    keepAttempt: 0,
    attemptsLeft: 0,
    reason: "",
    outcomes: [],
  } as const;
  const timings = { queueMs: 0, scoreMs: 0, totalMs: 0 };
  const found = report(1, { confidence: 0.876543 });

  const verdict = verdictOf(frame(), found, judgement, rules, { name: "m", sha256: "0" }, timings);

  expect(VerdictMessage.parse(verdict).confidence).toBe(0.8765);
});

test("a verdict on a frame unlike all that the model was trained on says so, for programs and for people", () => {
  const reason = "level 1 is within 1";
  const judgement: Judgement = { decision: "accept", keepAttempt: 0, attemptsLeft: 0, reason, outcomes: [] };
  const timings = { queueMs: 0, scoreMs: 0, totalMs: 0 };
  const model = { name: "m", sha256: "0" };
  const verdictOn = (unfamiliar: boolean) =>
    VerdictMessage.parse(verdictOf(frame(), report(1, { unfamiliar }), judgement, rules, model, timings));

  expect(verdictOn(true)).toMatchObject({
    unfamiliar: true,
    reason: "level 1 is within 1; unlike anything the model was trained on, so the level may be wrong",
  });
  expect(verdictOn(false)).toMatchObject({ reason: "level 1 is within 1" });
  expect(verdictOn(false)).not.toHaveProperty("unfamiliar");
});

describe("the condition in a verdict", () => {
  test.each([
    ["accepted, be it blurrier than others get", 1.6, { decision: "accept" }, "in-focus"],
    ["flagged, be it below the model's limit", 1.05, { decision: "flag" }, "defocused"],
    ["to be taken again, above the channel's limit", 1.05, { decision: "retry" }, "defocused"],
    ["to be taken again to make sure", 0.6, { decision: "retry" }, "in-focus"],
    ["left for an earlier attempt that is accepted", 4, { decision: "accept", keepAttempt: 1 }, "defocused"],
  ] as const)("of a frame that is %s", (_, level, judgement, condition) => {
    const found = report(level, { condition: level <= 1.1 ? "in-focus" : "defocused" });

    expect(conditionOf(found, judgement, "keepAttempt" in judgement ? 2 : 0)).toBe(condition);
  });

  test.each(["mixed", "blank", "unusable"] as const)("stays %s, whatever is decided", (condition) => {
    expect(conditionOf(report(0.5, { condition }), { decision: "flag" })).toBe(condition);
  });

  test("never contradicts the decision on a frame that is judged alone", () => {
    const policy = new RefocusPolicy({ ...settings, maxLevel: 1 });
    for (const level of [0.2, 0.99, 1, 1.01, 1.09, 1.11, 3]) {
      const found = report(level, { condition: level <= 1.1 ? "in-focus" : "defocused" });
      const judgement = policy.judge(frame({ mode: "observe" }), found);

      expect([judgement.decision, conditionOf(found, judgement)]).toEqual(
        level <= 1 ? ["accept", "in-focus"] : ["flag", "defocused"],
      );
    }
  });
});

describe("what a record tells beyond its verdict", () => {
  const scores = (fields: Partial<FocusReport>) => scoresOf(report(1, fields));

  test("is the certainty of the patches, each weighted by itself, without those that have none", () => {
    const certainties = new Float32Array([0.5, Number.NaN, 0.25, 0.25]);
    expect(scores({ certainties }).weightedCertainty).toBe(0.375);
    expect(scores({ certainties: new Float32Array([Number.NaN]) }).weightedCertainty).toBe(0);
  });

  test("is the distribution of levels to four digits, within 0 and 1", () => {
    const distribution = new Float32Array([0.123456, 1.0000001, -1e-9, Number.NaN]);
    expect(scores({ distribution }).distribution).toEqual([0.1235, 1, 0, 0]);
  });
});
