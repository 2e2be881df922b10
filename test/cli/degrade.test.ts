import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { parfocal } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/frames");
const SHARP = join(FIXTURES, "grey16_le.tif");

async function frameIn(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) return frame;
  throw new Error(`${path} holds no frame`);
}

describe("parfocal degrade", () => {
  it("writes the same bytes for the same seed, others for another", async () => {
    const folder = await temporaryFolder();
    const noisy = async (name: string, seed: string) => {
      const out = join(folder, name);
      const { code, stderr } = await parfocal(
        "degrade",
        SHARP,
        "--out",
        out,
        "--level",
        "3",
        "--electrons-per-count",
        "0.2",
        "--seed",
        seed,
      );
      expect(code, stderr).toBe(0);
      return readFile(join(out, "grey16_le.tif"));
    };
    const first = await noisy("a", "7");
    expect((await noisy("b", "7")).equals(first)).toBe(true);
    expect((await noisy("c", "8")).equals(first)).toBe(false);
  });

  it("blurs without noise as the optics do, --level k as --z-um 2 k, and adds gain and offset", async () => {
    const out = await temporaryFolder();
    const degrade = async (name: string, ...options: string[]) => {
      const { code, stderr } = await parfocal("degrade", SHARP, "--out", join(out, name), ...options);
      expect(code, stderr).toBe(0);
      return frameIn(join(out, name, "grey16_le.tif"));
    };
    const byLevel = await degrade("level", "--level", "4");
    const byZ = await degrade("z", "--z-um", "-8");
    expect(byZ.pixels).toEqual(byLevel.pixels);
    const source = await frameIn(SHARP);
    const blurred = new Defocus(source.width, source.height).apply(toFloat(source), 8);
    expect(byLevel.pixels).toEqual(
      Uint16Array.from(blurred, (value) => Math.min(65_535, Math.max(0, Math.round(value)))),
    );
    const changed = await degrade("gain", "--level", "4", "--gain", "0.5", "--offset", "300");
    expect(changed.pixels).toEqual(
      Uint16Array.from(blurred, (value) => Math.round(Math.max(0, value) * 0.5 + 300)),
    );
  });

  it.each([[[]], [["--level", "2", "--z-um", "4"]]])(
    "needs exactly one of --level and --z-um: refuses %j as wrong usage",
    async (options) => {
      const { code, stderr } = await parfocal("degrade", SHARP, "--out", "unused", ...options);
      expect(code).toBe(2);
      expect(stderr).toContain("Give one of --level and --z-um");
    },
  );

  it("leaves out a file that cannot be read, names it, writes the others and ends with code 3", async () => {
    const out = await temporaryFolder();
    const { code, stderr } = await parfocal(
      "degrade",
      join(FIXTURES, "broken_text.tif"),
      SHARP,
      "--out",
      out,
      "--level",
      "1",
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/Skipped: .*broken_text\.tif: this is neither a TIFF nor a PNG/);
    expect(await readdir(out)).toEqual(["grey16_le.tif"]);
  });

  it("names a place that cannot be written to, without a stack trace", async () => {
    const place = join(SHARP, "below");
    const { code, stderr } = await parfocal("degrade", SHARP, "--out", place, "--level", "1");
    expect(code).toBe(1);
    expect(stderr).toContain(place);
    expect(stderr).not.toMatch(/\n\s+at |fault in Parfocal/);
  });
});
