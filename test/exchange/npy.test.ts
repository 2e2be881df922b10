import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { npyFile } from "../../src/exchange/npy.js";

const folder = mkdtempSync(join(tmpdir(), "parfocal-npy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a file begins with the header of NumPy, aligned, and holds the numbers in order, little-endian", () => {
  const bytes = npyFile(Uint16Array.of(1, 2, 3, 0x1234, 5, 6), [2, 3]);
  const headerEnd = 10 + (bytes[8]! | (bytes[9]! << 8));

  expect(Buffer.from(bytes.subarray(0, 6)).toString("latin1")).toBe("\u0093NUMPY");
  expect(headerEnd % 64).toBe(0);
  expect(Buffer.from(bytes.subarray(10, headerEnd)).toString().trim()).toBe(
    "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }",
  );
  expect(bytes[headerEnd - 1]).toBe(0x0a);
  expect([...bytes.subarray(headerEnd)]).toEqual([1, 0, 2, 0, 3, 0, 0x34, 0x12, 5, 0, 6, 0]);
});

const python = "bridges/pycromanager/.venv/bin/python";
function hasNumpy(): boolean {
  try {
    execFileSync(python, ["-c", "import numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasNumpy())("NumPy reads what was written, of one axis and of three", () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i / 7 - 1);
  writeFileSync(join(folder, "cube.npy"), npyFile(values, [2, 3, 4]));
  writeFileSync(join(folder, "line.npy"), npyFile(values, [24]));
  const program = `
import json, sys, numpy
cube, line = (numpy.load(f"{sys.argv[1]}/{name}.npy") for name in ("cube", "line"))
print(json.dumps([cube.shape, line.shape, cube.dtype.name, float(cube[1, 2, 3]), line.tolist()]))`;

  const [cube, line, dtype, last, all] = JSON.parse(
    execFileSync(python, ["-c", program, folder], { encoding: "utf8" }),
  ) as [number[], number[], string, number, number[]];

  expect([cube, line, dtype, last]).toEqual([[2, 3, 4], [24], "float32", values[23]]);
  expect(all).toEqual([...values]);
});
