import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseMicroManagerMetadata,
  readMicroManagerMetadata,
  toMicroManagerMetadata,
} from "../../src/frames/micro-manager-metadata.js";

describe("readMicroManagerMetadata", () => {
  it("prefers a measured z to an intended one, and says which it is", () => {
    const both = { ZPosition_um_Intended: 5, ZPositionUm: 5.25 };
    expect(readMicroManagerMetadata(both)).toEqual({ zUm: 5.25, zOrigin: "measured" });
    expect(readMicroManagerMetadata({ ZPosition_um_Intended: 5 })).toEqual({ zUm: 5, zOrigin: "intended" });
  });

  it("takes numbers written as text, and no text that is not a number", () => {
    expect(readMicroManagerMetadata({ "Exposure-ms": "12.5" })).toEqual({ exposureMs: 12.5 });
    for (const text of ["", " ", "fast", "1e999", "0x10", "12 ms"]) {
      expect(readMicroManagerMetadata({ "Exposure-ms": text })).toEqual({});
    }
  });

  it("goes on to the next alias where one holds nothing usable", () => {
    expect(readMicroManagerMetadata({ PixelSizeUm: 0, PixelSize_um: 0.65 })).toEqual({ pixelUm: 0.65 });
  });

  it("takes a pixel size of 0 for a missing calibration", () => {
    expect(readMicroManagerMetadata({ PixelSizeUm: 0 })).toEqual({});
  });

  it("reads the objective from the label of the turret, unless two say different things", () => {
    const objective = { numericalAperture: 0.75, refractiveIndex: 1 };
    const label = { "Objective-Label": "20x/0.75", "Filter-Label": "DAPI" };
    expect(readMicroManagerMetadata(label)).toEqual({ objective });
    expect(readMicroManagerMetadata({ ScopeData: { "Nosepiece-Label": { scalar: "20X/0.75" } } })).toEqual({
      objective,
    });
    expect(readMicroManagerMetadata({ ...label, "Turret-Label": "60x/1.4 Oil" })).toEqual({});
  });

  it("tells the name of a channel from its number on the same axis", () => {
    expect(readMicroManagerMetadata({ Axes: { channel: "GFP" } })).toEqual({ channel: "GFP" });
    expect(readMicroManagerMetadata({ Axes: { channel: 1 } })).toEqual({ channelIndex: 1 });
  });

  it("reads Micro-Manager 2's property maps", () => {
    const json = { encoding: "UTF-8", map: { ZPositionUm: { type: "DOUBLE", scalar: 3.5 } } };
    expect(readMicroManagerMetadata(json)).toEqual({ zUm: 3.5, zOrigin: "measured" });
  });

  it("reads pymmcore-plus frame metadata", () => {
    const json = {
      exposure_ms: 20,
      pixel_size_um: 0.1,
      position: { x: 1, y: 2, z: 3 },
      mda_event: {
        index: { t: 1, p: 2, c: 0, z: 4 },
        channel: { config: "DAPI", group: "Channel" },
        pos_name: "A1",
      },
    };
    expect(readMicroManagerMetadata(json)).toEqual({
      exposureMs: 20,
      pixelUm: 0.1,
      xUm: 1,
      yUm: 2,
      zUm: 3,
      zOrigin: "measured",
      channel: "DAPI",
      positionName: "A1",
      timeIndex: 1,
      positionIndex: 2,
      channelIndex: 0,
      zIndex: 4,
    });
  });

  it("gives nothing, and throws nothing, for any other JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(readMicroManagerMetadata(json)).toEqual({});
      }),
    );
  });

  it("reads back what toMicroManagerMetadata writes", () => {
    const um = fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 8);
    const metadata = fc.record(
      {
        xUm: um,
        yUm: um,
        exposureMs: fc.integer({ min: 1, max: 1e5 }),
        channel: fc.constantFrom("DAPI", "Alexa 488"),
        positionName: fc.constantFrom("Pos0", "A1-Site_0"),
        bitDepth: fc.integer({ min: 8, max: 16 }),
        timeIndex: fc.nat(),
        channelIndex: fc.nat(),
      },
      { requiredKeys: [] },
    );
    const z = fc.constantFrom({}, { zUm: 1.5, zOrigin: "measured" }, { zUm: -2, zOrigin: "intended" });
    fc.assert(
      fc.property(metadata, z, (fields, position) => {
        const given = { ...fields, ...position };
        expect(readMicroManagerMetadata(toMicroManagerMetadata(given))).toEqual(given);
      }),
    );
  });
});

describe("parseMicroManagerMetadata", () => {
  it.each(["", "{", '{"ZPositionUm": 4', "BitsPerPixel = 12", "[1]", "null"])(
    "gives nothing for %j",
    (text) => {
      expect(parseMicroManagerMetadata(text)).toEqual({});
    },
  );
});
