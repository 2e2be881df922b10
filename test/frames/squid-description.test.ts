import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFrames } from "../../src/frames/read-frames.js";
import { isSquid, parseSquid } from "../../src/frames/squid-description.js";
import { temporaryFolder } from "../helpers/models.js";
import { type Entry, tiff } from "./tiff-builder.js";

const page = (fields: object) =>
  JSON.stringify({
    ...{ z_level: 3, channel: "Fluorescence 488 nm Ex", channel_index: 1, region_id: "B7", fov: 2 },
    ...{ x_mm: 12.3456, y_mm: -0.5, z_mm: 1.2, time: "2025-07-01 10:00:00.000000", ...fields },
  });

describe("the description of a page of Squid", () => {
  it("tells channel, plane and place", () => {
    expect(isSquid(page({}))).toBe(true);
    expect(parseSquid(page({ "z_piezo (um)": 7.5 }))).toEqual({
      ...{ channel: "Fluorescence 488 nm Ex", channelIndex: 1, zIndex: 3 },
      ...{ xUm: 12345.6, yUm: -500, zUm: 1207.5 },
    });
  });

  it("says nothing about what is missing or of another kind", () => {
    expect(isSquid('{"shape": [3, 4]}')).toBe(false);
    expect(parseSquid('{"fov": 1, "z_level": "top", "channel": 7, "z_mm": null}')).toEqual({});
  });

  it("tells the pages of a stack apart", async () => {
    const texts = [page({ z_level: 0 }), page({ z_level: 1 })].map((text) => Buffer.from(`${text}\0`));
    const pixels = Buffer.alloc(64);
    const at = (i: number) => 8 + 64 + texts.slice(0, i).reduce((sum, text) => sum + text.length, 0);
    const pages = texts.map((text, i): Entry[] => [
      ...([
        [256, 4, 1, 8],
        [257, 4, 1, 8],
        [258, 3, 1, 8],
        [262, 3, 1, 1],
      ] as Entry[]),
      ...([
        [270, 2, text.length, at(i)],
        [273, 4, 1, 8],
        [277, 3, 1, 1],
        [278, 4, 1, 8],
        [279, 4, 1, 64],
      ] as Entry[]),
    ]);
    const path = join(await temporaryFolder(), "B7_2_stack.tiff");
    await writeFile(path, tiff(Buffer.concat([pixels, ...texts]), pages));

    const planes: (number | undefined)[] = [];
    for await (const { metadata } of readFrames(path)) planes.push(metadata.zIndex);
    expect(planes).toEqual([0, 1]);
  });
});
