import { copyFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FrameDecoder } from "../../src/frames/frame-decoder.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { DATA } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/frames");
const fixture = (name: string) => join(FIXTURES, name);
const decoder = new FrameDecoder(2);
afterAll(() => decoder.dispose());

/** "name page" of each page, "name failure" of each failure, in the order they come. */
async function outline(paths: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const decoded of decoder.pages(paths)) {
    const name = decoded.path.split(/[\\/]/).at(-1);
    lines.push(`${name} ${"page" in decoded ? decoded.page.page : decoded.failure}`);
  }
  return lines;
}

describe("FrameDecoder", () => {
  it("gives the pages of large and small files in the order of the files and of the pages", async () => {
    const paths = [
      join(DATA, "plate/dsb_520x696_6b72b61b80.png"),
      fixture("multipage16.tif"),
      fixture("grey8.png"),
      fixture("multipage16.tif"),
    ];
    const lines = await outline(paths);
    const pages = lines.filter((line) => line.startsWith("multipage16")).length / 2;
    expect(pages).toBeGreaterThan(1);
    const stack = Array.from({ length: pages }, (_, page) => `multipage16.tif ${page}`);
    expect(lines).toEqual(["dsb_520x696_6b72b61b80.png 0", ...stack, "grey8.png 0", ...stack]);
  });

  it.each([
    ...["multipage16.tif", "float32_counts.tif", "float64_tiles.tif", "int16_negative.tif", "jpeg_rgb8.tif"],
    ...["rgb16_lzw.tif", "rgb8.png", "../zarr/v2_blosc_lz4.zarr", "../zarr/v3_blosc.zarr"],
  ])("gives the pixels of %s that reading in this thread gives", async (name) => {
    const direct = [];
    for await (const { frame } of readFrames(fixture(name))) direct.push(frame);
    let count = 0;
    for await (const decoded of decoder.pages([fixture(name)])) {
      if (!("page" in decoded)) throw new Error(decoded.failure);
      expect(decoded.page.frame).toEqual(direct[decoded.page.page]);
      count++;
    }
    expect(count).toBe(direct.length);
  });

  it("goes on after damaged and missing files, each with its path and reason", async () => {
    const paths = [
      "broken_text.tif",
      "grey8.png",
      "broken_cut.png",
      "no-such-file.tif",
      "broken_empty.tif",
      "grey16_le.tif",
    ].map(fixture);
    const lines = await outline(paths);
    expect(lines.length).toBe(6);
    expect(lines[0]).toContain(`${paths[0]}: this is neither a TIFF nor a PNG`);
    expect(lines[1]).toBe("grey8.png 0");
    expect(lines[2]).toContain(paths[2]);
    expect(lines[3]).toContain(`${paths[3]}: no such file`);
    expect(lines[4]).toContain(`${paths[4]}: the file is empty`);
    expect(lines[5]).toBe("grey16_le.tif 0");
  });

  it("gives the pages before and after a damaged one, and why that one is damaged", async () => {
    const lines = await outline([fixture("broken_page3_deflate.tif"), fixture("grey8.png")]);
    expect(lines.slice(0, 2)).toEqual(["broken_page3_deflate.tif 0", "broken_page3_deflate.tif 1"]);
    expect(lines[2]).toContain("broken_page3_deflate.tif");
    expect(lines.slice(3)).toEqual(["broken_page3_deflate.tif 3", "grey8.png 0"]);
  });

  it("reads a file of over 128 MiB as it reads a small one", async () => {
    const large = join(await temporaryFolder(), "large.tif");
    await copyFile(fixture("multipage16.tif"), large);
    const before = await outline([large]);
    // What lies behind the last page is a hole on the disk.
    await truncate(large, 129 * 2 ** 20);
    expect(await outline([large, fixture("grey8.png")])).toEqual([...before, "grey8.png 0"]);
  });

  it("stops at a signal", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { path } of decoder.pages(
        [fixture("grey8.png"), fixture("grey16.png")],
        stop.signal,
      )) {
        seen.push(path);
        stop.abort(new Error("enough"));
      }
    })();
    await expect(reading).rejects.toThrow("enough");
    expect(seen).toEqual([fixture("grey8.png")]);
  });

  it("can be left and disposed of while threads start and decode, again and again", async () => {
    for (let round = 0; round < 8; round++) {
      const hasty = new FrameDecoder(3);
      for await (const { path } of hasty.pages(["grey8.png", "grey16.png", "grey8.tif"].map(fixture))) {
        expect(path).toBe(fixture("grey8.png"));
        break;
      }
      await hasty.dispose();
    }
  });
});
