import { describe, expect, test } from "vitest";
import { MemoryBytes } from "../../src/frames/file-bytes.js";
import { namePattern } from "../../src/frames/name-groups.js";
import { decodePages } from "../../src/frames/read-frames.js";
import { FileSites } from "../../src/sources/file-sites.js";
import { type Entry, tiff } from "../frames/tiff-builder.js";

function sitesOf(
  paths: readonly string[],
  { pattern, metadata = {} }: { pattern?: string; metadata?: object } = {},
) {
  const said: string[] = [];
  const sites = new FileSites({
    pattern: pattern === undefined ? undefined : namePattern(pattern),
    say: (sentence) => said.push(sentence),
  });
  const frames = paths.map((path) => sites.frameOf({ path, page: 0, metadata }));
  return { frames, sites: frames.map(({ site }) => site), said };
}

function twoChannelsOfImageJ(): Uint8Array {
  const text = Buffer.from("ImageJ=1.53t\nimages=2\nchannels=2\nhyperstack=true\n\0");
  const side = 90;
  const page: Entry[] = [
    [256, 3, 1, side],
    [257, 3, 1, side],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [270, 2, text.length, 8 + side * side],
    [273, 4, 1, 8],
    [278, 3, 1, side],
    [279, 4, 1, side * side],
  ];
  return tiff(Buffer.concat([Buffer.alloc(side * side, 7), text]), [page, page]);
}

describe("the sites of files", () => {
  test("have the channel of each page where a name lists those of the file", () => {
    const sites = new FileSites({ say: () => undefined });
    const path = "WellH06_PointH06_0007_ChannelDAPI,WF_GFP,DIA_Seq0502.tiff";
    const channels = [0, 1, 2].map((page) => sites.frameOf({ path, page, metadata: {} }).channel);
    expect(channels).toEqual(["DAPI", "WF_GFP", "DIA"]);
    expect(sites.frameOf({ path, page: 5, metadata: { channelIndex: 0 } }).channel).toBe("DAPI");
  });

  test("are one site where each channel has a folder, and metadata know its channel better", () => {
    const paths = ["screen/DAPI/B07_2.tif", "screen/GFP/B07_2.tif"];
    const { frames, sites } = sitesOf(paths);
    expect(frames.map(({ channel }) => channel)).toEqual(["DAPI", "GFP"]);
    expect(sites[1]).toEqual(sites[0]);
    const told = sitesOf(["actin/B07_2.tif"], { metadata: { channel: "Cy5" } });
    expect(told.frames[0]!.channel).toBe("Cy5");
  });

  test("have the channels of a file of several, whatever a word in its name says", async () => {
    const path = "cells_DAPI_actin.tif";
    const sites = new FileSites({ say: () => undefined });
    const channels: unknown[] = [];
    for await (const read of decodePages(new MemoryBytes(twoChannelsOfImageJ()), path)) {
      if ("error" in read) throw read.error;
      channels.push(sites.frameOf({ path, page: read.page, metadata: read.metadata }).channel);
    }
    expect(channels).toEqual(["channel0", "channel1"]);
    const named = { channel: "Hoechst", channelIndex: 0, ofSeveralChannels: true };
    expect(sitesOf(["cells_DAPI.tif"], { metadata: named }).frames[0]!.channel).toBe("Hoechst");
    const own = sitesOf(["cells_DAPI.tif"], { metadata: named, pattern: "^cells_(?P<Channel>.+)\\.tif" });
    expect(own.frames[0]!.channel).toBe("DAPI");
    const alone = { channel: "Hoechst", channelIndex: 0 };
    expect(sitesOf(["cells_DAPI.tif"], { metadata: alone }).frames[0]!.channel).toBe("DAPI");
  });

  test("are one for the channels that ImageJ split", () => {
    const { frames, said } = sitesOf(["sub/C1-Image.tif", "sub/C2-Image.tif"]);
    expect(frames).toEqual([
      { site: { name: "sub/Image" }, channel: "C1" },
      { site: { name: "sub/Image" }, channel: "C2" },
    ]);
    expect(said).toEqual([]);
  });

  test("of a CellVoyager, whose wells are only numbered, are told apart by well and field", () => {
    const { sites } = sitesOf([
      "Image/W1F001T0001Z01C1.tif",
      "Image/W1F001T0001Z01C2.tif",
      "W2F001T0001Z01C1.tif",
    ]);
    expect(sites.map(({ name, well }) => [name, well])).toEqual([
      ["site W1-Site_1", undefined],
      ["site W1-Site_1", undefined],
      ["site W2-Site_1", undefined],
    ]);
  });

  test("have channels with a comma in their names, as Gen5 writes them", () => {
    const { frames } = sitesOf(["E2_-2_1_1_Stitched[GFP 469,525]_001.tiff"]);
    expect(frames).toMatchObject([{ site: { well: "E02", index: 1 }, channel: "Stitched[GFP 469,525]" }]);
  });

  test("that are no well have no name that reads like one", () => {
    expect(sitesOf(["P1.tif"]).sites).toEqual([{ name: "site P1" }]);
    expect(sitesOf(["T1.tif"]).sites).toEqual([{ name: "T1" }]);
  });

  test.each([
    ["in the folders of two wells", ["A01/img.tif", "B01/img.tif"], ["A01_img", "B01_img"]],
    ["that differ in a number", ["A01_img1.tif", "A01_img2.tif"], ["A01_img1", "A01_img2"]],
    ["that nothing is known of", ["a/x.tif", "b/x.tif"], ["a/x", "b/x"]],
    ["of two Micro-Manager runs", ["r1/Pos0/img_z000.tif", "r2/Pos0/img_z000.tif"], ["r1/Pos0", "r2/Pos0"]],
    [
      "of two stacks",
      ["x_MMStack_1-Pos000_000.ome.tif", "x_MMStack_1-Pos000_001.ome.tif"],
      ["1-Pos000_000", "1-Pos000_001"],
    ],
    ["of ZEN's scenes", ["x_s1c1_ORG.tif", "x_s2c1_ORG.tif"], ["x-Site_1", "x-Site_2"]],
    [
      "of CQ1's wells",
      ["W0001F0001T0001Z000C1.tif", "W0002F0001T0001Z000C1.tif"],
      ["W0001-Site_1", "W0002-Site_1"],
    ],
  ])("%s are two", (_, paths, names) => {
    const { sites, said } = sitesOf(paths);
    expect(sites.map(({ name }) => name)).toEqual(names);
    expect(said).toEqual([]);
  });

  test("of two plates are two, and each knows its plate", () => {
    const { sites } = sitesOf([
      "P-17/Images/r01c01f01p01-ch1sk1fk1fl1.tiff",
      "P-18/Images/r01c01f01p01-ch1sk1fk1fl1.tiff",
    ]);
    expect(sites).toMatchObject([
      { plate: "P-17", well: "A01", index: 1, name: "A01-Site_1" },
      { plate: "P-18", well: "A01", index: 1, name: "A01-Site_1" },
    ]);
  });

  test("of a plate that is a folder, and of one that other names tell, are of two", () => {
    const paths = ["PlateA/B01_s1.tif", "export/PlateA_B01_s1.tif", "PlateA/PlateA_B02_s1.tif"];
    expect(sitesOf(paths).sites.map(({ plate }) => plate)).toEqual(["PlateA", "export/PlateA", "PlateA"]);
    expect(sitesOf(paths.toReversed()).sites.map(({ plate }) => plate)).toEqual([
      ...["PlateA", "export/PlateA", "PlateA"],
    ]);
  });

  test("of two plates of one name are told apart by their folders, and it is said", () => {
    const { sites, said } = sitesOf([
      "monday/P1_A01_s1_w1.tif",
      "tuesday/P1_A01_s1_w1.tif",
      "monday/P1_A02_s1_w1.tif",
    ]);
    expect(sites.map(({ plate }) => plate)).toEqual(["P1", "tuesday/P1", "P1"]);
    expect(said).toEqual([expect.stringContaining("Plates named P1 lie in two folders")]);
  });

  test("are one where only channel, time or z differ", () => {
    const paths = [
      "TimePoint_1/P_A01_s1_w1.tif",
      "TimePoint_1/P_A01_s1_w2.tif",
      "TimePoint_2/P_A01_s1_w1.tif",
    ];
    const { frames, said } = sitesOf(paths);
    expect(new Set(frames.map(({ site }) => site.name))).toEqual(new Set(["A01-Site_1"]));
    expect(frames.map(({ channel, timeIndex }) => [channel, timeIndex])).toEqual([
      ["w1", 1],
      ["w2", 1],
      ["w1", 2],
    ]);
    expect(said).toEqual([]);
  });

  test("that cannot be told apart stay apart by their paths, and it is said once", () => {
    const paths = ["A1_01_1_1_DAPI_001.tif", "A1_02_1_1_DAPI_001.tif", "A1_03_1_1_DAPI_001.tif"];
    const { sites, said } = sitesOf(paths);
    expect(sites.map(({ name }) => name)).toEqual(["A01-Site_1", ...paths.slice(1)]);
    expect(new Set(sites.map(({ well }) => well))).toEqual(new Set(["A01"]));
    expect(said).toEqual([
      `${paths[0]} and ${paths[1]} cannot be told apart by their names: such files are sites of their own. ` +
        "A name pattern says which part means what",
    ]);
  });

  test("stay what they are when a file is read again", () => {
    const { sites, said } = sitesOf(["A01_img.tif", "A01_img.tif"]);
    expect(sites[1]).toEqual(sites[0]);
    expect(said).toEqual([]);
  });

  test("take plate, well and site from the metadata where the name has none", () => {
    const metadata = { plate: "P9", well: "b7", site: 2, channel: "DAPI" };
    expect(sitesOf(["export.tif"], { metadata }).frames[0]).toEqual({
      site: { name: "B07-Site_2_export", plate: "P9", well: "B07", index: 2, row: 1, column: 6 },
      channel: "DAPI",
    });
  });

  test("leave out the running number of a stack's file where the file knows its position", () => {
    const { sites } = sitesOf(["x_MMStack_edge_1.ome.tif"], { metadata: { positionName: "edge" } });
    expect(sites[0]!.name).toBe("edge");
  });

  test("that do not fit the pattern are named, once", () => {
    const { said } = sitesOf(["w1.tif", "w2.tif"], { pattern: "(?P<Well>[A-H][0-9]{2})" });
    expect(said).toEqual(["w1.tif does not fit the name pattern; it is read as if there were none"]);
  });
});
