import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFrameName } from "../../src/frames/file-names.js";

const B7 = { wellName: "B7", row: 1, column: 6 };

describe("parseFrameName", () => {
  it.each([
    {
      program: "Micro-Manager 2, all axes",
      path: "run_1/Pos0/img_channel001_position002_time000000003_z004.tif",
      name: { positionName: "Pos0", channelIndex: 1, positionIndex: 2, timeIndex: 3, zIndex: 4 },
    },
    {
      program: "Micro-Manager 2, one axis",
      path: "run_1/Default/img_z010.tif",
      name: { positionName: "Default", zIndex: 10 },
    },
    {
      program: "Micro-Manager 2, axes in another order",
      path: "img_time000000007_channel000.tif",
      name: { timeIndex: 7, channelIndex: 0 },
    },
    {
      program: "Micro-Manager 2 with channel names",
      path: "img_channelDAPI_position000_z001.tif",
      name: { channel: "DAPI", positionIndex: 0, zIndex: 1 },
    },
    {
      program: "Micro-Manager 2 with an underscore in the channel name",
      path: "img_channelAlexa_488_time000000000.tif",
      name: { channel: "Alexa_488", timeIndex: 0 },
    },
    {
      program: "Micro-Manager 2 on a plate",
      path: "C:\\data\\plate\\B7-Site_3\\img_channel000_time000000000_z000.tif",
      name: { ...B7, site: 3, positionName: "B7-Site_3", channelIndex: 0, timeIndex: 0, zIndex: 0 },
    },
    {
      program: "Micro-Manager 1.4",
      path: "Pos1/img_000000012_DAPI_003.tif",
      name: { positionName: "Pos1", timeIndex: 12, channel: "DAPI", zIndex: 3 },
    },
    {
      program: "Micro-Manager 1.4 with an underscore in the channel name",
      path: "Pos1/img_000000000_Alexa_488_000.tif",
      name: { positionName: "Pos1", timeIndex: 0, channel: "Alexa_488", zIndex: 0 },
    },
    {
      program: "Micro-Manager's stacks",
      path: "run/run_1_MMStack_B7-Site_3.ome.tif",
      name: { ...B7, site: 3, positionName: "B7-Site_3" },
    },
    {
      program: "the second file of a stack",
      path: "run/run_1_MMStack_Pos4_1.ome.tif",
      name: { positionName: "Pos4" },
    },
    {
      program: "pymmcore-plus",
      path: "out/00012_t0003_c01_z002.tif",
      name: { timeIndex: 3, channelIndex: 1, zIndex: 2 },
    },
    {
      program: "pymmcore-plus with a prefix and a position",
      path: "out/run-p005_t0000_c00_z000.tif",
      name: { positionIndex: 5, timeIndex: 0, channelIndex: 0, zIndex: 0 },
    },
    {
      program: "ImageXpress",
      path: "plate_B07_s2_w1.tif",
      name: { ...B7, site: 2, channel: "w1" },
    },
    {
      program: "ImageXpress with a GUID after the wavelength",
      path: "ZStep_1/Mix_E07_s1_w189A35A04-20E3-47AD-A1F9-8065B2840EFD.tif",
      name: { wellName: "E7", row: 4, column: 6, site: 1, channel: "w1" },
    },
    {
      program: "ImageXpress in lower case, where c05 is a well",
      path: "bbbc006_c05_s1_w2.png",
      name: { wellName: "C5", row: 2, column: 4, site: 1, channel: "w2" },
    },
    {
      program: "Opera",
      path: "BR00117006_r02c07f03p04-ch2sk1fk1fl1.tiff",
      name: { ...B7, site: 3, zIndex: 3, channel: "ch2" },
    },
    {
      program: "a well alone",
      path: "H12_01_1_1_DAPI_001.png",
      name: { wellName: "H12", row: 7, column: 11 },
    },
    { program: "nobody", path: "holiday/picture.png", name: {} },
    { program: "a folder that only looks like a well", path: "A1/picture.png", name: {} },
  ])("reads the names of $program", ({ path, name }) => {
    expect(parseFrameName(path)).toEqual(name);
  });

  it("reads back any subset of Micro-Manager's axes in any order", () => {
    const index = fc.nat(999);
    const axes = fc.record({ channel: index, position: index, time: index, z: index }, { requiredKeys: [] });
    fc.assert(
      fc.property(axes, fc.nat(23), (given, rotation) => {
        const entries = Object.entries(given);
        const turned = entries.map((_, i) => entries[(i + rotation) % entries.length]!);
        const stem = turned.map(([axis, n]) => `_${axis}${String(n).padStart(axis === "time" ? 9 : 3, "0")}`);
        const { channel, position, time, z } = given;
        const want = { channelIndex: channel, positionIndex: position, timeIndex: time, zIndex: z };
        expect(parseFrameName(`img${stem.join("")}.tif`)).toEqual(JSON.parse(JSON.stringify(want)));
      }),
    );
  });

  it("takes any text without throwing, and gives only numbers that are whole and not negative", () => {
    const part = fc.constantFrom(
      "img",
      "_",
      "channel",
      "z",
      "time0",
      "A01",
      "_s1",
      "_w2",
      "MMStack",
      "/",
      "-Site_9",
      "r99c99f01p00-ch1",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join("")),
        ),
        (path) => {
          for (const value of Object.values(parseFrameName(path))) {
            if (typeof value === "number") expect(value >= 0 && Number.isSafeInteger(value)).toBe(true);
          }
        },
      ),
    );
  });
});
