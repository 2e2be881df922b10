import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MemoryBytes } from "../../src/frames/file-bytes.js";
import { decodePages } from "../../src/frames/read-frames.js";
import { FIXTURES } from "./fixtures.js";
import { type Entry, tiff } from "./tiff-builder.js";

const [WIDTH, HEIGHT] = [100, 90];
const PLANE = WIDTH * HEIGHT;
/** Three planes, each of one value. */
const data = new Uint8Array(3 * PLANE).map((_, i) => 10 * (1 + Math.floor(i / PLANE)));

/** A page of 8 bits; entries of the same tag replace those that it has. */
function page(...others: readonly Entry[]): Entry[] {
  const entries: Entry[] = [
    [256, 4, 1, WIDTH],
    [257, 4, 1, HEIGHT],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [278, 4, 1, HEIGHT],
    [279, 4, 1, PLANE],
  ];
  const kept = entries.filter(([tag]) => others.every(([other]) => other !== tag));
  return [...kept, ...others].toSorted(([a], [b]) => a - b);
}

/** The first pixel of each page, or why it cannot be read. */
async function read(bytes: Uint8Array): Promise<(number | string)[]> {
  const found: (number | string)[] = [];
  for await (const page of decodePages(new MemoryBytes(bytes), "odd.tif")) {
    found.push("error" in page ? page.error.message : page.frame.pixels[0]!);
  }
  return found;
}

/** The last pixel of the first page. */
async function lastPixel(bytes: Uint8Array): Promise<number | undefined> {
  for await (const page of decodePages(new MemoryBytes(bytes), "odd.tif")) {
    if ("error" in page) throw page.error;
    return page.frame.pixels.at(-1);
  }
  return undefined;
}

/** The tags of the directory there, of a little-endian file. */
function directoryTags(bytes: Buffer, at: number): number[] {
  return Array.from({ length: bytes.readUInt16LE(at) }, (_, i) => bytes.readUInt16LE(at + 2 + 12 * i));
}

/** Planes with a description behind them. */
function described(text: string, planes = 3): { data: Uint8Array; entry: Entry } {
  const bytes = Buffer.from(`${text}\0`);
  const pixels = data.subarray(0, planes * PLANE);
  const entry: Entry = [270, 2, bytes.length, 8 + pixels.length];
  return { data: Buffer.concat([pixels, bytes]), entry };
}

describe("an odd TIFF", () => {
  it("of MetaMorph has all planes of its one directory", async () => {
    expect(await read(tiff(data, [page([33629, 5, 3, 8])]))).toEqual([10, 20, 30]);
  });

  it("of tifffile has the axes that its description names", async () => {
    const channel = { Name: ["DAPI", "GFP", "Cy5"] };
    const axesOf = async (description: object) => {
      const { data: bytes, entry } = described(JSON.stringify(description));
      const found: object[] = [];
      for await (const read of decodePages(new MemoryBytes(tiff(bytes, [page(entry)])), "odd.tif")) {
        if (!("error" in read)) found.push(read.metadata);
      }
      return found;
    };
    const shape = [3, HEIGHT, WIDTH];
    expect(await axesOf({ axes: "ZYX", shape })).toEqual([{ zIndex: 0 }, { zIndex: 1 }, { zIndex: 2 }]);
    expect(await axesOf({ axes: "CYX", Channel: channel, shape })).toEqual(
      channel.Name.map((name, channelIndex) => ({ channelIndex, channel: name, ofSeveralChannels: true })),
    );
    expect(await axesOf({ shape: [1, ...shape], axes: "CTYX" })).toEqual(
      [0, 1, 2].map((timeIndex) => ({ timeIndex })),
    );
    // Pages of what "R" counts must not be taken for one another.
    expect(await axesOf({ axes: "RYX", shape })).toEqual([{}, {}, {}]);
    expect(await axesOf({ shape })).toEqual([{}, {}, {}]);
  });

  it("of tifffile that calls three planes of bytes colours has the planes that its description names", async () => {
    const colours = (...more: Entry[]) => {
      const offsets = data.length + 8;
      return page(
        ...([
          [258, 3, 3, offsets],
          [262, 3, 1, 2],
          [273, 4, 3, offsets + 6],
          [277, 3, 1, 3],
          [279, 4, 3, offsets + 18],
          [284, 3, 1, 2],
        ] as Entry[]),
        ...more,
      );
    };
    const tables = Buffer.alloc(30);
    for (let i = 0; i < 3; i++) {
      tables.writeUInt16LE(8, 2 * i);
      tables.writeUInt32LE(8 + i * PLANE, 6 + 4 * i);
      tables.writeUInt32LE(PLANE, 18 + 4 * i);
    }
    const planesOf = async (text: string) => {
      const description = Buffer.from(`${text}\0`);
      const bytes = Buffer.concat([data, tables, description]);
      const said: Entry = [270, 2, description.length, 8 + data.length + tables.length];
      const found: unknown[] = [];
      // As tifffile does, the first page describes all.
      for await (const read of decodePages(
        new MemoryBytes(tiff(bytes, [colours(said), colours()])),
        "odd.tif",
      )) {
        if ("error" in read) throw read.error;
        found.push([read.frame.pixels[0], read.metadata]);
      }
      return found;
    };
    const shape = [2, 3, HEIGHT, WIDTH];
    expect(await planesOf(JSON.stringify({ shape, axes: "TZYX" }))).toEqual(
      [0, 1].flatMap((timeIndex) => [0, 1, 2].map((zIndex) => [10 * (1 + zIndex), { zIndex, timeIndex }])),
    );
    expect(await planesOf(JSON.stringify({ shape, axes: "TSYX" }))).toEqual([
      [18, { timeIndex: 0 }],
      [18, { timeIndex: 1 }],
    ]);
    expect(await planesOf(JSON.stringify({ shape }))).toEqual([
      [18, {}],
      [18, {}],
    ]);
  });

  it("of a program that writes the encoding of Windows has its texts, and one that is damaged keeps the rest", async () => {
    const textsOf = async (bytes: Buffer) => {
      const pixels = Buffer.concat([data.subarray(0, PLANE), bytes]);
      const entry: Entry = [270, 2, bytes.length, 8 + PLANE];
      for await (const read of decodePages(new MemoryBytes(tiff(pixels, [page(entry)])), "odd.tif")) {
        if (!("error" in read)) return read.metadata;
      }
      return undefined;
    };
    const omeXml = (unit: string, rest = "") =>
      `<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="100" SizeY="90" SizeZ="1" SizeC="1" SizeT="1" ` +
      `PhysicalSizeX="0.2" PhysicalSizeXUnit="${unit}"><Channel Name="Gr\u00fcn${rest}"/><TiffData/></Pixels></Image></OME>\0`;
    const inLatin1 = await textsOf(Buffer.from(omeXml("\u00b5m"), "latin1"));
    expect(inLatin1).toMatchObject({ pixelUm: 0.2, channel: "Gr\u00fcn" });
    const utf8 = Buffer.from(omeXml("\u00b5m", "~"));
    utf8[utf8.indexOf("~")] = 0xff;
    expect(await textsOf(utf8)).toMatchObject({ pixelUm: 0.2, channel: "Gr\u00fcn\ufffd" });
  });

  it("of MetaMorph that was cut off names the planes that it lacks", async () => {
    const cut = data.subarray(0, 2 * PLANE);
    expect(await read(tiff(cut, [page([33629, 5, 3, 8])]))).toEqual([
      10,
      20,
      expect.stringContaining("it has 3 planes, but holds 2 of them"),
    ]);
  });

  it.each(['{"shape": [3, 90, 100]}', "shape=(3, 90, 100)"])(
    "of tifffile with %s has all planes",
    async (text) => {
      const { data: bytes, entry } = described(text);
      expect(await read(tiff(bytes, [page(entry)]))).toEqual([10, 20, 30]);
    },
  );

  it("of ImageJ with an inverted look-up table keeps its counts", async () => {
    const { data: bytes, entry } = described("ImageJ=1.53t\n", 1);
    expect(await read(tiff(bytes, [page(entry, [262, 3, 1, 0])]))).toEqual([10]);
    expect(await read(tiff(data, [page([262, 3, 1, 0])]))).toEqual([245]);
  });

  it("of ImageJ that is saved as 48-bit colours has no channel", async () => {
    const { data: bytes, entry } = described("ImageJ=1.53t\nchannels=3\nmode=composite\n");
    const colours = page(entry, [262, 3, 1, 2], [277, 3, 1, 3], [279, 4, 1, 3 * PLANE]);
    const found = [];
    for await (const read of decodePages(new MemoryBytes(tiff(bytes, [colours])), "odd.tif")) {
      if ("error" in read) throw read.error;
      found.push(read.metadata);
    }
    expect(found).toEqual([{}]);
  });

  it.each([
    ["unit=micron\nspacing=-0.5", 0.5],
    ["spacing=300.0\nunit=nm", 0.3],
    ["unit=\\u00B5m\nspacing=2", 2],
    ["spacing=2\nunit=pixel", undefined],
    ["spacing=x\nunit=um", undefined],
  ])("of ImageJ tells the distance of its planes: %j", async (lines, zStepUm) => {
    const { data: bytes, entry } = described(`ImageJ=1.53t\nimages=3\nslices=3\n${lines}\n`);
    const found = [];
    for await (const read of decodePages(new MemoryBytes(tiff(bytes, [page(entry)])), "odd.tif")) {
      if (!("error" in read)) found.push(read.metadata);
    }
    const step = zStepUm !== undefined && { zStepUm };
    expect(found).toEqual([0, 1, 2].map((zIndex) => ({ zIndex, ...step })));
  });

  it.each([
    ["unit=micron", 20_000, 13_000, 0.65],
    ["unit=mm", 2_000_000_000, 1_300_000, 0.65],
    ["unit=um", 0, 1, undefined],
    ["unit=um", 1, 0, undefined],
    ["unit=pixel", 1, 1, undefined],
    ["", 72, 1, undefined],
  ])("of ImageJ tells how large a pixel is: %j, %i / %i", async (line, pixels, units, pixelUm) => {
    const { data: bytes, entry } = described(`ImageJ=1.53t\nimages=1\n${line}\n`, 1);
    const resolution = Buffer.alloc(8);
    resolution.writeUInt32LE(pixels, 0);
    resolution.writeUInt32LE(units, 4);
    const at = 8 + bytes.length;
    const file = tiff(Buffer.concat([bytes, resolution]), [page(entry, [282, 5, 1, at])]);
    for await (const read of decodePages(new MemoryBytes(file), "odd.tif")) {
      if ("error" in read) throw read.error;
      expect(read.metadata).toEqual(pixelUm === undefined ? {} : { pixelUm });
    }
  });

  it("that is not compressed is read as it is, whatever predictor it names", async () => {
    expect(await read(tiff(data, [page([317, 3, 1, 2])]))).toEqual([10]);
  });

  it.each([0, 1, 5 * PLANE])("whose strip is said to have %i bytes is read by its size", async (count) => {
    expect(await read(tiff(data, [page([279, 4, 1, count])]))).toEqual([10]);
  });

  it("of which every page is marked as a smaller copy has frames all the same", async () => {
    const second = page([254, 4, 1, 1], [273, 4, 1, 8 + PLANE]);
    expect(await read(tiff(data, [page([254, 4, 1, 1]), second]))).toEqual([10, 20]);
    expect(await read(tiff(data, [page(), second]))).toEqual([10]);
  });

  it("with a tile that is not stored has zeros there", async () => {
    const tiled = page().filter(([tag]) => tag < 273);
    const lists = Buffer.alloc(16);
    for (const [i, value] of [8, 0, PLANE, 0].entries()) lists.writeUInt32LE(value, 4 * i);
    const at = 8 + data.length;
    const entries: Entry[] = [
      [322, 4, 1, 64],
      [323, 4, 1, 96],
      [324, 4, 2, at],
      [325, 4, 2, at + 8],
    ];
    const bytes = tiff(Buffer.concat([data, lists]), [[...tiled, ...entries]]);
    let pixels: ArrayLike<number> = [];
    for await (const page of decodePages(new MemoryBytes(bytes), "odd.tif")) {
      if ("frame" in page) pixels = page.frame.pixels;
    }
    expect([pixels[0], pixels[63], pixels[64], pixels[99]]).toEqual([10, 10, 0, 0]);
  });

  it("of the LSM format gives slices and times without the thumbnails, and the size of a voxel", async () => {
    const info = Buffer.alloc(64);
    for (const [at, value] of [0x0400494c, 64, WIDTH, HEIGHT, 2, 1, 2].entries())
      info.writeInt32LE(value, 4 * at);
    info.writeDoubleLE(0.5e-6, 40);
    info.writeDoubleLE(2e-6, 56);
    const thumbnail: Entry[] = [[254, 4, 1, 1]];
    const entry: Entry = [34412, 1, info.length, 8 + PLANE];
    const pages = [page(entry), page(...thumbnail), ...[1, 2, 3].flatMap(() => [page(), page(...thumbnail)])];
    const bytes = tiff(Buffer.concat([data.subarray(0, PLANE), info]), pages);
    const found = [];
    for await (const read of decodePages(new MemoryBytes(bytes), "odd.lsm")) {
      if (!("error" in read)) found.push(read.metadata);
    }
    expect(found).toEqual(
      [0, 1, 2, 3].map((i) => ({ zIndex: i % 2, timeIndex: Math.floor(i / 2), pixelUm: 0.5, zStepUm: 2 })),
    );
  });

  it("of the LSM format in colours gives slices, and no channels", async () => {
    const info = Buffer.alloc(64);
    for (const [at, value] of [0x0400494c, 64, WIDTH, HEIGHT, 2, 3, 1].entries())
      info.writeInt32LE(value, 4 * at);
    const colours = page([34412, 1, info.length, 8 + data.length], [262, 3, 1, 2], [277, 3, 1, 3]);
    const bytes = tiff(Buffer.concat([data, info]), [colours, colours]);
    const found = [];
    for await (const read of decodePages(new MemoryBytes(bytes), "odd.lsm")) {
      if (!("error" in read)) found.push(read.metadata);
    }
    expect(found).toEqual([{ zIndex: 0 }, { zIndex: 1 }]);
  });

  it("with a page that nothing reads gives those before and after it", async () => {
    const webp = page([259, 3, 1, 50_001]);
    const third = page([273, 4, 1, 8 + 2 * PLANE]);
    expect(await read(tiff(data, [page(), webp, third]))).toEqual([10, expect.stringContaining("WebP"), 30]);
  });
});

/** A page of index 10 with a colour map of 256 entries, each red, green and blue of 16 bits. */
function withPalette(entry: (index: number) => readonly [number, number, number], text = ""): Uint8Array {
  const map = Buffer.alloc(6 * 256);
  for (let i = 0; i < 256; i++) {
    for (const [part, value] of entry(i).entries()) map.writeUInt16LE(value, 2 * (256 * part + i));
  }
  const description = Buffer.from(`${text}\0`);
  const bytes = Buffer.concat([data.subarray(0, PLANE), map, description]);
  const at = 8 + PLANE;
  return tiff(bytes, [
    page([262, 3, 1, 3], [270, 2, description.length, at + map.length], [320, 3, 3 * 256, at]),
  ]);
}

describe("a TIFF with a palette", () => {
  /** Index 10 is a yellow of 100 in 255, the next one black. */
  const mixed = (i: number) => [i === 10 ? 25_700 : 0, i === 10 ? 25_700 : 257 * (i % 7), 0] as const;

  it("whose colours go up and down is judged by their luminance", async () => {
    expect(await read(withPalette(mixed))).toEqual([Math.round(0.886 * 100)]);
    expect(await read(withPalette((i) => [257 * (255 - i), 257 * (255 - i), 257 * (255 - i)]))).toEqual([
      245,
    ]);
  });

  it("of 8-bit colours is read as others are", async () => {
    const small = (i: number) => mixed(i).map((value) => value / 257) as [number, number, number];
    expect(await read(withPalette(small))).toEqual([Math.round(0.886 * 100)]);
  });

  it("gives the channel that is asked for", async () => {
    const found: number[] = [];
    const options = { colour: "green" } as const;
    for await (const page of decodePages(new MemoryBytes(withPalette(mixed)), "odd.tif", options)) {
      if ("frame" in page) found.push(page.frame.pixels[0]!);
    }
    expect(found).toEqual([100]);
  });

  it("that only grows brighter, but for marks of what is too dark or too bright, keeps its counts", async () => {
    expect(await read(withPalette((i) => [0, Math.round(65_535 * Math.sqrt(i / 255)), 0]))).toEqual([10]);
    const marked = (i: number) =>
      [i === 255 ? 65_535 : 200 * i, 200 * (i % 255), i === 0 ? 65_535 : 0] as const;
    expect(await read(withPalette(marked))).toEqual([10]);
  });

  it("of ImageJ keeps its counts where it is a scale, whatever the screen shows", async () => {
    const wave = (i: number) => [257 * Math.round(127 + 120 * Math.cos(i / 10)), 0, 0] as const;
    expect(await read(withPalette(mixed, "ImageJ=1.53t\n"))).toEqual([10]);
    expect(await read(withPalette(wave, "ImageJ=1.53t\n"))).toEqual([10]);
  });

  it("of ImageJ's 8-bit colours, which have no order, is judged by their luminance", async () => {
    // Red and green in their upper bits, blue in the two lowest; and any order.
    const bits = (i: number) => [257 * (i & 0xe0), 257 * ((i << 3) & 0xe0), 257 * ((i << 6) & 0xc0)] as const;
    const shuffled = (i: number) =>
      [257 * ((i * 89) % 256), 257 * ((i * 89) % 256), 257 * ((i * 89) % 256)] as const;
    expect(await read(withPalette(bits, "ImageJ=1.53t\n"))).toEqual([Math.round(0.587 * 64 + 0.114 * 128)]);
    expect(await read(withPalette(shuffled, "ImageJ=1.53t\n"))).toEqual([(10 * 89) % 256]);
  });
});

/** A file of one value in each pixel, as the numbers that it holds. */
const numbers = {
  "RGB bytes": {
    bytes: new Uint8Array(3 * PLANE).fill(30),
    entries: [
      [258, 3, 1, 8],
      [262, 3, 1, 2],
      [277, 3, 1, 3],
    ],
    value: 30,
  },
  "signed 16-bit numbers": {
    bytes: new Uint8Array(new Int16Array(PLANE).fill(30).buffer),
    entries: [
      [258, 3, 1, 16],
      [339, 3, 1, 2],
    ],
    value: 30,
  },
  "floating-point numbers": {
    bytes: new Uint8Array(new Float32Array(PLANE).fill(30).buffer),
    entries: [
      [258, 3, 1, 32],
      [339, 3, 1, 3],
    ],
    value: 30,
  },
  "packed 12-bit numbers": {
    bytes: new Uint8Array((3 * PLANE) / 2).map((_, i) => [0x01, 0xe0, 0x1e][i % 3]!),
    entries: [[258, 3, 1, 12]],
    value: 30,
  },
} satisfies Record<string, { bytes: Uint8Array; entries: Entry[]; value: number }>;

describe.each(Object.entries(numbers))("an uncompressed TIFF of %s", (_, { bytes, entries, value }) => {
  const all = [...entries, [279, 4, 1, bytes.length]] as Entry[];
  const file = (...others: readonly Entry[]) =>
    tiff(bytes, [page(...all.filter(([tag]) => others.every(([other]) => other !== tag)), ...others)]);

  it.each([2, 3])("is read as it is, though it names predictor %i", async (predictor) => {
    expect(await lastPixel(file([317, 3, 1, predictor]))).toBe(value);
  });

  it.each([0, 1, PLANE / 2, 50 * PLANE])(
    "whose strip is said to have %i bytes is read by its size",
    async (count) => {
      expect(await read(file([279, 4, 1, count]))).toEqual([value]);
    },
  );

  it("that does not say how many bytes its strip has is read by its size", async () => {
    const unsaid = page(...all).filter(([tag]) => tag !== 279);
    expect(await read(tiff(bytes, [unsaid]))).toEqual([value]);
  });

  it("that is cut short is told", async () => {
    const cut = bytes.subarray(0, bytes.length - 1000);
    expect(await read(tiff(cut, [page(...all)]))).toEqual([expect.stringContaining("cut short")]);
  });

  it("of MetaMorph has all planes of its one directory", async () => {
    const planes = Buffer.concat([bytes, bytes, bytes]);
    expect(await read(tiff(planes, [page(...all, [33629, 5, 3, 8])]))).toEqual([value, value, value]);
  });

  it.each([
    ["ImageJ", "ImageJ=1.53t\nimages=3\nslices=3\n"],
    [
      "tifffile",
      entries[1]?.[3] === 2 && entries.length === 3
        ? '{"shape": [3, 90, 100, 3]}'
        : '{"shape": [3, 90, 100]}',
    ],
  ])("of %s has all planes of its one directory", async (_, text) => {
    const description = Buffer.from(`${text}\0`);
    const planes = Buffer.concat([bytes, bytes, bytes, description]);
    const entry: Entry = [270, 2, description.length, 8 + 3 * bytes.length];
    expect(await read(tiff(planes, [page(...all, entry)]))).toEqual([value, value, value]);
  });
});

describe("a TIFF of PackBits", () => {
  it.each([8, 16])("of %i bits is read as it is, though it names a predictor", async (bits) => {
    // Runs of 100 and 80 bytes of 1, then of 2 for 16 bits.
    const rows = Buffer.concat(Array.from({ length: (HEIGHT * bits) / 8 }, () => Buffer.from([157, 7])));
    const bytes = tiff(rows, [
      page([258, 3, 1, bits], [259, 3, 1, 32773], [279, 4, 1, rows.length], [317, 3, 1, 2]),
    ]);
    expect(await lastPixel(bytes)).toBe(bits === 8 ? 7 : 0x0707);
  });
});

describe("a TIFF of JPEG", () => {
  it("is read as it is, though it names a predictor", async () => {
    const bytes = await readFile(join(FIXTURES, "jpeg8.tif"));
    const first = bytes.readUInt32LE(4);
    const unit = first + 2 + 12 * directoryTags(bytes, first).indexOf(296);
    const plain = await lastPixel(bytes);
    bytes.writeUInt16LE(317, unit);
    bytes.writeUInt16LE(2, unit + 8);
    expect(await lastPixel(bytes)).toBe(plain);
  });
});

describe("a TIFF in colours with more samples", () => {
  const bytes = new Uint8Array(4 * PLANE).map((_, i) => [30, 30, 30, 200][i % 4]!);
  const rgba = [
    [258, 3, 1, 8],
    [262, 3, 1, 2],
    [277, 3, 1, 4],
    [279, 4, 1, bytes.length],
  ] as const;

  it.each([
    ["that are told to be anything", [338, 3, 1, 0]],
    ["that are told to be transparency", [338, 3, 1, 2]],
  ] as const)("%s is one image of its luminance", async (_, entry) => {
    expect(await read(tiff(bytes, [page(...rgba, [...entry])]))).toEqual([30]);
  });
});

describe("a TIFF of a compression that is not read", () => {
  it.each([
    [34_933, "PNG, 34933"],
    [34_934, "JPEG XR, 34934"],
  ])("%i names it", async (compression, name) => {
    expect(await read(tiff(data, [page([259, 3, 1, compression])]))).toEqual([expect.stringContaining(name)]);
  });

  it("of a JPEG of 12 bits says so", async () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xc1, 0, 11, 12, 0, HEIGHT, 0, WIDTH, 1, 1, 0x11, 0]);
    const entries = page([258, 3, 1, 12], [259, 3, 1, 7], [279, 4, 1, jpeg.length]);
    expect(await read(tiff(jpeg, [entries]))).toEqual([expect.stringContaining("JPEG of 12 bits")]);
  });
});

describe("a TIFF of Deflate", () => {
  it("with more behind its pixels is read without it", async () => {
    const more = deflateSync(Buffer.concat([data.subarray(0, PLANE), Buffer.alloc(WIDTH)]));
    const bytes = tiff(more, [page([259, 3, 1, 8], [279, 4, 1, more.length])]);
    expect(await read(bytes)).toEqual([10]);
  });
});

describe("crafted pixels of other kinds", () => {
  it("that claim a larger JPEG than their tile are refused before it is unpacked", async () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0]);
    const message = "claim 65535 x 65535 px in a block of 100 x 90 px";
    expect(await read(tiff(jpeg, [page([259, 3, 1, 7], [279, 4, 1, jpeg.length])]))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  it("that claim more than their bytes can mean are refused", async () => {
    const huge = page([256, 4, 1, 30_000], [257, 4, 1, 30_000], [258, 3, 1, 32], [259, 3, 1, 50_000]);
    expect(await read(tiff(data, [[...huge.filter(([tag]) => tag !== 278), [278, 4, 1, 30_000]]]))).toEqual([
      expect.stringContaining("no camera's image compresses so"),
    ]);
  });

  it("that are no Zstandard are told", async () => {
    expect(await read(tiff(data, [page([259, 3, 1, 50_000])]))).toEqual([expect.stringContaining("damaged")]);
  });
});
