import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReadError } from "../../src/errors.js";
import { decodeFrames } from "../../src/frames/read-frames.js";
import { describePage, expected, FIXTURES, fixture, readAll } from "./fixtures.js";

describe("decodeFrames", () => {
  it("gives each frame memory of its own, so that it can be transferred", async () => {
    const bytes = await readFile(join(FIXTURES, "multipage16.tif"));
    const { pages } = await readAll(decodeFrames(bytes, "a.tif"));
    const memories = new Set(pages.map(({ frame }) => frame.pixels.buffer));
    expect(memories.size).toBe(4);
    expect(memories.has(bytes.buffer)).toBe(false);
    for (const { frame } of pages) expect(frame.pixels.buffer.byteLength).toBe(frame.pixels.byteLength);
  });

  it("reads a file that begins anywhere in a larger buffer", async () => {
    const file = await readFile(join(FIXTURES, "tiled16_be_predictor.tif"));
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    const { pages } = await readAll(decodeFrames(larger.subarray(3), "a.tif"));
    const want = expected["tiled16_be_predictor.tif"]!;
    expect(pages.map((page, i) => describePage(page, want[i]!))).toEqual(want);
  });

  it("never takes a cut file for a whole one", async () => {
    const names = [
      "grey16_be.tif",
      "lzw16_noise.tif",
      "deflate16_be_predictor.tif",
      "tiled8.tif",
      "grey16.png",
    ];
    for (const name of names) {
      const bytes = await readFile(join(FIXTURES, name));
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
          const { pages, error } = await readAll(decodeFrames(bytes.subarray(0, length), name));
          expect(pages).toEqual([]);
          expect(error).toBeInstanceOf(FrameReadError);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("ends every damaged file with frames or a FrameReadError, never with anything else", async () => {
    const names = [
      "lzw16_be_predictor.tif",
      "multipage16_be_deflate.tif",
      "bigtiff16_le.tif",
      "mm_stack.ome.tif",
    ];
    names.push("mm_separate_be.tif", "packbits8.tif", "grey16_sbit12.png");
    for (const name of names) {
      const bytes = await readFile(join(FIXTURES, name));
      // Most bytes are pixels; the headers and directories are where damage matters.
      const place = fc.oneof(fc.nat(Math.min(400, bytes.length - 1)), fc.nat(bytes.length - 1));
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 }),
          async (hits) => {
            const damaged = Uint8Array.from(bytes);
            for (const [at, value] of hits) damaged[at] = value;
            const { pages, error } = await readAll(decodeFrames(damaged, name));
            for (const { frame } of pages) expect(frame.pixels.length).toBe(frame.width * frame.height);
            if (error !== undefined) expect(error).toBeInstanceOf(FrameReadError);
          },
        ),
        { numRuns: 80 },
      );
    }
  });
});

describe("the metadata and bit depth of a frame", () => {
  const record = {
    xUm: -1200.25,
    yUm: 340.5,
    zUm: 4213.2,
    zOrigin: "measured",
    exposureMs: 25.5,
    pixelUm: 0.325,
    channel: "DAPI",
    positionName: "B07-Site_2",
    bitDepth: 12,
    timeIndex: 3,
    zIndex: 1,
    channelIndex: 0,
    positionIndex: 5,
    camera: "Andor",
    binning: "2",
    elapsedMs: 1234,
  };

  it.each(["mm_separate_be.tif", "mm_separate_le.tif"])(
    "come from ImageJ's info block where Micro-Manager's tag is missing (%s)",
    async (name) => {
      const { pages } = await fixture(name);
      expect(pages[0]!.metadata).toEqual(record);
      expect(pages[0]!.frame.bitDepth).toBe(12);
    },
  );

  it("come from Micro-Manager's tag of each page, and from OME-XML though a second description follows it", async () => {
    const { pages } = await fixture("mm_stack.ome.tif");
    expect(pages.map((page) => page.metadata)).toEqual([
      { ...record, zIndex: 0, zUm: 10 },
      { ...record, zIndex: 1, zUm: 11 },
    ]);
  });

  it("come from pycro-manager's spellings", async () => {
    const { pages } = await fixture("pycromanager16.tif");
    expect(pages[0]!.metadata).toEqual({
      xUm: 1,
      zUm: 7.5,
      zOrigin: "intended",
      exposureMs: 10,
      pixelUm: 0.65,
      channel: "GFP",
      bitDepth: 16,
      timeIndex: 4,
      zIndex: 2,
      positionIndex: 1,
    });
    expect(pages[0]!.frame.bitDepth).toBeUndefined();
  });

  it("come from OME-XML for all pages, though only the first carries it", async () => {
    const { pages } = await fixture("significant_bits.ome.tif");
    expect(pages.map((page) => page.metadata)).toEqual([
      { bitDepth: 12, pixelUm: 0.65, zIndex: 0 },
      { bitDepth: 12, pixelUm: 0.65, zIndex: 1 },
    ]);
    expect(pages.map((page) => page.frame.bitDepth)).toEqual([12, 12]);
  });

  it("are left out, and the frame is given, where they are damaged", async () => {
    const { pages, error } = await fixture("damaged_metadata16.tif");
    expect(error).toBeUndefined();
    expect(pages.map((page) => page.metadata)).toEqual([{}]);
  });

  it("bear no bit depth that a pixel exceeds", async () => {
    const { pages } = await fixture("bit_depth_too_low16.tif");
    expect(pages[0]!.metadata.bitDepth).toBe(10);
    expect(pages[0]!.frame.bitDepth).toBeUndefined();
  });

  it("take PNG's sBIT unless the values are scaled up", async () => {
    expect((await fixture("grey16_sbit12.png")).pages[0]!.frame.bitDepth).toBe(12);
    expect((await fixture("grey16_sbit12_scaled.png")).pages[0]!.frame.bitDepth).toBeUndefined();
  });
});
