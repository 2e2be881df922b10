import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { decode } from "fast-png";
import { fromArrayBuffer } from "geotiff";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameShapeError, OutputError } from "../../src/errors.js";
import type { Frame } from "../../src/frames/frame.js";
import { decodeFrames, type FramePage, readFrames } from "../../src/frames/read-frames.js";
import { writeGreyPng, writeRgbPng } from "../../src/frames/write-png.js";
import { encodeTiff, writeTiff } from "../../src/frames/write-tiff.js";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parfocal-"));
});

afterAll(() => rm(folder, { recursive: true }));

const anyFrame: fc.Arbitrary<Frame> = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), fc.nat())
  .map(([width, height, wide, seed]) => {
    const pixels = wide ? new Uint16Array(width * height) : new Uint8Array(width * height);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (seed + i * 40503) & 0xffff;
    return { width, height, pixels };
  });

const ramp16: Frame = { width: 3, height: 2, pixels: Uint16Array.of(0, 1, 256, 4095, 32768, 65535) };

async function only(pages: AsyncIterable<FramePage> | Iterable<FramePage>) {
  const all = [];
  for await (const page of pages) all.push(page);
  expect(all.length).toBe(1);
  return all[0]!;
}

describe("encodeTiff", () => {
  it("writes any frame so that it reads back the same", async () => {
    await fc.assert(
      fc.asyncProperty(anyFrame, async (frame) => {
        expect((await only(decodeFrames(encodeTiff(frame), "a.tif"))).frame).toEqual(frame);
      }),
      { numRuns: 50 },
    );
  });

  it("writes what geotiff, another reader, reads the same", async () => {
    const image = await (await fromArrayBuffer(encodeTiff(ramp16).buffer)).getImage();
    const [pixels] = await image.readRasters();
    expect([image.getWidth(), image.getHeight()]).toEqual([3, 2]);
    expect(pixels).toEqual(ramp16.pixels);
  });

  it("keeps the bit depth and the metadata in Micro-Manager's tag", async () => {
    const frame: Frame = { width: 2, height: 1, pixels: Uint16Array.of(7, 4095), bitDepth: 12 };
    const metadata = {
      zUm: 10.5,
      zOrigin: "intended",
      channel: "µ-DAPI",
      positionName: "A1-Site_0",
    } as const;
    const page = await only(decodeFrames(encodeTiff(frame, metadata), "a.tif"));
    expect(page.frame).toEqual(frame);
    expect(page.metadata).toEqual({ ...metadata, bitDepth: 12 });
  });

  it("refuses pixels that do not fill the frame", () => {
    expect(() => encodeTiff({ ...ramp16, width: 4 })).toThrow(FrameShapeError);
  });
});

describe("writeGreyPng and writeRgbPng", () => {
  it("write frames so that they read back the same", async () => {
    const ramp8: Frame = { width: 3, height: 1, pixels: Uint8Array.of(0, 128, 255) };
    for (const [name, frame] of [
      ["8.png", ramp8],
      ["16.png", ramp16],
    ] as const) {
      await writeGreyPng(join(folder, name), frame);
      expect((await only(readFrames(join(folder, name)))).frame).toEqual(frame);
    }
  });

  it("write colours as RGB", async () => {
    const rgb = Uint8Array.of(255, 0, 0, 0, 128, 255);
    await writeRgbPng(join(folder, "rgb.png"), { width: 2, height: 1, rgb });
    const { width, height, channels, data } = decode(await readFile(join(folder, "rgb.png")));
    expect({ width, height, channels, data }).toEqual({ width: 2, height: 1, channels: 3, data: rgb });
  });

  it("refuse values that do not fill the image", async () => {
    const path = join(folder, "never.png");
    await expect(writeGreyPng(path, { ...ramp16, height: 3 })).rejects.toThrow(FrameShapeError);
    await expect(writeRgbPng(path, { width: 1, height: 1, rgb: new Uint8Array(4) })).rejects.toThrow(
      FrameShapeError,
    );
  });
});

describe("all writers", () => {
  const writers = [writeGreyPng, writeTiff] as const;

  it("replace a file and leave nothing else behind", async () => {
    const inner = join(folder, "inner");
    await mkdir(inner);
    for (const write of writers) {
      const path = join(inner, "frame.img");
      await write(path, { width: 1, height: 1, pixels: Uint8Array.of(1) });
      await write(path, ramp16);
      expect((await only(readFrames(path))).frame).toEqual(ramp16);
      expect(await readdir(inner)).toEqual(["frame.img"]);
    }
  });

  it("name path and reason where they cannot write, and leave nothing behind", async () => {
    const taken = join(folder, "taken");
    await mkdir(join(taken, "x"), { recursive: true });
    for (const write of writers) {
      const missing = join(folder, "none/frame.img");
      const error = await write(missing, ramp16).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(OutputError);
      expect((error as Error).message).toBe(`${missing}: cannot be written: no such file or folder`);
      await expect(write(taken, ramp16)).rejects.toThrow(`${taken}: cannot be written: this is a folder`);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
