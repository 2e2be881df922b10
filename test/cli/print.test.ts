import { expect, test } from "vitest";
import { printable } from "../../src/cli/print.js";

test("what comes from a file or a controller cannot drive the terminal", () => {
  const name = "A1\u001b[2J\u001b]0;title\u0007\u009b31m\r B2";

  expect(printable(name)).toBe("A1\ufffd[2J\ufffd]0;title\ufffd\ufffd31m\ufffd B2");
  expect(printable("A1\u202egpj.exe\u2066\u200f")).toBe("A1\ufffdgpj.exe\ufffd\ufffd");
  expect(printable("tabs\tand lines\nstay: ä µ")).toBe("tabs\tand lines\nstay: ä µ");
});
