import { describe, expect, it } from "vitest";
import { parseOmeXml } from "../../src/frames/ome-xml.js";

const plate = `<OME><Plate Name="P7"><Well Row="1" Column="6"><WellSample Index="9"><ImageRef ID="Image:0"/></WellSample>
<WellSample Index="10"><ImageRef ID="Image:1"/></WellSample></Well></Plate>
<Image ID="Image:0"><Pixels DimensionOrder="XYZCT" SizeC="2" SizeZ="2" SizeT="1" PhysicalSizeX="0.5" SignificantBits="12">
<Channel Name="DAPI"/><Channel Name="A &amp; B"/>
<TiffData IFD="0" PlaneCount="4"><UUID FileName="a.ome.tif">x</UUID></TiffData></Pixels></Image>
<Image ID="Image:1"><StageLabel Name="edge"/><Pixels DimensionOrder="XYCZT" SizeC="1" SizeZ="1" SizeT="3">
<TiffData FirstT="1" IFD="5"><UUID FileName="b.ome.tif">y</UUID></TiffData></Pixels></Image></OME>`;

describe("OME-XML", () => {
  it("tells channel, z, plate, well and site of each page of a file", () => {
    const place = { plate: "P7", well: "B07", site: 1, pixelUm: 0.5, bitDepth: 12, ofSeveralChannels: true };
    expect([0, 1, 2, 3].map(parseOmeXml(plate, "a.ome.tif"))).toEqual([
      { ...place, channel: "DAPI", channelIndex: 0, zIndex: 0 },
      { ...place, channel: "DAPI", channelIndex: 0, zIndex: 1 },
      { ...place, channel: "A & B", channelIndex: 1, zIndex: 0 },
      { ...place, channel: "A & B", channelIndex: 1, zIndex: 1 },
    ]);
  });

  it("keeps channels of one name apart, and those without a name without one", () => {
    const named = (...names: readonly string[]) =>
      [0, 1, 2, 3].map(
        (page) =>
          parseOmeXml(
            `<OME><Image ID="I:0"><Pixels DimensionOrder="XYCZT" SizeC="4" SizeZ="1" SizeT="1">${names
              .map((name) => `<Channel Name="${name}"/>`)
              .join("")}<TiffData/></Pixels></Image></OME>`,
            "a.ome.tif",
          )(page).channel,
      );
    expect(named("Mono", "Mono", "Mono (2)", "Mono")).toEqual(["Mono", "Mono (3)", "Mono (2)", "Mono (4)"]);
    expect(named("DAPI", "", "DAPI")).toEqual(["DAPI", undefined, "DAPI (2)", undefined]);
  });

  it("tells the pages of the other file of the same data set", () => {
    expect(parseOmeXml(plate, "b.ome.tif")(5)).toEqual({
      ...{ plate: "P7", well: "B07", site: 2, timeIndex: 1, positionName: "edge" },
    });
  });

  it.each([
    ['PhysicalSizeZ="0.3"', 0.3],
    ['PhysicalSizeZ="250" PhysicalSizeZUnit="nm"', 0.25],
    ['PhysicalSizeZ="2" PhysicalSizeZUnit="pixel"', undefined],
    ['PhysicalSizeZ="-1"', undefined],
  ])("tells the distance of the planes of a stack: %s", (size, zStepUm) => {
    const text = `<OME><Image ID="Image:0"><Pixels SizeC="1" SizeZ="3" SizeT="1" ${size}><TiffData/></Pixels></Image></OME>`;
    expect(parseOmeXml(text, "a.tif")(2)).toEqual({
      zIndex: 2,
      ...(zStepUm !== undefined && { zStepUm }),
    });
  });

  it.each([
    ['<ObjectiveSettings ID="Objective:1"/>', { numericalAperture: 1.2, refractiveIndex: 1.33 }],
    [
      '<ObjectiveSettings ID="Objective:0" RefractiveIndex="1.52"/>',
      { numericalAperture: 1.4, refractiveIndex: 1.52 },
    ],
    [
      '<ObjectiveSettings ID="Objective:0" RefractiveIndex="1.33"/>',
      { numericalAperture: 1.4, refractiveIndex: 1.515 },
    ],
    ["", undefined],
  ])("tells the objective that an image names: %s", (settings, objective) => {
    const lenses =
      '<Objective ID="Objective:0" LensNA="1.4" Immersion="Oil"/><Objective ID="Objective:1" LensNA="1.2" Immersion="Water"/>';
    const image = `<Image ID="Image:0">${settings}<Pixels><TiffData/></Pixels></Image>`;
    expect(
      parseOmeXml(`<OME><Instrument>${lenses}</Instrument>${image}</OME>`, "a.tif")(0).objective,
    ).toEqual(objective);
  });

  it("takes the only objective there is for that of all images", () => {
    const lens = '<Instrument><Objective ID="Objective:0" LensNA="0.45"/></Instrument>';
    const image = '<Image ID="Image:0"><Pixels><TiffData/></Pixels></Image>';
    expect(parseOmeXml(`<OME>${lens}${image}</OME>`, "a.tif")(0).objective).toEqual({
      ...{ numericalAperture: 0.45, refractiveIndex: 1 },
    });
  });

  it("tells where the drive was at each plane, in units of length, unless it is said to have been in one place all along", () => {
    const planes = (...positions: string[]) => {
      const text = positions
        .map((position, z) => `<Plane TheC="0" TheZ="${z}" TheT="0" ${position}/>`)
        .join("");
      const pixels = `<Pixels SizeC="1" SizeZ="${positions.length}" SizeT="1"><TiffData/>${text}</Pixels>`;
      const metadata = parseOmeXml(`<OME><Image ID="Image:0">${pixels}</Image></OME>`, "a.tif");
      return positions.map((_, page) => metadata(page).zUm);
    };

    expect(planes('PositionZ="1.5" PositionZUnit="mm"')).toEqual([1500]);
    expect(planes('PositionZ="-2" PositionZUnit="µm"', 'PositionZ="1" PositionZUnit="µm"')).toEqual([-2, 1]);
    expect(planes('PositionZ="7" PositionZUnit="µm"', 'PositionZ="7" PositionZUnit="µm"')).toEqual([
      undefined,
      undefined,
    ]);
    expect(planes('PositionZ="7" PositionZUnit="reference frame"')).toEqual([undefined]);
    expect(planes('PositionZ="7"')).toEqual([undefined]);
  });

  it("tells where the drive was at each channel and time, where a pixel has several samples, too", () => {
    const text = `<OME><Image ID="Image:0"><Pixels DimensionOrder="XYCZT" SizeC="6" SizeZ="1" SizeT="2"><TiffData/>
<Plane TheC="3" TheZ="0" TheT="1" PositionZ="4" PositionZUnit="µm"/></Pixels></Image></OME>`;
    const metadata = parseOmeXml(text, "a.tif", undefined, 3);
    expect([0, 1, 2, 3].map((page) => metadata(page).zUm)).toEqual([undefined, undefined, undefined, 4]);
  });

  it("is read where it is cut off", () => {
    const cut = plate.slice(0, plate.indexOf("<TiffData"));
    expect(parseOmeXml(cut, "a.ome.tif")(0)).toEqual({ pixelUm: 0.5, bitDepth: 12 });
  });

  it("may have brackets in quoted names", () => {
    const text = `<OME><!-- it's --><Image ID="Image:0" Name="x > y"><Pixels SizeC="2" SizeZ="1" SizeT="1">
<Channel Name="a>b"/><!-- > it's --><Channel ID='c' Name='">"'/><TiffData/></Pixels></Image></OME>`;
    expect([0, 1].map((page) => parseOmeXml(text, "a.tif")(page).channel)).toEqual(["a>b", '">"']);
  });

  it("of a million quotes without an end takes no time to speak of", () => {
    expect(parseOmeXml('<Pixels a="'.repeat(500_000), "a.tif")(0)).toEqual({});
    expect(parseOmeXml('<Pixels a="" b=" >'.repeat(500_000), "a.tif")(0)).toEqual({});
  });

  it("of a million elements without an end takes no time to speak of", () => {
    expect(parseOmeXml("<Pixels ".repeat(1_000_000), "a.tif")(0)).toEqual({});
  });
});
