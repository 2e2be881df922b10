import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FrameMetadata } from "../../src/frames/micro-manager-metadata.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { FileSites } from "../../src/sources/file-sites.js";
import { temporaryFolder } from "../helpers/models.js";
import { type Entry, tiff } from "./tiff-builder.js";

const [WIDTH, HEIGHT] = [100, 90];

/** Pages of one value, the first of which has a description. */
function described(text: string, pages = 1, { samples = 1, photometric = 1 } = {}): Uint8Array {
  const bytes = Buffer.from(`${text}\0`);
  const pixelBytes = WIDTH * HEIGHT * samples;
  const data = Buffer.concat([Buffer.alloc(pixelBytes, 7), bytes]);
  const page: Entry[] = [
    [256, 4, 1, WIDTH],
    [257, 4, 1, HEIGHT],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, photometric],
    [270, 2, bytes.length, 8 + pixelBytes],
    [273, 4, 1, 8],
    [277, 3, 1, samples],
    [278, 4, 1, HEIGHT],
    [279, 4, 1, pixelBytes],
  ];
  return tiff(
    data,
    Array.from({ length: pages }, () => page),
  );
}

const elsewhere = (file: string) => `<OME><BinaryOnly MetadataFile="${file}" UUID="urn:uuid:1"/></OME>`;

/** An image of two channels, each in a file of its own. */
const SET = `<OME><Plate Name="P7"><Well Row="1" Column="2"><WellSample Index="0"><ImageRef ID="Image:0"/></WellSample></Well></Plate>
<Image ID="Image:0" Name="cells"><Pixels DimensionOrder="XYZCT" SizeC="2" SizeZ="1" SizeT="1"><Channel Name="DAPI"/><Channel Name="GFP"/>
<TiffData FirstC="0"><UUID FileName="a.ome.tif">x</UUID></TiffData>
<TiffData FirstC="1"><UUID FileName="b.ome.tif">y</UUID></TiffData></Pixels></Image></OME>`;

async function metadataIn(folder: string, file: string): Promise<FrameMetadata[]> {
  const found: FrameMetadata[] = [];
  for await (const { metadata } of readFrames(join(folder, file))) found.push(metadata);
  return found;
}

async function folderWith(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

describe("OME-TIFFs that are described in another file", () => {
  it.each(["set.companion.ome", "../elsewhere/set.companion.ome", "C:\\data\\set.companion.ome"])(
    "are read with their companion %s",
    async (name) => {
      const image = described(elsewhere(name));
      const folder = await folderWith({ "a.ome.tif": image, "b.ome.tif": image, "set.companion.ome": SET });
      const place = { plate: "P7", well: "B03", site: 1, positionName: "cells" };
      expect(await metadataIn(folder, "a.ome.tif")).toEqual([{ ...place, channel: "DAPI", channelIndex: 0 }]);
      expect(await metadataIn(folder, "b.ome.tif")).toEqual([{ ...place, channel: "GFP", channelIndex: 1 }]);
    },
  );

  it("are read with the first TIFF of their set, also when it comes later, or changes", async () => {
    const folder = await folderWith({ "b.ome.tif": described(elsewhere("a.ome.tif")) });
    expect(await metadataIn(folder, "b.ome.tif")).toEqual([{}]);
    await writeFile(join(folder, "a.ome.tif"), described(SET.replace("GFP", "old name")));
    expect((await metadataIn(folder, "b.ome.tif"))[0]!.channel).toBe("old name");
    await writeFile(join(folder, "a.ome.tif"), described(SET));
    expect((await metadataIn(folder, "b.ome.tif"))[0]!.channel).toBe("GFP");
  });

  it("are read without it where it is damaged or no file", async () => {
    const folder = await folderWith({
      "a.ome.tif": described(elsewhere("cut.ome.tif")),
      "b.ome.tif": described(elsewhere(".")),
      "cut.ome.tif": described(SET).subarray(0, 100),
    });
    expect(await metadataIn(folder, "a.ome.tif")).toEqual([{}]);
    expect(await metadataIn(folder, "b.ome.tif")).toEqual([{}]);
  });

  it("are known by their UUID where they were renamed, and a file alone without one", async () => {
    const uuid = (text: string, id: string) => text.replace("<OME>", `<OME UUID="${id}">`);
    const second = uuid(elsewhere("set.companion.ome"), "y");
    const alone = SET.replace('<TiffData FirstC="0"><UUID FileName="a.ome.tif">x</UUID></TiffData>', "");
    const folder = await folderWith({
      "set.companion.ome": SET,
      "other name.ome.tif": described(second),
      "renamed.ome.tif": described(alone),
    });
    expect((await metadataIn(folder, "other name.ome.tif"))[0]!.channel).toBe("GFP");
    expect((await metadataIn(folder, "renamed.ome.tif"))[0]).toMatchObject({ well: "B03", channel: "GFP" });
  });

  it("of one image are one site", async () => {
    const image = described(elsewhere("set.companion.ome"));
    const set = SET.replace(/<Plate.*<\/Plate>/s, "");
    const folder = await folderWith({ "a.ome.tif": image, "b.ome.tif": image, "set.companion.ome": set });
    expect(await sitesIn(folder, ["a.ome.tif", "b.ome.tif"])).toEqual(["cells", "cells"]);
  });
});

describe("an OME-TIFF of several images", () => {
  const images = (names: readonly string[]) =>
    names.map(
      (name, i) =>
        `<Image ID="Image:${i}" Name="${name}"><Pixels SizeC="1" SizeZ="2" SizeT="1" DimensionOrder="XYZCT">
<TiffData IFD="${2 * i}" PlaneCount="2"/></Pixels></Image>`,
    );

  it("has a site for each, by its name, or by its number where names repeat", async () => {
    const folder = await folderWith({
      "exp 1.ome.tif": described(`<OME>${images(["Pos0", "Pos1"]).join("")}</OME>`, 4),
      "exp 2.ome.tif": described(`<OME>${images(["Pos0", "Pos1"]).join("")}</OME>`, 4),
      "B03.ome.tif": described(`<OME>${images(["", ""]).join("")}</OME>`, 4),
    });
    expect(await sitesIn(folder, ["exp 1.ome.tif", "exp 2.ome.tif", "B03.ome.tif"])).toEqual([
      ...["exp 1-Pos0", "exp 1-Pos0", "exp 1-Pos1", "exp 1-Pos1"],
      ...["exp 2-Pos0", "exp 2-Pos0", "exp 2-Pos1", "exp 2-Pos1"],
      ...["B03-Image_0", "B03-Image_0", "B03-Image_1", "B03-Image_1"],
    ]);
  });

  it("has sites of their own beside another file of the same name", async () => {
    const sites = new FileSites({ say: () => undefined });
    const metadata = { series: "Pos0" };
    const named = (path: string) => sites.frameOf({ path, page: 0, metadata }).site.name;
    expect(["a.ome.tif", "a.ome.tiff"].map(named)).toEqual(["a-Pos0", "a.ome.tiff-Pos0"]);
  });
});

/** The site of each page, as a table of scores has it. */
async function sitesIn(folder: string, files: readonly string[]): Promise<string[]> {
  const sites = new FileSites({ say: () => undefined });
  const names: string[] = [];
  for (const path of files) {
    for await (const { page, metadata } of readFrames(join(folder, path))) {
      names.push(sites.frameOf({ path, page, metadata }).site.name);
    }
  }
  return names;
}

/** A stack of SizeC 3, of which each page has all. */
const colours = (sizes: string, channels: string) =>
  `<OME><Image ID="Image:0"><Pixels DimensionOrder="XYCZT" ${sizes}>${channels}<TiffData/></Pixels></Image></OME>`;

describe("OME-TIFF with all channels in each page", () => {
  it.each([
    '<Channel SamplesPerPixel="3" Name="H&amp;E"/>',
    '<Channel SamplesPerPixel="3" Name="H&amp;E" Color="-1"/>',
  ])("of colours has z and t of every page, and one channel", async (channel) => {
    const text = colours('SizeC="3" SizeZ="2" SizeT="2"', channel);
    const folder = await folderWith({ "a.ome.tif": described(text, 4, { samples: 3, photometric: 2 }) });
    expect(await metadataIn(folder, "a.ome.tif")).toEqual(
      [0, 1, 2, 3].map((i) => ({ channel: "H&E", zIndex: i % 2, timeIndex: Math.floor(i / 2) })),
    );
  });

  it("of colours whose samples are named gives none of their names", async () => {
    const text = colours(
      'SizeC="3" SizeZ="2" SizeT="1"',
      '<Channel Name="R"/><Channel Name="G"/><Channel Name="B"/>',
    );
    const folder = await folderWith({ "a.ome.tif": described(text, 2, { samples: 3, photometric: 2 }) });
    expect(await metadataIn(folder, "a.ome.tif")).toEqual([{ zIndex: 0 }, { zIndex: 1 }]);
  });

  it("of two channels has z, and each channel's number and name", async () => {
    const text = colours('SizeC="2" SizeZ="2" SizeT="1"', '<Channel Name="DAPI"/><Channel Name="GFP"/>');
    const folder = await folderWith({ "a.ome.tif": described(text, 2, { samples: 2 }) });
    expect(await metadataIn(folder, "a.ome.tif")).toEqual(
      [0, 1].flatMap((zIndex) =>
        ["DAPI", "GFP"].map((channel, channelIndex) => ({
          channel,
          channelIndex,
          ofSeveralChannels: true,
          zIndex,
        })),
      ),
    );
  });
});

describe("files of a data set that are not there", () => {
  const missingIn = async (folder: string, file: string) => {
    for await (const { missing } of readFrames(join(folder, file))) return missing;
    return [];
  };

  it("are told by those that are, unless these were renamed", async () => {
    const folder = await folderWith({ "a.ome.tif": described(SET), "c.ome.tif": described(SET) });
    expect(await missingIn(folder, "a.ome.tif")).toEqual(["b.ome.tif"]);
    expect(await missingIn(folder, "c.ome.tif")).toBeUndefined();
    await writeFile(join(folder, "b.ome.tif"), described(SET));
    expect(await missingIn(folder, "a.ome.tif")).toBeUndefined();
  });
});
