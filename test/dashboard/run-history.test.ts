import { describe, expect, test } from "vitest";
import { MemoryHistory } from "../../src/dashboard/run-history.js";
import { recordText } from "../../src/records/record-line.js";
import { verdict } from "../store/records.js";

const record = (run: string, index: number) => verdict({ run, site: `A${index + 1}-Site_0`, ms: index });
const bytes = recordText(record("run-1", 0)).length;

describe("runs that are kept in memory", () => {
  test("go as a whole, those that were heard of longest ago first, once they take too many bytes", async () => {
    const history = new MemoryHistory(5.5 * bytes);
    for (const run of ["run-1", "run-2"]) for (let i = 0; i < 2; i++) history.apply(record(run, i));
    history.apply(record("run-1", 2));

    history.apply(record("run-3", 0));

    const kept = await history.listRuns();
    expect(kept.map(({ id, frames }) => [id, frames]).sort()).toEqual([
      ["run-1", 3],
      ["run-3", 1],
    ]);
    expect(await history.snapshot("run-2")).toBeUndefined();
    expect(history.problem).toBeUndefined();
  });

  test("are listed by when they began, the newest first, although the clock was set back between them", async () => {
    const history = new MemoryHistory();
    for (const [run, ms] of [
      ["before", 9000],
      ["after", 1000],
      ["before", 9001],
    ] as const)
      history.apply(verdict({ run, ms }));

    expect((await history.listRuns()).map(({ id }) => id)).toEqual(["after", "before"]);
  });

  test("end with what fits of a run that alone takes too many, and the page is told", async () => {
    const history = new MemoryHistory(3.5 * bytes);
    history.apply(record("run-0", 0));
    for (let i = 0; i < 8; i++) history.apply(record("run-1", i));

    expect((await history.listRuns()).map(({ id, frames }) => [id, frames])).toEqual([["run-1", 3]]);
    expect(history.problem).toMatch(/larger than the 0 MiB that are kept without a database/);
  });
});
