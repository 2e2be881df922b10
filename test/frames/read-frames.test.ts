import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FrameReadError, isParfocalError } from "../../src/errors.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { temporaryFolder } from "../agent/helpers.js";
import { describePage, expected, FIXTURES, fixture, jpegs, readAll } from "./fixtures.js";

async function messageFor(name: string): Promise<string> {
  const { pages, error } = await fixture(name);
  expect(pages).toEqual([]);
  expect(isParfocalError(error, "FrameReadError")).toBe(true);
  const { message, path } = error as FrameReadError;
  expect(path).toBe(join(FIXTURES, name));
  expect(message.startsWith(`${path}: `)).toBe(true);
  expect(message).not.toMatch(/\n|\bat .*\.(js|ts):/);
  return message.slice(path.length + 2);
}

describe("readFrames", () => {
  it.each([
    ["an ND2 file of NIS-Elements", Buffer.from([0xda, 0xce, 0xbe, 0x0a, 0, 0, 0, 0])],
    ["a CZI file of ZEN", Buffer.from("ZISRAWFILE")],
    ["a LIF file of LAS X", Buffer.from([0x70, 0, 0, 0, 0x2a, 0, 0, 0])],
    ["an OIB or ZVI file", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])],
    ["a GIF", Buffer.from("GIF89a..")],
    ["a zip file", Buffer.from("PK\x03\x04 and more")],
  ])("says what to do with %s", async (format, bytes) => {
    const path = join(await temporaryFolder(), "a.tif");
    await writeFile(path, bytes);
    const { error } = await readAll(readFrames(path));
    expect(String(error)).toContain(`${path}: this is ${format}, which is not read: convert it to OME-Zarr`);
  });

  const whole = Object.keys(expected).filter((name) => !name.startsWith("broken"));

  it.each(whole)("reads %s exactly as Python does", async (name) => {
    const { pages, error } = await fixture(name);
    expect(error).toBeUndefined();
    expect(pages.map((page) => page.page)).toEqual(expected[name]!.map((_, i) => i));
    expect(pages.map((page, i) => describePage(page, expected[name]![i]!))).toEqual(expected[name]);
  });

  it.each(Object.entries(jpegs))("reads %s as Python does, but for rounding", async (name, [want]) => {
    const { pages, error } = await fixture(name);
    expect(error).toBeUndefined();
    const read = describePage(pages[0]!, want!);
    expect(read).toMatchObject({ width: want!.width, height: want!.height, dtype: "uint8" });
    expect(Math.abs(read.sum / want!.sum - 1)).toBeLessThan(0.005);
    expect(Math.abs(read.weightedSum / want!.weightedSum - 1)).toBeLessThan(0.005);
    for (const [i, [, , value]] of want!.pixels.entries()) {
      expect(Math.abs(read.pixels[i]![2] - value)).toBeLessThan(4);
    }
  });

  it("takes the channel of a colour image that is asked for", async () => {
    for (const name of ["rgb8.png", "rgb8.tif", "rgba8.tif", "rgb8_planar.tif"]) {
      const { pages } = await readAll(readFrames(join(FIXTURES, name), { colour: "red" }));
      const want = expected["grey8.tif"]![0]!;
      expect(describePage(pages[0]!, want)).toEqual(want);
    }
  });

  it("covers every format that the fixtures were made for", () => {
    expect(whole.length).toBeGreaterThan(40);
  });

  it.each(["broken_page3_deflate.tif", "broken_page3_offset.tif", "broken_page3_loop.tif"])(
    "gives the two good pages of %s, then names the third",
    async (name) => {
      const { pages, error } = await fixture(name);
      expect(pages.map((page, i) => describePage(page, expected[name]![i]!))).toEqual(expected[name]);
      expect(error).toBeInstanceOf(FrameReadError);
      expect((error as Error).message).toContain("page 2 (number 3 in the file)");
    },
  );

  it.each([
    ["broken_cut_in_header.tif", "ends within the TIFF header (6 bytes)"],
    ["broken_cut_in_directory.tif", "cut short"],
    ["broken_cut_in_pixels.tif", "strip 0 ends at byte 18208, but the file has 9104 bytes"],
    ["broken_cut_last_byte.tif", "strip 0 ends at byte 18208, but the file has 18207 bytes"],
    ["broken_cut_lzw.tif", "cut short or still being written"],
    ["broken_cut_bigtiff.tif", "ends within the BigTIFF header"],
    ["broken_cut.png", "before its end mark"],
    ["broken_cut_end_mark.png", "before its end mark"],
    ["broken_cut_in_header.png", "before its end mark"],
    ["broken_bit_flip.png", "CRC mismatch"],
    ["broken_height_doubled.png", "damaged"],
    ["broken_empty.tif", "the file is empty"],
    ["broken_text.tif", "neither a TIFF nor a PNG"],
  ])("says that %s is cut short, damaged or no image", async (name, reason) => {
    expect(await messageFor(name)).toContain(reason);
  });

  it.each([
    ["broken_one_bit.tif", "1-bit"],
    ["broken_one_bit.png", "1-bit"],
    ["broken_palette.png", "a colour palette"],
    ["broken_webp.tif", "WebP"],
    ["broken_complex.tif", "complex"],
  ])("refuses %s and names its pixels", async (name, pixels) => {
    expect(await messageFor(name)).toContain(pixels);
  });

  it.each([
    ["broken_huge_width.tif", "over the limit of 32768 px a side"],
    ["broken_huge_width.png", "over the limit of 32768 px a side"],
    ["broken_big_uncompressed.tif", "strip 0 ends at byte 1800000"],
    ["broken_big_lzw.tif", "cannot hold the 1800000000 bytes"],
    ["broken_big.png", "cannot hold"],
  ])("refuses the claims of %s before it allocates a frame", async (name, reason) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await messageFor(name)).toContain(reason);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it("says that a folder is no file, and that a missing file is missing", async () => {
    const folder = await readAll(readFrames(FIXTURES));
    expect((folder.error as Error).message).toBe(`${FIXTURES}: this is a folder, not a file`);
    const missing = join(FIXTURES, "none.tif");
    const { error } = await readAll(readFrames(missing));
    expect(error).toBeInstanceOf(FrameReadError);
    expect((error as Error).message).toBe(`${missing}: no such file or folder`);
  });

  it("says that permission is missing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parfocal-"));
    const path = join(folder, "locked.tif");
    await writeFile(path, "x");
    await chmod(folder, 0o755);
    await chmod(path, 0o000);
    // The superuser may read anything, so the test gives that right up for the moment.
    const user = process.geteuid?.();
    if (user === 0) process.seteuid?.(65534);
    const { error } = await readAll(readFrames(path));
    if (user === 0) process.seteuid?.(0);
    await rm(folder, { recursive: true });
    expect(error).toBeInstanceOf(FrameReadError);
    expect((error as Error).message).toContain("locked.tif: no permission");
  });

  it("stops when it is told to, with the reason of the signal", async () => {
    const stop = new AbortController();
    const pages = readFrames(join(FIXTURES, "multipage16.tif"), { signal: stop.signal });
    expect((await pages.next()).done).toBe(false);
    stop.abort(new Error("enough"));
    await expect(pages.next()).rejects.toThrow("enough");
  });
});
