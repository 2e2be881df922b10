import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Frame } from "../../src/frames/frame.js";
import { decodeFrames } from "../../src/frames/read-frames.js";
import { systemClock } from "../../src/protocol/clock.js";
import { sleep, temporaryFolder, until } from "../agent/helpers.js";
import { type Entry, tiff } from "../frames/tiff-builder.js";
import { addMicroManagerPage, beginMicroManagerStack } from "../helpers/micro-manager-stack.js";
import { follow } from "./follow.js";

const [WIDTH, HEIGHT] = [100, 90];
const PIXELS = WIDTH * HEIGHT;
const DIRECTORY = 2 + 12 * 9 + 4;

/** A page as Micro-Manager's writer lays it out: directory, pixels, and where the next one will be. */
function stackPage(at: number, value: number): { directory: Buffer; pixels: Buffer } {
  const directory = Buffer.alloc(DIRECTORY);
  directory.writeUInt16LE(9);
  const pixelsAt = at + DIRECTORY;
  const entries = [
    [256, 4, WIDTH],
    [257, 4, HEIGHT],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, pixelsAt],
    [277, 3, 1],
    [278, 4, HEIGHT],
    [279, 4, PIXELS],
  ] as const;
  for (const [i, [tag, type, number]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(1, 6 + 12 * i);
    directory.writeUInt32LE(number, 10 + 12 * i);
  }
  directory.writeUInt32LE(pixelsAt + PIXELS, DIRECTORY - 4);
  return { directory, pixels: Buffer.alloc(PIXELS, value) };
}

async function stack(path: string, reservedBytes = 0) {
  const file = await open(path, "w+");
  onTestFinished(() => file.close());
  await file.truncate(reservedBytes);
  await file.write(Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), 0, 8, 0);
  let at = 8;
  return {
    async add(
      value: number,
      beforePixels: (at: number) => Promise<unknown> = async () => undefined,
    ): Promise<void> {
      const { directory, pixels } = stackPage(at, value);
      await file.write(directory, 0, directory.length, at);
      await beforePixels(at + DIRECTORY);
      await file.write(pixels, 0, pixels.length, at + DIRECTORY);
      at += DIRECTORY + PIXELS;
    },
  };
}

describe("a stack that grows", () => {
  test("gives each page once, though it pauses longer than a file may be unreadable", async () => {
    const folder = await temporaryFolder();
    const { values, problems } = await follow(folder);
    const file = await stack(join(folder, "x_MMStack_Pos0.ome.tif"));
    for (const value of [1, 2, 3, 4]) {
      await file.add(value);
      await until(() => values().includes(value));
      await sleep(value === 2 ? 700 : 0);
    }
    await sleep(400);

    expect(values()).toEqual([1, 2, 3, 4]);
    expect(problems).toEqual([]);
  });

  test("goes on after a restart of the agent where it was", async () => {
    const folder = await temporaryFolder();
    const file = await stack(join(folder, "x_MMStack_Pos0.ome.tif"), 2 ** 32);
    const first = await follow(folder);
    await file.add(1);
    await file.add(2);
    await until(() => first.values().length === 2);
    await first.source.stop();
    await file.add(3);

    const second = await follow(folder, {}, first.headers());
    await until(() => second.values().length === 1);
    await sleep(400);
    expect(second.values()).toEqual([3]);
  });

  test("gives all pages of another file that takes its name", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "x.tif");
    const { values } = await follow(folder);
    const file = await stack(path);
    await file.add(1);
    await file.add(2);
    await until(() => values().length === 2);
    const other = await stack(path);
    await other.add(7);
    await other.add(8);

    await until(() => values().length === 4);
    expect(values()).toEqual([1, 2, 7, 8]);
  });

  test("in 4 GiB of reserved room gives no page before its pixels are there", async () => {
    const folder = await temporaryFolder();
    const { values, problems } = await follow(folder, { giveUpMs: 60_000 });
    const file = await stack(join(folder, "x_NDTiffStack.tif"), 2 ** 32);
    await file.add(1);
    await file.add(2, async () => {
      await until(() => values().includes(1));
      await sleep(500);
      expect(values()).toEqual([1]);
    });

    await until(() => values().length === 2);
    expect(values()).toEqual([1, 2]);
    expect(problems).toEqual([]);
  });

  test("whose writer is held up in the middle of a page gives it when it is whole, and none again", async () => {
    const folder = await temporaryFolder();
    const { values, frames } = await follow(folder, { giveUpMs: 60_000 });
    const path = join(folder, "x_NDTiffStack.tif");
    const file = await stack(path, 2 ** 32);
    await file.add(1);
    await until(() => values().length === 1);
    await file.add(2, async (at) => {
      const half = await open(path, "r+");
      await half.write(Buffer.alloc(PIXELS / 2, 2), 0, PIXELS / 2, at);
      await half.close();
      // Longer than a file has to stand still.
      await sleep(500);
      expect(values()).toEqual([1]);
    });
    await until(() => values().length === 2);
    await file.add(3);
    await until(() => values().length === 3);
    expect(values()).toEqual([1, 2, 3]);
    expect(frames[1]!.frame.pixels.every((count) => count === 2)).toBe(true);
  });

  test("whose last page changes after it was given gives none of those before it again", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "x.tif");
    const { values } = await follow(folder);
    const file = await stack(path);
    for (const value of [1, 2, 3]) await file.add(value);
    await until(() => values().length === 3);
    const again = await open(path, "r+");
    await again.write(Buffer.alloc(100, 9), 0, 100, (await again.stat()).size - 200);
    await again.close();
    await sleep(300);
    await file.add(4);

    await until(() => values().includes(4));
    await sleep(400);
    expect(values()).toEqual([1, 2, 3, 4]);
  });

  test("of zeros is judged as it is once nothing more is expected", async () => {
    const folder = await temporaryFolder();
    const { values } = await follow(folder);
    await (await stack(join(folder, "x.tif"))).add(0);

    await until(() => values().length === 1);
    expect(values()).toEqual([0]);
  });

  test("of zeros is judged, though its rest grows long enough only while it is being read", async () => {
    const folder = await temporaryFolder();
    let now = 0;
    // Each look at the clock finds 120 ms gone: of the 300 that a file has to rest, 240 when it is read and 360 after that.
    const slow = { ...systemClock, after: systemClock.after.bind(systemClock), now: () => (now += 120) };
    const { values, problems } = await follow(folder, {}, [], slow);
    const elsewhere = join(await temporaryFolder(), "x.tif");
    await (await stack(elsewhere)).add(0);
    await rename(elsewhere, join(folder, "x.tif"));

    await until(() => values().length === 1 || problems.length > 0);
    expect(problems).toEqual([]);
    expect(values()).toEqual([0]);
  });

  test("of Micro-Manager gives its last page without waiting for the file to rest", async () => {
    const folder = await temporaryFolder();
    const { values, headers } = await follow(folder, { stableMs: 600_000, giveUpMs: 600_000 });
    const file = await open(join(folder, "x_MMStack_1-Pos000_000.ome.tif"), "w+");
    onTestFinished(() => file.close());
    let at = await beginMicroManagerStack(file);
    for (const value of [1, 2, 3]) {
      const pixels = new Uint16Array(PIXELS).fill(value);
      at = await addMicroManagerPage(
        file,
        at,
        { width: WIDTH, height: HEIGHT, pixels },
        { FrameIndex: value },
      );
      await until(() => values().includes(value));
    }
    expect(values()).toEqual([1, 2, 3]);
    expect(headers().map(({ timeIndex }) => timeIndex)).toEqual([1, 2, 3]);
  });

  test("of Micro-Manager gives no page whose metadata has room, but is not written", async () => {
    const whole = await open(join(await temporaryFolder(), "whole.tif"), "w+");
    onTestFinished(() => whole.close());
    const pixels = new Uint16Array(PIXELS).fill(1);
    const metadata = { FrameIndex: 7 };
    const length = await addMicroManagerPage(
      whole,
      await beginMicroManagerStack(whole),
      { width: WIDTH, height: HEIGHT, pixels },
      metadata,
    );
    const bytes = Buffer.alloc(length);
    await whole.read(bytes, 0, length, 0);
    const text = Buffer.from(JSON.stringify(metadata));
    const textAt = bytes.indexOf(text);
    const folder = await temporaryFolder();
    const { values, headers } = await follow(folder, { stableMs: 600_000, giveUpMs: 600_000 });

    // Micro-Manager reserves the file and writes directory, pixels and metadata one after the other.
    const path = join(folder, "x_MMStack_1-Pos000_000.ome.tif");
    await writeFile(path, Buffer.from(bytes).fill(0, textAt, textAt + text.length));
    await sleep(300);
    expect(values()).toEqual([]);
    await writeFile(path, bytes, { flag: "r+" });

    await until(() => values().length === 1);
    expect(headers().map(({ timeIndex }) => timeIndex)).toEqual([7]);
  });

  test("does not hide files beside it", async () => {
    const folder = await temporaryFolder();
    const { values } = await follow(folder);
    const file = await stack(join(folder, "a.tif"), 2 ** 32);
    await file.add(1);
    await writeFile(join(folder, "notes.txt"), "text");
    await (await stack(join(folder, "b.tif"))).add(9);

    await until(() => values().length === 2);
    expect(new Set(values())).toEqual(new Set([1, 9]));
  });
});

const python = join(import.meta.dirname, "../../bridges/pycromanager/.venv/bin/python");

/** Writers of acquisitions, one image each 300 ms, `n` with the value n; each says when it has written. */
const WRITERS = {
  "ndstorage's NDTiff": `
from ndstorage import NDTiffDataset
ds = NDTiffDataset(root, name="run", summary_metadata={}, writable=True)
def put(n): ds.put_image({"time": n, "channel": "DAPI", "position": 2}, image(n), {"Axes": {"time": n, "channel": "DAPI", "position": 2}})
end = ds.finish`,
  "tifffile that appends": `
import tifffile
def put(n): tifffile.imwrite(root + "/a.tif", image(n), append=True, metadata=None)
end = lambda: None`,
  "a memory map over reserved planes": `
import tifffile
planes = tifffile.memmap(root + "/a.tif", shape=(6, 90, 100), dtype="uint16", metadata={"axes": "TYX"})
def put(n): planes[n - 1] = image(n); planes.flush()
end = lambda: None`,
};

describe("a file whose room is reserved before it is copied into it", () => {
  const [width, height, tile] = [200, 180, 64];
  const tiles = Math.ceil(width / tile) * Math.ceil(height / tile);
  const filled = (bytesEach: number, value: number) => Buffer.alloc(width * height * bytesEach, value);
  /** Numbers of both signs, none of them zero. */
  const signs = (i: number) => 2 * (i % 8) - 7;

  const entriesOf = (bits: number, ...others: readonly Entry[]): Entry[] => [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, bits],
    [259, 3, 1, 1],
    ...others,
  ];

  /** A file with its directory first. @param tileBytes where it is tiled, of each. */
  function fileOf(pixels: Buffer, entries: readonly Entry[], tileBytes?: number): Buffer {
    const directory = 8 + 2 + 12 * (entries.length + (tileBytes === undefined ? 3 : 4)) + 4;
    const lists = Buffer.alloc(tileBytes === undefined ? 0 : 8 * tiles);
    const first = directory + lists.length;
    for (let i = 0; i < lists.length / 8; i++) {
      lists.writeUInt32LE(first + i * tileBytes!, 4 * i);
      lists.writeUInt32LE(tileBytes!, 4 * (tiles + i));
    }
    const blocks: Entry[] =
      tileBytes === undefined
        ? [
            [273, 4, 1, first],
            [278, 4, 1, height],
            [279, 4, 1, pixels.length],
          ]
        : [
            [322, 4, 1, tile],
            [323, 4, 1, tile],
            [324, 4, tiles, directory],
            [325, 4, tiles, directory + 4 * tiles],
          ];
    return Buffer.concat([tiff(new Uint8Array(), [[...entries, ...blocks]]), lists, pixels]);
  }

  const tileBytes = 2 * tile * tile;
  const half = Math.floor((width * height) / 2);
  test.each([
    ["white is zero", fileOf(filled(1, 40), entriesOf(8, [262, 3, 1, 0])), half],
    [
      "signed numbers",
      fileOf(
        Buffer.from(Int16Array.from(filled(1, 0), (_, i) => signs(i)).buffer),
        entriesOf(16, [339, 3, 1, 2]),
      ),
      2 * half,
    ],
    [
      "floating-point numbers",
      fileOf(
        Buffer.from(Float32Array.from(filled(1, 0), (_, i) => signs(i) / 7).buffer),
        entriesOf(32, [339, 3, 1, 3]),
      ),
      4 * half,
    ],
    ["tiles", fileOf(Buffer.alloc(tiles * tileBytes, 3), entriesOf(16), tileBytes), tileBytes],
  ])("of %s is judged when it is all there", async (_, bytes, missing) => {
    const folder = await temporaryFolder();
    const { frames, problems } = await follow(folder, { stableMs: 5000, giveUpMs: 60_000 });
    const path = join(folder, "a.tif");
    const file = await open(path, "w");
    onTestFinished(() => file.close());
    await file.truncate(bytes.length);
    const there = bytes.length - missing;
    await file.write(bytes, 0, there, 0);
    await sleep(300);
    expect(frames).toEqual([]);

    await file.write(bytes, there, missing, there);
    await until(() => frames.length > 0);
    const whole: Frame[] = [];
    for await (const { frame } of decodeFrames(bytes, path)) whole.push(frame);
    expect(frames.map(({ frame }) => Buffer.from(frame.pixels.buffer))).toEqual(
      whole.map(({ pixels }) => Buffer.from(pixels.buffer)),
    );
    expect(problems).toEqual([]);
  });
});

describe.skipIf(!existsSync(python))("a live acquisition", () => {
  test.each(Object.entries(WRITERS))(
    "of %s gives every image once, while the next ones are taken",
    async (name, code) => {
      const folder = await temporaryFolder();
      // Only NDTiff shows that a page is whole: of the others there may be more to come.
      const stableMs = name.includes("NDTiff") ? 600_000 : 100;
      const { values, headers, problems } = await follow(folder, { stableMs, giveUpMs: 600_000 });
      const script = `
import sys, time, numpy as np
root = sys.argv[1]
def image(n): return np.full((90, 100), n, "uint16") + np.eye(90, 100, dtype="uint16")
${code}
for n in range(1, 7):
    put(n)
    print(n, flush=True)
    sys.stdin.readline()
end()
print("end", flush=True)
`;
      const writer = spawn(python, ["-c", script, folder], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void writer.kill());
      let said = "";
      writer.stdout.on("data", (text: Buffer) => {
        said += text.toString();
      });
      for (let n = 1; n <= 6; n++) {
        await until(() => said.includes(`${n}\n`));
        // The next image is only written when this one was answered.
        await until(() => values().length === n);
        writer.stdin.write("\n");
      }
      await until(() => said.includes("end"));
      await sleep(600);

      expect(values()).toEqual([2, 3, 4, 5, 6, 7]);
      expect(problems).toEqual([]);
      if (!name.includes("NDTiff")) return;
      expect(headers()[5]).toMatchObject({
        ...{ channel: "DAPI", timeIndex: 6, site: { name: "run_1/Pos2", position: 2 } },
      });
    },
  );

  test.each([
    { kind: "that is soon closed waits for its channels", giveUpMs: 600_000 },
    { kind: "that goes on for long is judged without them", giveUpMs: 500 },
  ])("of an OME-TIFF of tifffile, which is described last, $kind", async ({ giveUpMs }) => {
    const folder = await temporaryFolder();
    const { headers, values, problems } = await follow(folder, { giveUpMs });
    const script = `
import sys, numpy as np, tifffile
def images():
    for n in (1, 2, 3):
        yield np.full((90, 100), n, "uint16") + np.eye(90, 100, dtype="uint16")
        # After the last one it is not asked again.
        writer._fh.flush()
        print(n, flush=True)
        sys.stdin.readline()
with tifffile.TiffWriter(sys.argv[1] + "/a.ome.tif", ome=True) as writer:
    metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP", "Cy5"]}}
    writer.write(images(), shape=(3, 90, 100), dtype="uint16", compression="zlib", metadata=metadata)
`;
    const writer = spawn(python, ["-c", script, folder], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void writer.kill());
    let said = "";
    writer.stdout.on("data", (text: Buffer) => {
      said += text.toString();
    });
    for (let n = 1; n <= 2; n++) {
      await until(() => said.includes(`${n}\n`));
      await sleep(600);
      if (n === 2 && giveUpMs < 1000) expect(values().length).toBeGreaterThan(0);
      writer.stdin.write("\n");
    }
    await until(() => values().length === 3);

    expect(values()).toEqual([2, 3, 4]);
    expect(problems).toEqual([]);
    if (giveUpMs > 1000) expect(headers().map(({ channel }) => channel)).toEqual(["DAPI", "GFP", "Cy5"]);
  });
});
