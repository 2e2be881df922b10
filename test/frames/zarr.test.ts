import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { countsOf } from "../../src/frames/counts.js";
import { searchImages } from "../../src/frames/find-images.js";
import { openImage, readFrames } from "../../src/frames/read-frames.js";
import { ZarrChunkFiles } from "../../src/frames/zarr-chunk-files.js";
import { FileSites } from "../../src/sources/file-sites.js";
import { temporaryFolder } from "../agent/helpers.js";
import { describePage, type ExpectedPage, readAll } from "./fixtures.js";

const STORES = join(import.meta.dirname, "../fixtures/zarr");
const expected = JSON.parse(await readFile(join(STORES, "expected.json"), "utf8")) as Record<
  string,
  ExpectedPage[]
>;

const read = (path: string, options = {}) => readAll(readFrames(path, options));

/** Images and problems below a path, with paths from there. */
async function search(path: string): Promise<{ images: string[]; problems: string[] }> {
  const [images, problems]: [string[], string[]] = [[], []];
  const from = (found: string) => relative(path, found).split(sep).join("/");
  for await (const image of searchImages([path], ({ message }) => problems.push(message))) {
    images.push(from(image.path));
  }
  return { images, problems };
}

/** A copy of a store that may be damaged. */
async function copyOf(name: string): Promise<string> {
  const copy = join(await temporaryFolder(), name);
  await cp(join(STORES, name), copy, { recursive: true });
  return copy;
}

/** Puts other values into the metadata in a file. */
async function changeJson(path: string, changes: object): Promise<void> {
  await writeFile(
    path,
    JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...changes }),
  );
}

describe("an image of an OME-Zarr", () => {
  test.each(Object.entries(expected))("%s has the values that Python reads", async (path, pages) => {
    const got = await read(join(STORES, path));

    expect(got.error).toBeUndefined();
    expect(got.pages.map((page, i) => describePage(page, pages[i]!))).toEqual(pages);
  });

  test.each(["zarr.json", "0/zarr.json", "0/c/0/0"])(
    "with a pipe in the place of its %s is refused",
    async (name) => {
      const store = await copyOf("v3_float32.zarr");
      await rm(join(store, name));
      execFileSync("mkfifo", [join(store, name)]);

      expect(String((await read(store)).error)).toContain("this is a pipe or a device, not a file");
    },
  );

  test.each([
    ["plate04.ome.zarr/B/12/1", { plate: "Screen 7", well: "B12", site: 1, inStore: "B/12/1" }],
    ["plate05.ome.zarr/A/1/0", { plate: "Screen 7", well: "A01", site: 0, inStore: "A/1/0" }],
    [
      "streamed.ome.zarr/C/3/fov1",
      { plate: "Live", well: "C03", site: 1, inStore: "C/3/fov1", pixelUm: 0.5 },
    ],
    ["series.zarr/1", { positionIndex: 1, inStore: "1" }],
  ])("%s says where it was taken", async (path, place) => {
    const { pages } = await read(join(STORES, path));
    expect(pages[0]!.metadata).toMatchObject(place);
  });

  test.each([
    ["plate04.ome.zarr", "B/12/1", { plate: "Screen 7", well: "B12", site: 1, inStore: "B/12/1" }],
    ["plate05.ome.zarr", "A/1/0", { plate: "Screen 7", well: "A01", site: 0, inStore: "A/1/0" }],
  ])("%s says where %s was taken though the row is no group", async (name, image, place) => {
    const store = await copyOf(name);
    for (const file of [".zgroup", ".zattrs", "zarr.json"]) {
      await rm(join(store, image.slice(0, 1), file), { force: true });
    }
    const { pages } = await read(join(store, image));
    expect(pages[0]!.metadata).toMatchObject(place);
  });

  test("is not of a plate above it that does not list it", async () => {
    const store = await copyOf("plate04.ome.zarr");
    await cp(join(STORES, "v2_raw.zarr"), join(store, "others/v2_raw.zarr"), { recursive: true });
    const { pages } = await read(join(store, "others/v2_raw.zarr"));
    expect(pages[0]!.metadata).not.toHaveProperty("plate");
    expect(pages[0]!.metadata).not.toHaveProperty("inStore");
  });

  test("says channel, z, t, pixel size and z in um of each plane", async () => {
    const of = async (path: string) =>
      (await read(join(STORES, path))).pages.map(({ metadata }) => ({
        ...{ channel: metadata.channel, channelIndex: metadata.channelIndex, timeIndex: metadata.timeIndex },
        ...{ zIndex: metadata.zIndex, zUm: metadata.zUm, pixelUm: metadata.pixelUm },
      }));
    const shared = { pixelUm: 0.325, timeIndex: undefined };
    expect(await of("plate04.ome.zarr/A/1/0")).toEqual([
      { ...shared, channel: "DAPI", channelIndex: 0, zIndex: 0, zUm: 0 },
      { ...shared, channel: "DAPI", channelIndex: 0, zIndex: 1, zUm: 2 },
      { ...shared, channel: "GFP", channelIndex: 1, zIndex: 0, zUm: 0 },
      { ...shared, channel: "GFP", channelIndex: 1, zIndex: 1, zUm: 2 },
    ]);
    const [, , third] = await of("plate05.ome.zarr/A/1/0");
    const flat = { zIndex: undefined, zUm: undefined };
    expect(third).toEqual({ ...shared, ...flat, timeIndex: 1, channel: "DAPI", channelIndex: 0 });
  });
});

describe("an OME-Zarr as Python writes it", () => {
  const pixelsOf = async (store: string) => {
    const { pages, error } = await read(store);
    expect(error).toBeUndefined();
    return pages.map(({ frame }) => frame.pixels);
  };

  test.each([
    ["v2_zlib.zarr", ".zattrs"],
    ["v3_gzip.zarr", "zarr.json"],
  ])("%s may have a byte order mark, and NaN and Infinity in its %s", async (name, file) => {
    const store = await copyOf(name);
    const text = await readFile(join(store, file), "utf8");
    const odd = text.replace("{", '{"a": [NaN, -Infinity, "NaN, \\"NaN"], "b": Infinity,');
    await writeFile(join(store, file), `\uFEFF${odd}`);

    expect(await pixelsOf(store)).toEqual(await pixelsOf(join(STORES, name)));
    expect((await search(store)).problems).toEqual([]);
  });

  test.each(['"NaN"', "NaN"])("may have %s for what has never been written", async (fill) => {
    const store = await copyOf("v2_float32.zarr");
    const path = join(store, "0/.zarray");
    const text = await readFile(path, "utf8");
    await writeFile(path, `\uFEFF${text.replace(/"fill_value": [^,\n]+/, `"fill_value": ${fill}`)}`);
    await rm(join(store, "0/0.0"));

    const [pixels] = await pixelsOf(store);
    expect(pixels![0]).toBe(0);
    expect(ZarrChunkFiles.open(join(store, "0"))?.blocks()).toHaveLength(1);
  });

  /** Bits of half-precision numbers, and what they mean. */
  const HALVES = [0x0000, 0x3c00, 0x4000, 0x6400, 0x67ff, 0x3800, 0x7e00];
  const MEANT = [0, 1, 2, 1024, 2047, 0.5, Number.NaN];

  test.each([
    ["v2_uint8.zarr", "<f2"],
    ["v2_uint8.zarr", ">f2"],
    ["v3_float32.zarr", "float16"],
  ])("may have half-precision numbers: %s as %s", async (name, type) => {
    const store = await copyOf(name);
    const [side, isThree] = [90, name.startsWith("v3")];
    const file = join(store, "0", isThree ? "zarr.json" : ".zarray");
    const sides = [side, side];
    const changes = isThree
      ? {
          ...{ data_type: type, fill_value: "NaN", shape: sides },
          chunk_grid: { name: "regular", configuration: { chunk_shape: sides } },
          codecs: [{ name: "bytes", configuration: { endian: "little" } }],
        }
      : { dtype: type, shape: sides, chunks: sides, compressor: null, fill_value: 0.5 };
    await changeJson(file, changes);
    const bytes = Buffer.alloc(2 * side * side);
    for (let i = 0; i < side * side; i++) {
      const half = HALVES[i % HALVES.length]!;
      if (type === ">f2") bytes.writeUInt16BE(half, 2 * i);
      else bytes.writeUInt16LE(half, 2 * i);
    }
    await writeFile(join(store, "0", isThree ? "c/0/0" : "0.0"), bytes);

    const meant = Float32Array.from({ length: side * side }, (_, i) => MEANT[i % MEANT.length]!);
    expect(await pixelsOf(store)).toEqual([countsOf(meant)]);
  });

  test.each([
    [
      { filters: [{ id: "delta", dtype: "<f2" }] },
      "float16, which cannot be read where they are stored by delta",
    ],
    [{ dtype: "<c8" }, "<c8"],
    [{ dtype: "<i8" }, "its pixels are int64, which cannot be read"],
  ])("says of pixels that cannot be read what they are: %j", async (changes, said) => {
    const store = await copyOf("v2_uint8.zarr");
    await changeJson(join(store, "0/.zarray"), { dtype: "<f2", ...changes });
    const { error } = await read(store);
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain("not there");
  });
});

describe("OME-Zarrs in a folder", () => {
  test("are found field by field, in order, without their pyramids and chunks", async () => {
    const { images, problems } = await search(STORES);

    expect(problems).toEqual([]);
    expect(new Set(images)).toEqual(new Set(Object.keys(expected)));
    expect(images.filter((image) => image.startsWith("plate04"))).toEqual([
      "plate04.ome.zarr/A/1/0",
      "plate04.ome.zarr/A/1/1",
      "plate04.ome.zarr/B/12/0",
      "plate04.ome.zarr/B/12/1",
    ]);
  });

  test.each([
    ["plate04.ome.zarr/B", ["12/0", "12/1"]],
    ["plate05.ome.zarr/A/1", ["0", "1"]],
    ["series.zarr/1", [""]],
  ])("may be named from any group on: %s", async (path, images) => {
    expect((await search(join(STORES, path))).images).toEqual(images);
  });

  test("are matched by patterns", async () => {
    const found: string[] = [];
    for await (const { path } of searchImages([join(STORES, "v2_z*.zarr")], (problem) => {
      throw problem;
    })) {
      found.push(relative(STORES, path));
    }
    expect(found).toEqual(["v2_zlib.zarr", "v2_zstd.zarr"]);
  });

  test("give sites by plate, well and field; others by the names of their stores", async () => {
    const said: string[] = [];
    const sites = new FileSites({ say: (sentence) => said.push(sentence) });
    const found: Record<string, unknown> = {};
    for await (const { path, namedPath } of searchImages([STORES], () => undefined)) {
      const { pages } = await read(path);
      const { site, channel } = sites.frameOf({ ...pages.at(-1)!, path: namedPath });
      found[relative(STORES, path)] = [site.plate, site.well, site.index, site.name, channel];
    }
    expect(found).toMatchObject({
      "plate04.ome.zarr/A/1/1": ["Screen 7", "A01", 1, "A01-Site_1", "GFP"],
      "streamed.ome.zarr/C/3/fov0": ["Live", "C03", 0, "C03-Site_0", "GFP"],
      "series.zarr/1": [undefined, undefined, undefined, "zarr/series/Pos1", "channel1"],
      "v2_raw.zarr": [undefined, undefined, undefined, "zarr/v2_raw", undefined],
    });
    expect(said).toEqual([]);
  });
});

describe("a damaged OME-Zarr", () => {
  test.each([
    ["v2_blosc_lz4.zarr", "0/0.0.1", 40],
    ["v2_zstd.zarr", "0/0.0.1", 40],
    ["v2_gzip.zarr", "0/0.0.1", 40],
    ["v2_lz4.zarr", "0/0.0.1", 40],
    ["v2_raw.zarr", "0/0.0.1", 4000],
    ["v3_sharded.zarr", "0/c/0/0/0", 100],
  ])("%s with a cut chunk names the plane, and gives the others", async (name, chunk, length) => {
    const store = await copyOf(name);
    const files = await allPages(store);
    await truncate(join(store, chunk), length);

    const pages = await allPages(store);
    expect(pages).toHaveLength(files.length);
    expect(pages[0]).toMatch(/v\d_\w+\.zarr: page 0 \(number 1\): /);
    expect(pages.at(-1)).toBe("read");
  });

  test.each([
    ["v2_raw.zarr", "0/0.0.1"],
    ["v2_zlib.zarr", "0/0.0.1"],
    ["v2_zstd.zarr", "0/0.0.1"],
    ["v2_blosc_zstd.zarr", "0/0.0.1"],
    ["v3_gzip.zarr", "0/c/0/0/0/1"],
    ["v3_raw_big_endian.zarr", "0/c/0/1"],
    ["v3_sharded.zarr", "0/c/0/0/0"],
  ])("%s with an empty file of a chunk does not take it for one of the fill value", async (name, chunk) => {
    const store = await copyOf(name);
    await truncate(join(store, chunk), 0);

    const [first] = await allPages(store);
    expect(first).toMatch(/ is empty: it is not written yet, or damaged| lies beyond its end: /);
  });

  test("gives planes that were never written as such", async () => {
    const store = await copyOf("v2_zlib.zarr");
    for (const chunk of ["0.0", "0.1", "1.0", "1.1"]) await rm(join(store, `0/1.${chunk}`));
    expect(await allPages(store)).toEqual([
      "read",
      `${store}: page 1 (number 2): nothing of it is stored: it was never written, or is empty`,
    ]);
  });

  test("with a well that is not there gives the others, and names it", async () => {
    const store = await copyOf("plate04.ome.zarr");
    await rm(join(store, "A/1"), { recursive: true });

    const { images, problems } = await search(store);
    expect(images).toEqual(["B/12/0", "B/12/1"]);
    expect(problems).toEqual([`${join(store, "A/1")}: the plate lists this well, but it is not there`]);
  });

  test("with half of its metadata is named", async () => {
    const store = await copyOf("v3_gzip.zarr");
    await truncate(join(store, "zarr.json"), 200);
    const { problems } = await search(store);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${store}: zarr.json of the OME-Zarr cannot be read: `);
  });

  test("without metadata is named", async () => {
    const store = await copyOf("v3_gzip.zarr");
    await rm(join(store, "zarr.json"));
    await rm(join(store, "0/zarr.json"));
    expect((await search(store)).problems).toEqual([expect.stringContaining(`${store}: this is no Zarr`)]);
  });

  test("that leads out of itself is refused", async () => {
    const store = await copyOf("plate04.ome.zarr");
    await changeJson(join(store, ".zattrs"), { plate: { wells: [{ path: "../../A/1" }] } });
    expect((await search(store)).problems).toEqual([expect.stringContaining("leads out of the store")]);
  });
});

describe("an OME-Zarr that claims too much", () => {
  const claims = async (change: object, options = {}) => {
    const store = await copyOf("v2_zlib.zarr");
    await changeJson(join(store, "0/.zarray"), change);
    return String((await read(store, options)).error);
  };

  test.each([
    ["side", { shape: [1, 90, 40_000] }, "over the limit of 32768 px a side"],
    ["chunk", { chunks: [2 ** 20, 64, 64] }, "over the limit of 1024 MiB for a chunk"],
    ["number of planes", { shape: [2 ** 40, 90, 100] }, "over the limit of 1000000"],
    ["number of chunks", { shape: [1, 30_000, 30_000], chunks: [1, 1, 1] }, "a plane has 900000000 chunks"],
    ["shape", { shape: [90, 100] }, "does not fit its 3 axes"],
    [
      "plane for what is stored",
      { shape: [1, 30_000, 30_000], chunks: [1, 8192, 8192] },
      "MiB of data: no camera's image compresses so",
    ],
  ])("in its %s is refused by name", async (_, change, reason) => {
    const said = await claims(change);
    expect(said).toContain("v2_zlib.zarr: ");
    expect(said).toContain(reason);
  });

  test("for the limit of one image is refused by name", async () => {
    expect(await claims({}, { maxBytes: 9000 })).toContain("v2_zlib.zarr: it takes 0 MiB, over the limit");
  });

  test("in the header of a Blosc chunk is refused", async () => {
    const store = await copyOf("v2_blosc_zstd.zarr");
    const chunk = await readFile(join(store, "0/0.0.0"));
    chunk.writeUInt32LE(2 ** 31, 4);
    await writeFile(join(store, "0/0.0.0"), chunk);
    expect((await allPages(store))[0]).toContain("it claims 2147483648 bytes, more than a chunk has");
  });

  test("with a compression that nobody knows says which it is", async () => {
    const said = await claims({ compressor: { id: "jpegxl" } });
    expect(said).toContain("its compression (numcodecs.jpegxl) cannot be read");
  });

  test("is no file of numbers: a folder without metadata stays a folder", async () => {
    const folder = join(await temporaryFolder(), "a.zarr");
    await mkdir(folder);
    expect(() => openImage(folder)).toThrow(`${folder}: this is a folder, not a file`);
  });
});

/** What became of each page: "read", or why it could not be. */
async function allPages(path: string): Promise<string[]> {
  const pages: string[] = [];
  const image = openImage(path);
  for await (const page of image.pages({})) pages.push("error" in page ? page.error.message : "read");
  image.close();
  return pages;
}
