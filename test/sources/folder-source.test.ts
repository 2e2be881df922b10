import { execFileSync } from "node:child_process";
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { AgentConfig } from "../../src/config/schema.js";
import { FrameReadError, UnknownNameError } from "../../src/errors.js";
import { writeGreyPng } from "../../src/frames/write-png.js";
import { encodeTiff } from "../../src/frames/write-tiff.js";
import { type Clock, systemClock } from "../../src/protocol/clock.js";
import { FrameMessage } from "../../src/protocol/messages.js";
import { FolderSource } from "../../src/sources/folder-source.js";
import { createSource } from "../../src/sources/registry.js";
import type { IncomingFrame, SourceContext } from "../../src/sources/source.js";
import { silent, sleep, temporaryFolder, until } from "../agent/helpers.js";
import { tiff as buildTiff, type Entry } from "../frames/tiff-builder.js";
import { times } from "../helpers/campaign.js";
import { handlerWith } from "./handler.js";

const signal = new AbortController().signal;
const context: SourceContext = {
  log: silent,
  clock: systemClock,
  agent: { name: "parfocal", version: "1" },
  model: { name: "m", sha256: "0" },
};

function tiff(value: number): Uint8Array {
  const pixels = new Uint16Array(100 * 90).fill(value);
  return encodeTiff({ width: 100, height: 90, pixels }, { zUm: 12.5, zOrigin: "measured", pixelUm: 0.65 });
}

async function watchFolder(
  folder: string,
  fields: object = {},
  clock: Clock = systemClock,
  given: (count: number) => Promise<void> = async () => undefined,
) {
  const frames: IncomingFrame[] = [];
  const problems: { message: string; path: string | undefined }[] = [];
  const handler = handlerWith(
    (incoming) => given(frames.push(incoming)),
    ({ message }, path) => void problems.push({ message, path }),
  );
  const config = { enabled: true, path: folder, stableMs: 60, giveUpMs: 400, ...fields };
  const source = new FolderSource(AgentConfig.parse({ sources: { folder: config } }).sources.folder, {
    ...context,
    clock,
  });
  onTestFinished(() => source.stop());
  await source.start(handler, signal);
  const firstPixels = () => frames.map(({ frame }) => frame.pixels[0]);
  return { source, frames, problems, firstPixels };
}

describe("a watched folder", () => {
  test("gives new files as observed frames with what name and metadata say", async () => {
    const folder = await temporaryFolder();
    const { frames } = await watchFolder(folder);
    const position = join(folder, "B3-Site_1");
    await mkdir(position);
    await writeFile(join(position, "img_channel002_position000_time000000004_z001.tif"), tiff(500));

    await until(() => frames.length === 1);

    expect(frames[0]).toMatchObject({
      source: "folder",
      frame: { width: 100, height: 90 },
      header: {
        mode: "observe",
        attempt: 0,
        shape: [90, 100],
        dtype: "uint16",
        site: { name: "B3-Site_1", well: "B03", index: 1, row: 1, column: 2 },
        channel: "channel2",
        timeIndex: 4,
        zIndex: 1,
        zUm: 12.5,
        zSource: "measured",
        pixelUm: 0.65,
      },
    });
  });

  test.each([
    [
      "metadata.txt",
      '{\n"Summary": {"Prefix": "a", "ChNames": ["DAPI", "FITC [488]", "Cy5"], "Slices": 1},\n"Coords-Pos0/img',
    ],
    ["metadata.txt", '{"Summary": {"ChNames": {"type": "STRING", "array": ["DAPI", "FITC", "Cy5"]}}}'],
  ])("names channels as Micro-Manager's %s does, finished or not", async (name, text) => {
    const folder = await temporaryFolder();
    const { frames } = await watchFolder(folder);
    await mkdir(join(folder, "Pos0"));
    await writeFile(join(folder, "Pos0", name), text);
    await writeFile(join(folder, "Pos0", "img_channel002_position000_time000000000_z000.tif"), tiff(500));

    await until(() => frames.length === 1);

    expect(frames[0]).toMatchObject({ header: { channel: "Cy5", site: { name: "Pos0", position: 0 } } });
  });

  test("names the channels of a stack as the file beside it does, and by number where nothing names them", async () => {
    const folder = await temporaryFolder();
    const { frames } = await watchFolder(folder);
    await writeFile(join(folder, "a_MMStack_Pos0_metadata.txt"), '{"Summary": {"ChNames": ["DAPI"');
    await writeFile(join(folder, "img_channel000_position000_time000000000_z000.tif"), tiff(1));
    await until(() => frames.length === 1);
    await writeFile(
      join(folder, "img_channel000_position000_time000000001_z000_metadata.txt"),
      '"ChNames": ["DAPI"]',
    );
    await writeFile(join(folder, "img_channel000_position000_time000000001_z000.ome.tif"), tiff(2));
    await until(() => frames.length === 2);

    expect(frames.map(({ header }) => header.channel)).toEqual(["channel0", "DAPI"]);
  });

  test.each([
    { existing: "score", expected: [1, 2] },
    { existing: "ignore", expected: [2] },
  ])("with existing: $existing gives $expected", async ({ existing, expected }) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "old.tif"), tiff(1));
    const { firstPixels } = await watchFolder(folder, { existing });
    await writeFile(join(folder, "new.tif"), tiff(2));

    await until(() => firstPixels().includes(2));
    await sleep(100);

    expect(firstPixels().sort((a, b) => a! - b!)).toEqual(expected);
  });

  test.each([
    { which: "were there at the start", wereThere: true },
    { which: "are copied in with their times", wereThere: false },
  ])("gives a file that is written now before old ones that $which", async ({ wereThere }) => {
    const folder = await temporaryFolder();
    const old = wereThere ? folder : await temporaryFolder();
    for (let i = 1; i <= 40; i++) {
      await writeFile(join(old, `${i}.tif`), tiff(i));
      await utimes(join(old, `${i}.tif`), 1e9, 1e9);
    }
    const { firstPixels } = await watchFolder(folder, {}, systemClock, async (count) => {
      if (count !== 3) return;
      await writeFile(join(folder, "now.tif"), tiff(1000));
      await sleep(500);
    });
    if (!wereThere) await rename(old, join(folder, "copy"));

    await until(() => firstPixels().length === 41);

    expect(firstPixels().indexOf(1000)).toBeLessThan(30);
  });

  test("gives a file that is written now before what is left of many that were copied in at once", async () => {
    const folder = await temporaryFolder();
    const { firstPixels } = await watchFolder(folder, {}, systemClock, async (count) => {
      if (count === 25) await writeFile(join(folder, "now.tif"), tiff(1000));
      await sleep(60);
    });
    for (let i = 1; i <= 60; i++) await writeFile(join(folder, `${i}.tif`), tiff(i));

    await until(() => firstPixels().length === 61);

    expect(firstPixels().indexOf(1000)).toBeLessThan(45);
  });

  test("gives a file that is written now before what is left of a long stack", async () => {
    const folder = await temporaryFolder();
    const data = new Uint8Array(60).map((_, i) => i + 1);
    const page = (i: number): Entry[] => [
      [256, 3, 1, 1],
      [257, 3, 1, 1],
      [258, 3, 1, 8],
      [262, 3, 1, 1],
      [273, 4, 1, 8 + i],
      [279, 4, 1, 1],
    ];
    const stack = buildTiff(
      data,
      Array.from(data, (_, i) => page(i)),
    );
    const { firstPixels } = await watchFolder(folder, {}, systemClock, async (count) => {
      if (count === 3) await writeFile(join(folder, "now.tif"), tiff(1000));
      await sleep(30);
    });
    await writeFile(join(folder, "stack.tif"), stack);

    await until(() => firstPixels().length === 61);

    const order = firstPixels();
    expect(order.indexOf(1000)).toBeLessThan(40);
    expect(order.filter((value) => value !== 1000)).toEqual([...data]);
  });

  test("refuses a JPEG that takes long to decode, by name, before it is decoded", async () => {
    const folder = await temporaryFolder();
    const { problems } = await watchFolder(folder);
    const path = join(folder, "a.tif");
    const page: Entry[] = [
      [256, 3, 1, 20_000],
      [257, 3, 1, 20_000],
      [258, 3, 1, 8],
      [259, 3, 1, 7],
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [278, 3, 1, 20_000],
      [279, 4, 1, 8_000_000],
    ];
    await writeFile(path, buildTiff(new Uint8Array(8_000_000).fill(255), [page]));

    await until(() => problems.length === 1);

    expect(problems[0]?.message).toMatch(/a\.tif: it takes 381 MiB, over the limit of 21 MiB for one JPEG/);
  });

  test("gives a file that is written in pieces once, when it is complete", async () => {
    const folder = await temporaryFolder();
    const { firstPixels, problems } = await watchFolder(folder, { giveUpMs: 20_000 });
    const bytes = tiff(7);
    const file = join(folder, "slow.tif");
    await writeFile(file, bytes.subarray(0, 1000));
    // Longer than stableMs: the half file stands still and is looked at.
    await sleep(200);
    await appendFile(file, bytes.subarray(1000));

    await until(() => firstPixels().length === 1);
    await sleep(200);

    expect(firstPixels()).toEqual([7]);
    expect(problems).toEqual([]);
  });

  describe("when a file has to rest for long", () => {
    const stableMs = 1500;

    test("gives one that is whole at once", async () => {
      const folder = await temporaryFolder();
      const { firstPixels } = await watchFolder(folder, { stableMs: 60_000 });
      await writeFile(join(folder, "a.tif"), tiff(8));
      await until(() => firstPixels().length === 1);
      await writeGreyPng(join(folder, "b.png"), {
        width: 200,
        height: 100,
        pixels: new Uint16Array(20_000).fill(9),
      });
      await until(() => firstPixels().length === 2);

      expect(firstPixels()).toEqual([8, 9]);
    });

    test.each([
      ["in the middle, as a copy with several hands leaves it", 3000, 6000],
      ["at the end of its metadata", -40, undefined],
      ["behind its directory", -tiff(0).length + 8 + 100 * 90 * 2 + 2 + 10 * 12 + 4, undefined],
    ])("waits for what is missing %s", async (_, from, to) => {
      const folder = await temporaryFolder();
      const { frames } = await watchFolder(folder, { stableMs });
      const bytes = tiff(7);
      const file = join(folder, "slow.tif");
      const partial = Buffer.from(bytes).fill(0, from < 0 ? bytes.length + from : from, to);
      await writeFile(file, to === undefined ? partial.subarray(0, from) : partial);
      await sleep(300);
      expect(frames).toEqual([]);
      await writeFile(file, bytes, { flag: "r+" });

      await until(() => frames.length === 1);
      await sleep(100);

      expect(frames.map(({ frame }) => frame.pixels.every((value) => value === 7))).toEqual([true]);
      expect(frames[0]!.header).toMatchObject({ zUm: 12.5, pixelUm: 0.65 });
    });

    test("waits where a file is written over", async () => {
      const folder = await temporaryFolder();
      const { frames } = await watchFolder(folder, { stableMs });
      const file = join(folder, "live.tif");
      await writeFile(file, tiff(1));
      await until(() => frames.length === 1);
      const bytes = tiff(2);
      await writeFile(file, bytes.subarray(0, 9000), { flag: "r+" });
      await sleep(300);
      await writeFile(file, bytes, { flag: "r+" });

      await until(() => frames.length === 2);

      expect(frames[1]!.frame.pixels.every((value) => value === 2)).toBe(true);
    });
  });

  test("waits for a description that lies behind the pixels of all pages", async () => {
    const folder = await temporaryFolder();
    const { frames } = await watchFolder(folder, { stableMs: 50, giveUpMs: 60_000 });
    const [width, height] = [100, 90];
    const xml = Buffer.from(
      '<OME><Objective ID="Objective:0" LensNA="0.8"/><Image><Pixels SizeC="2" SizeZ="1" SizeT="1" PhysicalSizeX="0.2" DimensionOrder="XYCZT"><Channel Name="DAPI"/><Channel Name="GFP"/><TiffData/></Pixels></Image></OME>\0',
    );
    const page = (textAt: number): Entry[] => [
      ...([
        [256, 4, 1, width],
        [257, 4, 1, height],
        [258, 3, 1, 8],
        [259, 3, 1, 1],
        [262, 3, 1, 1],
      ] as Entry[]),
      [270, 2, xml.length, textAt],
      ...([
        [273, 4, 1, 8],
        [278, 4, 1, height],
        [279, 4, 1, width * height],
      ] as Entry[]),
    ];
    const pixels = new Uint8Array(width * height).fill(9);
    const { length } = buildTiff(pixels, [page(0), page(0)]);
    const file = Buffer.concat([buildTiff(pixels, [page(length), page(length)]), xml]);
    await writeFile(join(folder, "a.ome.tif"), file.subarray(0, length));
    // Whole, and given later: by then the other one has been looked at.
    await writeFile(join(folder, "b.tif"), tiff(1));
    await until(() => frames.length > 0);
    await sleep(300);
    expect(frames.map(({ header }) => header.meta?.file)).toEqual(["b.tif"]);
    await appendFile(join(folder, "a.ome.tif"), file.subarray(length));

    await until(() => frames.length === 3);
    expect(frames.slice(1).map(({ header }) => header.channel)).toEqual(["DAPI", "GFP"]);
    expect(frames[1]!.header).toMatchObject({ pixelUm: 0.2, optics: { na: 0.8, refractiveIndex: 1 } });
  });

  test("cuts names that are longer than a record may hold", async () => {
    const folder = await temporaryFolder();
    const { frames } = await watchFolder(folder);
    const frame = { width: 100, height: 90, pixels: new Uint16Array(9000) };
    const long = { channel: "C".repeat(5000), positionName: "P".repeat(600) };
    await writeFile(join(folder, "long.tif"), encodeTiff(frame, long));

    await until(() => frames.length === 1);

    expect(FrameMessage.safeParse(frames[0]!.header)).toMatchObject({
      success: true,
      data: { channel: "C".repeat(512), site: { name: "P".repeat(512) } },
    });
  });

  test("goes on past a pipe that is named like an image, and stops", async () => {
    const folder = await temporaryFolder();
    execFileSync("mkfifo", [join(folder, "a.tif")]);
    const { firstPixels, source } = await watchFolder(folder);
    await writeFile(join(folder, "b.tif"), tiff(4));

    await until(() => firstPixels().includes(4));
    await source.stop();
  });

  test.each([
    "metadata.txt",
    "Index.xml",
    "MeasurementData.mlf",
    "x.zarr/zarr.json",
    "x.zarr/.zattrs",
    "x.zarr/.zarray",
  ])("goes on past a pipe in the place of %s, and stops", async (name) => {
    const folder = await temporaryFolder();
    await mkdir(dirname(join(folder, name)), { recursive: true });
    execFileSync("mkfifo", [join(folder, name)]);
    // A store whose metadata do not come is named after that time.
    const { firstPixels, problems, source } = await watchFolder(folder, { giveUpMs: 60_000 });
    await writeFile(join(folder, "b.tif"), tiff(4));

    await until(() => firstPixels().includes(4));
    await source.stop();
    expect(problems).toEqual([]);
  });

  test("goes on past a metadata.txt that begins its list of channels again and again", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "metadata.txt"), '"ChNames":['.repeat(20_000));
    const { firstPixels } = await watchFolder(folder);
    await writeFile(join(folder, "b.tif"), tiff(4));

    await until(() => firstPixels().includes(4), 3000);
  });

  test("does not look at links and pipes that are not called like an image", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "notes.md"), "text");
    await symlink("notes.md", join(folder, "link.txt"));
    execFileSync("mkfifo", [join(folder, "control")]);
    const { firstPixels, problems } = await watchFolder(folder);
    await writeFile(join(folder, "b.tif"), tiff(4));

    await until(() => firstPixels().includes(4));
    expect(problems).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("says that a name is no UTF-8, and goes on", async () => {
    const folder = await temporaryFolder();
    const { firstPixels, problems } = await watchFolder(folder);
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/a`), Buffer.from([0xff]), Buffer.from(".tif")]),
      tiff(3),
    );
    await writeFile(join(folder, "b.tif"), tiff(4));

    await until(() => firstPixels().includes(4) && problems.length === 1);
    expect(problems[0]!.message).toContain("its name is no UTF-8: rename it");
  });

  test("reports a file that never becomes an image, once, and goes on", async () => {
    const folder = await temporaryFolder();
    // However slow the machine is, files are not given up before the clock jumps.
    const giveUpMs = 60_000;
    let jumpedMs = 0;
    const now = () => systemClock.now() + jumpedMs;
    const { firstPixels, problems } = await watchFolder(folder, { giveUpMs }, { ...systemClock, now });
    await writeFile(join(folder, "bad.tif"), "this is text");
    await writeFile(join(folder, "empty.png"), "");
    await writeFile(join(folder, "good.tif"), tiff(3));

    await until(() => firstPixels().length === 1);
    expect(problems).toEqual([]);
    jumpedMs = giveUpMs;
    await until(() => problems.length === 2);
    await sleep(150);

    expect(problems.map(({ message }) => message).toSorted((a, b) => a.localeCompare(b))).toEqual([
      expect.stringMatching(/bad\.tif: .*neither a TIFF nor a PNG/),
      expect.stringMatching(/empty\.png: .*empty/),
    ]);
  });

  test("tells once of a file that vanishes between two looks, and goes on", async () => {
    const folder = await temporaryFolder();
    let [planned, lateLooks] = [0, 0];
    // As where a change is seen shortly before a look that was planned.
    const twice: Clock = {
      ...systemClock,
      after: (ms, run) => {
        const late = () => {
          run();
          lateLooks++;
        };
        if (ms < 30) planned++;
        return systemClock.after(ms, () => {
          run();
          if (ms < 30) systemClock.after(30, late);
        });
      },
    };
    const { frames, problems } = await watchFolder(folder, {}, twice);
    const path = join(folder, "gone.tif");
    await writeFile(path, tiff(1).subarray(0, 300));
    await until(() => planned > 0);
    await rm(path);
    await until(() => problems.length > 0 && lateLooks > 0);
    await writeFile(join(folder, "last.tif"), tiff(2));
    await until(() => frames.length === 1);

    expect(problems).toEqual([{ message: `${path}: was removed before it could be read`, path }]);
  });

  test("gives a changed file again and an unchanged one not", async () => {
    const folder = await temporaryFolder();
    const { frames, firstPixels } = await watchFolder(folder);
    const file = join(folder, "a.tif");
    // A whole second survives being set again; a fraction is rounded and would be a change.
    const written = new Date(1_760_000_000_000);
    await writeFile(join(folder, "a.part"), tiff(1));
    await utimes(join(folder, "a.part"), written, written);
    await rename(join(folder, "a.part"), file);
    await until(() => firstPixels().length === 1);
    await utimes(file, new Date(), written);
    await sleep(200);
    expect(firstPixels()).toEqual([1]);

    await writeFile(file, tiff(2));
    await until(() => firstPixels().length === 2);

    expect(firstPixels()).toEqual([1, 2]);
    expect(new Set(frames.map(({ header }) => header.id)).size).toBe(2);
  });

  test("takes files that are renamed into place, and only those of its pattern", async () => {
    const folder = await temporaryFolder();
    const { firstPixels } = await watchFolder(folder, { pattern: "*.tif" });
    await writeFile(join(folder, "a.part"), tiff(4));
    await writeFile(join(folder, "notes.txt"), "text");
    await rename(join(folder, "a.part"), join(folder, "a.tif"));

    await until(() => firstPixels().length === 1);
  });

  test("goes on in a folder that was removed and made again", async () => {
    const folder = join(await temporaryFolder(), "images");
    await mkdir(folder);
    await writeFile(join(folder, "a.tif"), tiff(1));
    const { firstPixels } = await watchFolder(folder);
    await until(() => firstPixels().length === 1);

    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, "b.tif"), tiff(2));
    await until(() => firstPixels().length === 2);
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "sub/c.tif"), tiff(3));
    await until(() => firstPixels().length === 3);

    expect(firstPixels()).toEqual([1, 2, 3]);
  });

  test("passes over what an agent has drawn", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "previews"));
    await writeFile(join(folder, ".agent.lock"), "");
    const { firstPixels } = await watchFolder(folder);
    await writeFile(join(folder, "previews/a.tif"), tiff(1));
    await writeFile(join(folder, "b.tif"), tiff(2));
    await until(() => firstPixels().length === 1);
    await sleep(300);

    expect(firstPixels()).toEqual([2]);
  });

  test("works by polling", async () => {
    const folder = await temporaryFolder();
    const { firstPixels } = await watchFolder(folder, { polling: true, pollMs: 50 });
    await writeFile(join(folder, "a.tif"), tiff(5));

    await until(() => firstPixels().length === 1);
  });

  test("finds by polling what was written within the same tick of the file system's clock as the file before", async () => {
    const folder = await temporaryFolder();
    const late = new Set<() => void>();
    const after: Clock["after"] = (ms, callback) => {
      if (ms < 1000) return systemClock.after(ms, callback);
      late.add(callback);
      return () => late.delete(callback);
    };
    const fields = { polling: true, pollMs: 50, stableMs: 20 };
    const { firstPixels } = await watchFolder(folder, fields, { ...systemClock, after });
    await until(() => late.size === 1);
    late.clear();
    await writeFile(join(folder, "a.tif"), tiff(1));
    // A whole second survives being set again; only what is newer than before is noticed.
    const tick = new Date(Math.ceil(Date.now() / 1000 + 60) * 1000);
    await utimes(folder, tick, tick);
    await until(() => firstPixels().length === 1 && late.size === 1);
    await sleep(300);
    await writeFile(join(folder, "b.tif"), tiff(2));
    await utimes(folder, tick, tick);
    await until(() => late.size === 1);

    for (const list of late) list();

    await until(() => firstPixels().length === 2);
  });

  test.each([
    [true, "score"],
    [true, "ignore"],
    [false, "score"],
    [false, "ignore"],
  ])(
    "finds what is written just when watching begins (polling: %s, existing files: %s)",
    async (polling, existing) => {
      const folders = times(9, 24);
      const watched = await Promise.all(
        Array.from({ length: folders }, async (_, i) => {
          const folder = await temporaryFolder();
          await mkdir(join(folder, "plate"));
          await writeFile(join(folder, "plate", "before.tif"), tiff(1));
          const { firstPixels } = await watchFolder(folder, { polling, pollMs: 50, existing });
          if (i % 3 > 0) await sleep((24 * i) / folders);
          await writeFile(join(folder, "a.tif"), tiff(5));
          await writeFile(join(folder, "plate", "b.tif"), tiff(6));
          return firstPixels;
        }),
      );
      const expected = existing === "score" ? [1, 5, 6] : [5, 6];

      await until(() => watched.every((firstPixels) => firstPixels().length >= expected.length));
      await sleep(400);

      for (const firstPixels of watched) expect(firstPixels().sort()).toEqual(expected);
    },
  );

  test.each([false, true])(
    "names a file of each kind that is not read, once (polling: %s)",
    async (polling) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, "a.nd2"), "x");
      const { problems, firstPixels } = await watchFolder(folder, { polling, pollMs: 50 });
      for (const name of ["b.nd2", "c.czi", "d.czi", "notes.txt"]) await writeFile(join(folder, name), "x");
      await writeFile(join(folder, "e.tif"), tiff(1));

      await until(() => firstPixels().length === 1 && problems.length === 2);
      await sleep(200);

      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringContaining("a.nd2: files that end in .nd2 are not read: export TIFF or convert"),
        expect.stringMatching(/[cd]\.czi: files that end in \.czi are not read/),
      ]);
    },
  );

  test("that does not exist is a clear error", async () => {
    await expect(watchFolder("/nowhere/at/all")).rejects.toThrow(FrameReadError);
    await expect(watchFolder("/nowhere/at/all")).rejects.toThrow("is not a folder");
  });
});

test("an unknown source is named with the known ones", async () => {
  const making = createSource("carrier-pigeon", AgentConfig.parse({}).sources, context);

  await expect(making).rejects.toThrow(UnknownNameError);
  await expect(making).rejects.toThrow("known: zeromq, folder");
});
