import { describe, expect, test } from "vitest";
import { live, ready } from "../../src/operations/health-answer.js";
import type { Health } from "../../src/sinks/agent-health.js";
import { ask, serve } from "../dashboard/helpers.js";

const health: Health = {
  ...{ state: "running", startedMs: 0, lastFrameMs: undefined, queueDepth: 0, received: 0, late: 0, lost: 0 },
  ...{ verdicts: { accept: 0, retry: 0, flag: 0, abstain: 0 }, drops: {}, errors: {}, outcomes: {} },
  sinks: { jsonl: { written: 3, failures: 0, lost: 0 }, database: { written: 3, failures: 0, lost: 0 } },
};
const statusOf = (answer: { body: string }) => (JSON.parse(answer.body) as { status: string }).status;
const at = (fields: Partial<Health>, nowMs = 0) => ready({ ...health, ...fields }, "1.2.3", nowMs, 60_000);
const sink = (failures: number, lost: number) => ({ written: 0, failures, lost });

describe("readiness", () => {
  test.each([
    ["running", 200, "pass"],
    ["starting", 503, "fail"],
    ["draining", 503, "fail"],
    ["stopped", 503, "fail"],
  ] as const)("while the agent is %s is %i", (state, status, word) => {
    const answer = at({ state });

    expect([answer.status, statusOf(answer)]).toEqual([status, word]);
  });

  test.each([
    ["results.jsonl has lost records", { jsonl: sink(1, 5) }, 503, "fail"],
    ["results.jsonl had to be tried again", { jsonl: sink(1, 0) }, 200, "warn"],
    ["the database has failed", { jsonl: sink(0, 0), database: sink(9, 2) }, 200, "warn"],
  ])("when %s", (_, sinks, status, word) => {
    const answer = at({ sinks });

    expect([answer.status, statusOf(answer)]).toEqual([status, word]);
  });

  test("warns when no frame came for a while, though not before the first", () => {
    expect(statusOf(at({}, 1e9))).toBe("pass");
    expect(statusOf(at({ lastFrameMs: 1000 }, 60_000))).toBe("pass");
    expect(statusOf(at({ lastFrameMs: 1000 }, 62_000))).toBe("warn");
  });

  test("is served, with a life sign beside it", async () => {
    const { host } = await serve();

    const [alive, answer] = [await ask(host, "/livez"), await ask(host, "/readyz")];

    expect(alive).toMatchObject({ status: 200, headers: { "content-type": "application/health+json" } });
    expect(alive.json()).toEqual(JSON.parse(live("1.2.3").body));
    expect(answer.json()).toMatchObject({
      status: "pass",
      checks: { "agent:state": [{ observedValue: "running" }], "sink:jsonl": [{ status: "pass" }] },
    });
  });
});
