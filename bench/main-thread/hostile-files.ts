import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import { encodeTiff } from "../../src/frames/write-tiff.js";
import { type Entry, tiff } from "../../test/frames/tiff-builder.js";
import { benchFrame } from "../frames.js";

/** What makes a file or what looks like one, of a name without extension. */
export type MakeFile = (path: string) => Promise<unknown>;

const TEXT_BYTES = 2 ** 20;

/** Files as nobody should put them into a drop folder, and one good one. */
export async function hostileFiles(): Promise<MakeFile[]> {
  const bomb = deflateSync(new Uint8Array(300 * 2 ** 20), { level: 9 });
  const good = encodeTiff({ width: 2048, height: 2048, pixels: await benchFrame(2048) });
  const text = Buffer.concat([Buffer.alloc(10_000, 50), Buffer.alloc(TEXT_BYTES, "<Pixels ")]);
  const description: Entry = [270, 2, TEXT_BYTES, 8 + 10_000];
  const write = (bytes: Uint8Array | string, extension: string) => (path: string) =>
    writeFile(`${path}.${extension}`, bytes);
  return [
    write(good, "tif"),
    async (path) => execFileSync("mkfifo", [`${path}.tif`]),
    write(tiff(bomb, [page(16_000, 8, bomb.length)]), "tif"),
    write(tiff(bomb, [page(4000, 8, bomb.length)]), "tif"),
    write(tiff(text, [[...page(100, 1, 10_000), description]]), "tif"),
    write(
      tiff(
        new Uint8Array(10_000),
        Array.from({ length: 3000 }, () => page(100, 1, 10_000)),
      ),
      "tif",
    ),
    (path) => mkdir(`${path}.tif`),
    (path) => symlink("/dev/zero", `${path}.png`),
    write(good.subarray(0, 1_000_000), "tif"),
    write(Buffer.alloc(TEXT_BYTES, 255), "png"),
    write("", "tif"),
    write(good, "tif"),
  ];
}

/** The tags of a page of 8-bit pixels, `side` px a side. */
function page(side: number, compression: number, bytes: number): Entry[] {
  return [
    ...([
      [256, 4, 1, side],
      [257, 4, 1, side],
      [258, 3, 1, 8],
      [259, 3, 1, compression],
    ] satisfies Entry[]),
    ...([
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [278, 4, 1, side],
      [279, 4, 1, bytes],
    ] satisfies Entry[]),
  ];
}
