import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { OpenFileBytes } from "../../src/frames/file-bytes.js";
import { FrameDecoder } from "../../src/frames/frame-decoder.js";
import { decodeFrames, type FramePage, readFrames } from "../../src/frames/read-frames.js";
import { readAll } from "./fixtures.js";
import { BIG_TIFF_BYTES, bigTiff, type Entry, tiff } from "./tiff-builder.js";

const page = (side: number, compression: number, bytes: number): Entry[] => [
  [256, 4, 1, side],
  [257, 4, 1, side],
  [258, 3, 1, 8],
  [259, 3, 1, compression],
  [262, 3, 1, 1],
  [273, 4, 1, 8],
  [278, 4, 1, side],
  [279, 4, 1, bytes],
];

function chunk(name: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + body.length);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(name, 4, "latin1");
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length);
  return bytes;
}

function png(side: number, ...chunks: readonly Buffer[]): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head[8] = 8;
  const signature = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), ...chunks, chunk("IEND", new Uint8Array())]);
}

async function read(bytes: Uint8Array): Promise<FramePage[]> {
  const { pages, error } = await readAll(decodeFrames(bytes, "crafted"));
  if (error !== undefined) throw error;
  return pages;
}
const flat = deflateSync(new Uint8Array(300 * 2 ** 20), { level: 9 });

describe("a crafted file", () => {
  test("that claims far more pixels than its size can mean is refused by name, before anything is allocated", async () => {
    const before = process.memoryUsage().arrayBuffers;

    await expect(read(tiff(flat, [page(16_000, 8, flat.length)]))).rejects.toThrow(
      /crafted: .*no camera's image/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test("with a tile as large as a hall for a small image is refused", async () => {
    const tiled = page(100, 8, flat.length).filter(([tag]) => tag < 273);
    const bytes = tiff(flat, [
      [...tiled, [322, 4, 1, 32_768], [323, 4, 1, 32_768], [324, 4, 1, 8], [325, 4, 1, flat.length]],
    ]);

    await expect(read(bytes)).rejects.toThrow(/bytes of pixels that its size needs|no camera's image/);
  });

  test("whose directories lie within each other is refused at once", async () => {
    const [entries, directories] = [20_000, 20_000];
    const bytes = Buffer.alloc(10 + 12 * (entries + directories) + 16);
    bytes.write("II*\0", "latin1");
    bytes.writeUInt32LE(8, 4);
    bytes.writeUInt16LE(entries, 8);
    for (let i = 0; i < entries + directories; i++) {
      const at = 10 + 12 * i;
      if (i < entries) bytes.writeUInt32LE((4 << 16) | 254, at);
      else bytes.writeUInt32LE(i - entries + 1 < directories ? 8 + 12 * (i - entries + 1) : 0, at);
      bytes.writeUInt32LE(1, at + 4);
      bytes.writeUInt32LE(((entries << 16) | 1) >>> 0, at + 8);
    }

    await expect(read(bytes)).rejects.toThrow("overlap");
  });

  test("with a tag of millions of values is read for the first one", async () => {
    const many = new Uint8Array(30_000_000).fill(100);
    const entries = page(100, 1, 10_000).filter(([tag]) => tag !== 256);

    const [only] = await read(tiff(many, [[[256, 1, many.length, 8], ...entries]]));

    expect(only).toMatchObject({ frame: { width: 100, height: 100 } });
  });

  test.each(["<Pixels ", "\t\t\t\t\t\t\t\t", "<!--<?<", '{"shape"', "<MetaData>"])(
    "with a megabyte of %j keeps its frame",
    async (part) => {
      const text = Buffer.concat([Buffer.alloc(10_000, 50), Buffer.from(part.repeat(131_072))]);
      const description: Entry = [270, 2, text.length - 10_000, 8 + 10_000];

      expect(await read(tiff(text, [[...page(100, 1, 10_000), description]]))).toHaveLength(1);
    },
  );

  test("whose PNG data unpack to more than its pixels is refused, and other chunks are not unpacked", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const profile = Buffer.concat([Buffer.from("a\0\0"), flat]);
    const good = deflateSync(new Uint8Array(100 * 101));

    await expect(read(png(100, chunk("IDAT", flat)))).rejects.toThrow("far more than its pixels");
    expect(await read(png(100, chunk("iCCP", profile), chunk("IDAT", good)))).toHaveLength(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 2 ** 20);
  });

  test("whose PNG data have a little behind its pixels is read without it", async () => {
    const more = deflateSync(Buffer.concat([new Uint8Array(100 * 101), Buffer.alloc(1000, 7)]));
    expect(await read(png(100, chunk("IDAT", more)))).toHaveLength(1);
  });

  test("that is a pipe or a device is refused without waiting for it", async () => {
    const pipe = join(await mkdtemp(join(tmpdir(), "parfocal-pipe-")), "a.tif");
    execFileSync("mkfifo", [pipe]);

    for (const path of [pipe, "/dev/zero"]) {
      await expect(readFrames(path).next()).rejects.toThrow(`${path}: this is a pipe or a device`);
    }
  });

  test("of many pages may be larger than one image may be", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-large-")), "a.tif");
    await writeFile(path, tiff(new Uint8Array(3 * 2 ** 20), [page(100, 1, 10_000)]));

    expect((await readAll(readFrames(path, { maxBytes: 2 ** 20 }))).pages).toHaveLength(1);
  });

  test("with an image that is larger than allowed is refused before it is read", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-large-")), "a.tif");
    await writeFile(path, tiff(new Uint8Array(4 * 2 ** 20), [page(2048, 1, 4 * 2 ** 20)]));

    await expect(readFrames(path, { maxBytes: 2 ** 20 }).next()).rejects.toThrow(
      "4 MiB, over the limit of 1 MiB",
    );
  });

  test("with strips that all lie in the same place is refused before anything is allocated", async () => {
    const side = 32_768;
    const lists = Buffer.alloc(side + 8 * side, 9);
    for (let row = 0; row < side; row++) {
      lists.writeUInt32LE(8, side + 4 * row);
      lists.writeUInt32LE(side, side + 4 * side + 4 * row);
    }
    const overlapping = page(side, 1, side).map(([tag, type, count, value]): Entry => {
      if (tag === 273) return [273, 4, side, 8 + side];
      if (tag === 279) return [279, 4, side, 8 + side + 4 * side];
      return tag === 278 ? [278, 4, 1, 1] : [tag, type, count, value];
    });
    const before = process.memoryUsage().arrayBuffers;

    await expect(read(tiff(lists, [overlapping]))).rejects.toThrow(/no camera's image/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
  });

  test("with an image that no memory holds is refused by whatever reads files", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-large-")), "a.tif");
    // 32,768 x 32,768 px of 64 floating-point channels: 512 GiB, of which the disk holds the directory.
    const pixels = 64 * 8 * 32_768 ** 2;
    await writeFile(path, bigTiff({ side: 32_768, bits: 64, channels: 64, pixels }));
    await truncate(path, BIG_TIFF_BYTES + pixels);
    const refusal = `${path}: it takes 524288 MiB, over the limit of`;

    await expect(readFrames(path).next()).rejects.toThrow(refusal);
    const decoder = new FrameDecoder(1);
    for await (const read of decoder.pages([path]))
      expect(read).toMatchObject({ failure: expect.stringContaining(refusal) });
    await decoder.dispose();
  });

  test("with a PNG of more pixels than allowed, or of far more bytes than pixels, is refused before it is read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parfocal-large-"));
    const [large, long] = [join(folder, "large.png"), join(folder, "long.png")];
    await writeFile(large, png(20_000, chunk("IDAT", flat)));
    await writeFile(long, png(100, chunk("IDAT", deflateSync(new Uint8Array(100 * 101)))));
    await truncate(long, 2 ** 31);
    const before = process.memoryUsage().arrayBuffers;

    await expect(readFrames(large, { maxBytes: 2 ** 20 }).next()).rejects.toThrow(
      /large.png: .*381 MiB, over/,
    );
    await expect(readFrames(long).next()).rejects.toThrow(/long.png: .*2048 MiB, far more than/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
});

test("an image whose only strip has more than 2 GiB is read", async () => {
  const path = join(await mkdtemp(join(tmpdir(), "parfocal-large-")), "a.tif");
  const pixels = 2 * 32_768 ** 2;
  await writeFile(path, bigTiff({ side: 32_768, bits: 16, channels: 1, pixels }));
  await truncate(path, BIG_TIFF_BYTES + pixels);
  const descriptor = openSync(path, "r");

  // Its last bytes lie beyond what the system gives at once.
  expect(new OpenFileBytes(descriptor, BIG_TIFF_BYTES + pixels).read(BIG_TIFF_BYTES, pixels)).toHaveLength(
    pixels,
  );
  closeSync(descriptor);
});

describe("a PNG", () => {
  const rows = chunk("IDAT", deflateSync(new Uint8Array(100 * 101)));
  const broken = (name: string) => {
    const bytes = chunk(name, Buffer.from("key\0text"));
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };

  test("with a damaged text is read, one with a damaged chunk that its image needs is not", async () => {
    expect(await read(png(100, broken("tEXt"), rows))).toHaveLength(1);
    expect(await read(png(100, broken("sBIT"), rows))).toHaveLength(1);
    await expect(read(png(100, broken("PLTE"), rows))).rejects.toThrow("CRC mismatch in its PLTE chunk");
  });

  test("that is animated gives its first image and says that the others are not read", async () => {
    const control = Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]);
    const told = read(png(100, chunk("acTL", control), rows));
    await expect(told).rejects.toThrow("the PNG is animated: its first image alone is read");
    const one = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]);
    expect(await read(png(100, chunk("acTL", one), rows))).toHaveLength(1);
  });
});
