import { appendFile, mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { indexedMetadata } from "../../src/frames/plate-index.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { encodeTiff } from "../../src/frames/write-tiff.js";
import { FileSites } from "../../src/sources/file-sites.js";
import { temporaryFolder } from "../agent/helpers.js";
import { readAll } from "./fixtures.js";

const YOKOGAWA = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"';
const CV_FILE = "PL1_B07_T0002F003L01A01Z04C02.tif";

const record = (file: string, { type = "IMG", z = "-8.5" } = {}) =>
  `<bts:MeasurementRecord bts:Type="${type}" bts:Time="2021-06-14T09:13:30.1+01:00" bts:Column="7" bts:Row="2" ` +
  `bts:TimePoint="2" bts:FieldIndex="3" bts:ZIndex="4" bts:TimelineIndex="1" bts:ActionIndex="1" bts:Action="3D" ` +
  `bts:X="-1.5" bts:Y="2" bts:Z="${z}" bts:Ch="2">${file}</bts:MeasurementRecord>\r\n`;

const MLF_HEAD = `<?xml version="1.0" encoding="utf-8"?>\r\n<bts:MeasurementData bts:Version="1.0" ${YOKOGAWA}>\r\n`;
const MRF = `<?xml version="1.0" encoding="utf-8"?>
<bts:MeasurementDetail bts:Version="1.0" bts:MeasurementSettingFileName="Assay 1.mes" bts:TargetSystem="CV8000" ${YOKOGAWA}>
  <bts:MeasurementSamplePlate bts:Name="Screen &amp; Co" bts:WellPlateFileName="PL1.wpi" />
  <bts:MeasurementChannel bts:Ch="1" bts:HorizontalPixelDimension="0.65" bts:InputBitDepth="16" />
  <bts:MeasurementChannel bts:Ch="2" bts:HorizontalPixelDimension="0.325" bts:InputBitDepth="16" />
</bts:MeasurementDetail>`;
const MES = `<bts:MeasurementSetting ${YOKOGAWA}><bts:ChannelList>
  <bts:Channel bts:Ch="1" bts:Target="DNA" /><bts:Channel bts:Ch="2" bts:Target="Alexa 488" />
</bts:ChannelList></bts:MeasurementSetting>`;

const CHANNEL = `<ChannelName>HOECHST 33342</ChannelName><ImageResolutionX Unit="m">5.9338E-07</ImageResolutionX>
  <ImageResolutionY Unit="m">5.9338E-07</ImageResolutionY><ImageSizeX>100</ImageSizeX>
  <ObjectiveMagnification Unit="">20</ObjectiveMagnification><ObjectiveNA Unit="">0.4</ObjectiveNA>`;
const harmonyImage = (
  url: string,
  own = "",
) => `<Image Version="1"><id>0203K1F7P4R2</id><State>Ok</State><URL>${url}</URL>
  <Row>2</Row><Col>3</Col><FieldID>7</FieldID><PlaneID>4</PlaneID><TimepointID>0</TimepointID><ChannelID>2</ChannelID>
  ${own}<PositionX Unit="m">0.0001</PositionX><PositionZ Unit="m">8E-06</PositionZ>
  <AbsPositionZ Unit="m">0.0183</AbsPositionZ></Image>`;
const harmony = (namespace: string, maps: string, images: string) => `<?xml version="1.0" encoding="utf-8"?>
<EvaluationInputData Version="1" xmlns="${namespace}"><User>someone</User>
  <Plates><Plate><PlateID>P1</PlateID><Name>Kinases 1</Name><PlateRows>16</PlateRows><Well id="0203" /></Plate></Plates>
  <Wells><Well><id>0203</id><Row>2</Row><Col>3</Col><Image id="0203K1F7P4R2" /></Well></Wells>
  ${maps}<Images>${images}</Images></EvaluationInputData>`;
const HARMONY_FILE = "r02c03f07p04-ch2sk1fk1fl1.tiff";
const VERSION_5 = harmony(
  "http://www.perkinelmer.com/PEHH/HarmonyV5",
  "",
  harmonyImage(HARMONY_FILE, CHANNEL),
);
const VERSION_7 = harmony(
  "43B2A954-E3C3-47E1-B392-6635266B0DD3/HarmonyV7",
  `<Maps><Map><Entry ChannelID="2"><FlatfieldProfile>{a: 1}</FlatfieldProfile></Entry></Map>
   <Map><Entry ChannelID="1"><ChannelName>Bright</ChannelName></Entry><Entry ChannelID="2">${CHANNEL}</Entry></Map></Maps>`,
  harmonyImage(HARMONY_FILE),
);

const image = encodeTiff({ width: 100, height: 90, pixels: new Uint16Array(9000).map((_, i) => i) });

async function folderWith(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** Where a page of a file is said to be. */
async function placeOf(folder: string, file: string) {
  const { pages } = await readAll(readFrames(join(folder, file)));
  const sites = new FileSites({ say: () => undefined });
  const place = sites.frameOf({ ...pages[0]!, path: `screen/${file}` });
  return {
    ...place,
    pixelUm: pages[0]!.metadata.pixelUm,
    objective: pages[0]!.metadata.objective,
    zUm: pages[0]!.metadata.zUm,
  };
}

describe("an index of a CV8000", () => {
  const beside = { "MeasurementDetail.mrf": MRF, "Assay 1.mes": MES };

  test("says plate, channel, pixel size and z of the images beside it", async () => {
    const folder = await folderWith({
      ...beside,
      [CV_FILE]: image,
      "MeasurementData.mlf": `${MLF_HEAD}${record("other.tif")}${record(CV_FILE)}${record("x.tif", { type: "ERR" })}</bts:MeasurementData>`,
    });
    expect(await placeOf(folder, CV_FILE)).toMatchObject({
      site: { plate: "PL1", well: "B07", index: 3 },
      ...{ channel: "Alexa 488", timeIndex: 2, zIndex: 4, pixelUm: 0.325, zUm: -8.5 },
    });
    expect(indexedMetadata(join(folder, "x.tif"))).toEqual({});
  });

  test("places files whose names say nothing", async () => {
    const folder = await folderWith({
      ...beside,
      "img 1.tif": image,
      "MeasurementData.mlf": `${MLF_HEAD}${record("img 1.tif")}`,
    });
    expect(await placeOf(folder, "img 1.tif")).toMatchObject({
      site: { plate: "Screen & Co", well: "B07", index: 3 },
      ...{ channel: "Alexa 488", timeIndex: 2, zIndex: 4 },
    });
  });

  test("that is written meanwhile says what it can, and more later", async () => {
    const folder = await folderWith({ [CV_FILE]: image });
    const mlf = join(folder, "MeasurementData.mlf");
    expect(await placeOf(folder, CV_FILE)).toMatchObject({ channel: "C02", site: { well: "B07" } });

    const text = record(CV_FILE);
    await writeFile(mlf, MLF_HEAD + text.slice(0, text.length / 2));
    expect(await placeOf(folder, CV_FILE)).toMatchObject({ channel: "C02", zUm: undefined });

    await appendFile(mlf, text.slice(text.length / 2) + record("next.tif").slice(0, 30));
    expect(await placeOf(folder, CV_FILE)).toMatchObject({ channel: "C02", zUm: -8.5 });

    await writeFile(join(folder, "MeasurementDetail.mrf"), MRF);
    expect(await placeOf(folder, CV_FILE)).toMatchObject({ channel: "C02", pixelUm: 0.325 });
    await writeFile(join(folder, "Assay 1.mes"), MES);
    expect(await placeOf(folder, CV_FILE)).toMatchObject({ channel: "Alexa 488", pixelUm: 0.325 });

    await appendFile(mlf, record("next.tif", { z: "7" }).slice(30));
    expect(indexedMetadata(join(folder, "next.tif"))).toMatchObject({ zUm: 7 });
  });

  test("that is written anew is read anew, but not at once", async () => {
    const folder = await folderWith({ "MeasurementData.mlf": MLF_HEAD + record("a.tif", { z: "1" }) });
    const of = () => indexedMetadata(join(folder, "a.tif")).zUm;
    expect(of()).toBe(1);
    await truncate(join(folder, "MeasurementData.mlf"), 0);
    await writeFile(join(folder, "MeasurementData.mlf"), `${MLF_HEAD}${record("a.tif", { z: "2" })}`);
    await expect.poll(of).toBe(2);
  });

  test("keeps two channels of one target apart", async () => {
    const folder = await folderWith({
      "MeasurementDetail.mrf": MRF,
      "Assay 1.mes": MES.replace("DNA", "Alexa 488"),
      "MeasurementData.mlf": MLF_HEAD + record("a.tif"),
    });
    expect(indexedMetadata(join(folder, "a.tif"))).toMatchObject({ channel: "Alexa 488 (2)" });
  });

  test.each(["../Assay 1.mes", "C:\\BTSData\\Assay 1.mes"])(
    "looks for its settings beside it: %s",
    async (name) => {
      const folder = await folderWith({
        "MeasurementDetail.mrf": MRF.replace("Assay 1.mes", name),
        "Assay 1.mes": MES,
        "MeasurementData.mlf": MLF_HEAD + record("a.tif") + record("b.tif"),
      });
      expect(indexedMetadata(join(folder, "a.tif"))).toMatchObject({ channel: "Alexa 488" });
    },
  );
});

describe("an index of Harmony", () => {
  const place = {
    site: { plate: "Kinases 1", well: "B03", index: 7 },
    ...{ channel: "HOECHST 33342", zIndex: 4, zUm: 8 },
  };

  test.each([
    ["Index.idx.xml", VERSION_5],
    ["Index.idx.xml", VERSION_7],
    ["Index.xml", VERSION_7],
    ["index.xml", VERSION_5],
    ["../Index.idx.xml", VERSION_7],
  ])("%s says plate, well, field, channel, z and pixel size", async (name, text) => {
    const folder = await folderWith({ [join("Images", name)]: text, [`Images/${HARMONY_FILE}`]: image });
    const got = await placeOf(folder, `Images/${HARMONY_FILE}`);
    expect(got).toMatchObject(place);
    expect(got.pixelUm).toBeCloseTo(0.59338, 6);
  });

  test("that is cut anywhere costs what it says, no frame", async () => {
    const folder = await folderWith({ "Index.idx.xml": VERSION_7, [HARMONY_FILE]: image });
    const said = new Set<string | undefined>();
    for (let length = VERSION_7.length; length > 0; length -= 97) {
      const other = await folderWith({ "Index.idx.xml": VERSION_7.slice(0, length), [HARMONY_FILE]: image });
      const { channel, site } = await placeOf(other, HARMONY_FILE);
      expect(site).toMatchObject({ well: "B03", index: 7 });
      said.add(channel);
    }
    expect(said).toEqual(new Set(["HOECHST 33342", "ch2"]));
    expect(await placeOf(folder, HARMONY_FILE)).toMatchObject(place);
  });

  test("may be long, whatever is in it", async () => {
    const of = async (text: string) =>
      indexedMetadata(join(await folderWith({ "Index.xml": text }), HARMONY_FILE)).channel;
    const others = Array.from({ length: 20_000 }, (_, i) => harmonyImage(`${i}.tiff`)).join("\n");
    expect(await of(harmony("x", "", others + harmonyImage(HARMONY_FILE, CHANNEL)))).toBe("HOECHST 33342");
    for (const odd of ["<", ">", "<a ", '<a b="', "&#", " b =", "<Image>"]) {
      expect(await of(odd.repeat(2_000_000 / odd.length))).toBeUndefined();
    }
  });

  test("is no other XML of that name", async () => {
    const folder = await folderWith({ "Index.xml": "<html><Image>hello</Image></html>", "a.tif": image });
    expect(indexedMetadata(join(folder, "a.tif"))).toEqual({});
  });
});
