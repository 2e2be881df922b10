import { expect, test } from "vitest";
import { clock } from "../../../src/dashboard/web/formats.js";

test("the first hour of a day is 0, not 24", () => {
  expect(clock(new Date(2026, 0, 31, 0, 5, 9).getTime())).toMatch(/^0?0:05:09$/);
});
