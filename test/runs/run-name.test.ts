import { describe, expect, test } from "vitest";
import { RunNames, runName, runsCalled } from "../../src/runs/run-name.js";
import { verdict } from "../store/records.js";

const at = (hour: number) => new Date(2026, 10, 5, hour, 7, 9).getTime();
const runs = [
  { id: "6f1c", startedMs: at(9), controller: "pymmcore-plus" },
  { id: "6f1d", startedMs: at(14), controller: "folder plate 7" },
  { id: "2026", startedMs: at(15) },
];

describe("the name of a run", () => {
  test("is when it began and who ran it", () => {
    expect(runs.map(runName)).toEqual([
      "2026-11-05 09:07:09 pymmcore-plus",
      "2026-11-05 14:07:09 folder plate 7",
      "2026-11-05 15:07:09",
    ]);
  });

  test.each([
    ["6f1d", ["6f1d"]],
    ["6f1", ["6f1c", "6f1d"]],
    ["2026-11-05 09", ["6f1c"]],
    ["2026-11-05 15:07:09", ["2026"]],
    // An id comes before names that begin so.
    ["2026", ["2026"]],
    ["folder", []],
  ])("%s finds %j", (called, ids) => {
    expect(runsCalled(runs, called).map(({ id }) => id)).toEqual(ids);
  });

  test("is known from the records, whichever of them says who ran it", () => {
    const names = new RunNames();
    names.apply({ ...verdict({ run: "a", ms: 5 }) });
    names.apply({ ...verdict({ run: "b", ms: 6 }), controller: "Micro-Manager" });
    names.apply({ ...verdict({ run: "a", ms: 7 }), controller: "pycro-manager" });

    expect(names.all()).toEqual([
      { id: "a", startedMs: 5, controller: "pycro-manager" },
      { id: "b", startedMs: 6, controller: "Micro-Manager" },
    ]);
  });
});
