import { describe, expect, test } from "vitest";
import { BlankRule } from "../../src/alerts/blank-rule.js";
import { verdict } from "../store/records.js";

type Look = "something" | "nothing" | "another look";

/** What the rule says of these sites, one after the other. */
function said(limit: number, looks: readonly Look[], channel?: string) {
  const rule = new BlankRule(limit);
  return looks.flatMap((look, i) => {
    const decision = look === "another look" ? "retry" : look === "nothing" ? "abstain" : "accept";
    const record = verdict({ site: `A${i}`, decision, ...(channel !== undefined && { channel }) });
    const findings = rule.observe({ ...record, condition: look === "something" ? "in-focus" : "blank" });
    return findings.map(({ state, message }) => ({ i, state, message }));
  });
}

const times = (count: number, look: Look) => Array.from({ length: count }, () => look);

describe("sites with nothing to focus on", () => {
  test("are told once so many come in a row, and once when it is over", () => {
    const told = said(3, ["something", ...times(5, "nothing"), "something", "something"]);

    expect(told).toMatchObject([
      {
        i: 3,
        state: "raised",
        message: expect.stringMatching(/^The last 3 sites in DAPI .* is the lamp on/),
      },
      { i: 6, state: "cleared", message: "A site in DAPI shows something again" },
    ]);
  });

  test("are nothing to tell where they are few, where all are, or where nobody asks", () => {
    expect(said(3, ["something", ...times(2, "nothing"), "something", ...times(2, "nothing")])).toEqual([]);
    expect(said(3, times(50, "nothing"))).toEqual([]);
    expect(said(0, ["something", ...times(50, "nothing")])).toEqual([]);
  });

  test("count once, however often they are looked at", () => {
    const looks: Look[] = ["something", "another look", "nothing", "another look", "nothing"];

    expect(said(3, looks)).toEqual([]);
    expect(said(3, [...looks, "nothing"])).toMatchObject([{ i: 5, state: "raised" }]);
  });

  test("count for each channel, and not where the verdict came too late or is on a slice", () => {
    const rule = new BlankRule(2);
    const blank = { ...verdict({ decision: "abstain" }), condition: "blank" } as const;
    const slice = { ...blank.frame!, mode: "observe", stack: { size: 5 } } as const;

    rule.observe(verdict());
    const told = [
      ...rule.observe(blank),
      ...rule.observe({ ...blank, late: true }),
      ...rule.observe({ ...blank, frame: slice }),
      ...rule.observe({ ...blank, frame: { ...blank.frame!, channel: "FITC" } }),
    ];

    expect(told).toEqual([]);
    expect(rule.observe(blank)).toMatchObject([{ alert: "blank-sites", session: "run-1", state: "raised" }]);
  });
});
