import { expect, test } from "vitest";
import { selectedIn } from "../../../src/dashboard/web/selection.js";
import { RunTable } from "../../../src/runs/run-table.js";
import { verdict } from "../../store/records.js";

test("what is selected stays selected in a run that is loaded again, though its sites have other numbers", () => {
  const [table, later] = [new RunTable("run-1"), new RunTable("run-1")];
  for (const site of ["A1-Site_0", "A2-Site_0", "A3-Site_0"]) table.apply(verdict({ site }));
  for (const site of ["A2-Site_0", "A3-Site_0"]) later.apply(verdict({ site }));

  expect(selectedIn(later, table, { site: 2, channel: "DAPI" })).toEqual({ site: 1, channel: "DAPI" });
  expect(selectedIn(later, table, { site: 0 })).toBeUndefined();
  expect(selectedIn(later, table, undefined)).toBeUndefined();
  expect(later.sites[1]!.name).toBe(table.sites[2]!.name);
});
