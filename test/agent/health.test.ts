import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { HealthCounters } from "../../src/agent/health.js";
import type { ResultRecord } from "../../src/records/record.js";
import { verdict } from "../sinks/helpers.js";

test("each record is counted under what it is, once", async () => {
  const counters = new HealthCounters();
  const counted = async (name: string, fields: object = {}) => {
    const message = JSON.parse(await readFile(`test/contract/${name}.json`, "utf8")) as ResultRecord;
    counters.count({ ...message, ...fields, recordedMs: 0 } as ResultRecord);
  };
  counters.count(verdict());
  counters.count(verdict({ decision: "accept" }));
  counters.count(verdict({ decision: "accept", late: true }));
  await counted("drop");
  await counted("drop", { why: "overload" });
  await counted("drop");
  await counted("error");
  await counted("outcome", { recovered: "no" });
  for (const other of ["alert", "abandon", "change"]) await counted(other);

  expect(counters.health({ state: "running", startedMs: 1, queueDepth: 2, sinks: {} })).toEqual({
    ...{ state: "running", startedMs: 1, queueDepth: 2, sinks: {} },
    ...{ received: 0, late: 1, lost: 0, lastFrameMs: undefined },
    verdicts: { accept: 1, retry: 1, flag: 0, abstain: 0 },
    drops: { deadline: 2, overload: 1 },
    errors: { "bad-length": 1 },
    outcomes: { no: 1 },
  });
});
