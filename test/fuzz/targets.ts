import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultConfigYaml } from "../../src/config/documents.js";
import { checkConfig } from "../../src/config/load-config.js";
import { yamlLayer } from "../../src/config/yaml-layer.js";
import { readJsonLeniently } from "../../src/frames/lenient-json.js";
import { parseMicroManagerMetadata } from "../../src/frames/micro-manager-metadata.js";
import { ndTiffAxes } from "../../src/frames/ndtiff-index.js";
import { parseOmeXml } from "../../src/frames/ome-xml.js";
import { decodeFrames } from "../../src/frames/read-frames.js";
import { decodeMessage } from "../../src/protocol/codec.js";
import { parseRecord, recordText } from "../../src/records/record-line.js";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { RunSummariser } from "../../src/runs/run-summary.js";
import { httpTarget } from "./http-target.js";
import { onlyRefusing, type Target } from "./target.js";

const FRAMES = join(import.meta.dirname, "../fixtures/frames");
const CONTRACT = join(import.meta.dirname, "../contract");
/** Larger files hold more pixels, not other structures. */
const LARGEST_FIXTURE = 40_000;

/** All targets; `stop` those that have it. */
export async function targets(): Promise<Target[]> {
  return [
    messages(),
    images("TIFF", ".tif"),
    images("PNG", ".png"),
    ndTiffIndex(),
    ...texts(),
    configuration(),
    records(),
    await httpTarget(),
  ];
}

function messages(): Target {
  return {
    name: "messages",
    corpus: filesOf(CONTRACT, ".json"),
    take: (input) =>
      onlyRefusing("ProtocolError", () => {
        decodeMessage([input]);
        decodeMessage([input, new Uint8Array(48)]);
      }),
  };
}

function images(name: string, extension: string): Target {
  return {
    name,
    corpus: filesOf(FRAMES, extension),
    take: (input) =>
      onlyRefusing("FrameReadError", async () => {
        for await (const { frame } of decodeFrames(input, "fuzz")) frame.pixels.at(0);
      }),
  };
}

function ndTiffIndex(): Target {
  const folder = mkdtempSync(join(tmpdir(), "parfocal-fuzz-"));
  const entry = (axes: object, pixelsAt: number) => {
    const texts = [JSON.stringify(axes), "NDTiffStack.tif"].map((text) => {
      const bytes = Buffer.alloc(4 + text.length);
      bytes.writeUInt32LE(text.length);
      bytes.write(text, 4);
      return bytes;
    });
    const numbers = new Uint32Array([pixelsAt, 512, 512, 1, 0, pixelsAt + 999, 20, 0]);
    return Buffer.concat([...texts, Buffer.from(numbers.buffer)]);
  };
  return {
    name: "NDTiff index",
    corpus: [
      Buffer.concat([
        entry({ channel: "DAPI", z: 1 }, 100),
        entry({ time: 2, row: 3 }, 9000),
        Buffer.alloc(64),
      ]),
    ],
    take: (input) => {
      writeFileSync(join(folder, "NDTiff.index"), input);
      ndTiffAxes(folder, "NDTiffStack.tif")(100);
    },
  };
}

function texts(): Target[] {
  const tiffs = filesOf(FRAMES, ".tif").map((bytes) => Buffer.from(bytes).toString("latin1"));
  const found = (pattern: RegExp) =>
    tiffs.flatMap((text) => pattern.exec(text)?.[0] ?? []).map((text) => Buffer.from(text));
  const json = JSON.stringify({
    Channel: "DAPI",
    ZPositionUm: 1.5,
    Axes: { z: 1 },
    UserData: { a: { PropVal: [1] } },
    PixelSizeUm: 0.65,
  });
  return [
    {
      name: "OME-XML",
      corpus: found(/<OME.*?<\/OME>/s),
      take: (input) => void parseOmeXml(textOf(input), "a.ome.tif")(0),
    },
    {
      name: "JSON of tags",
      corpus: [Buffer.from(json), Buffer.from("{'a': NaN, b: [1, 2}"), ...found(/\{".{20,3000}?\}/s)],
      take: (input) => {
        // What no program reads is told by an error; metadata cost nothing but themselves.
        try {
          readJsonLeniently(textOf(input));
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
        parseMicroManagerMetadata(textOf(input));
      },
    },
  ];
}

function configuration(): Target {
  const small =
    "policy:\n  maxLevel: 2\n  channels: {DAPI: {retries: 2}}\nresults: &r {folder: out}\nlog:\n  level: warn\n";
  return {
    name: "configuration",
    corpus: [Buffer.from(small), Buffer.from(defaultConfigYaml())],
    take: (input) =>
      onlyRefusing("ConfigError", () => checkConfig([yamlLayer(textOf(input), "fuzz.yaml")], "fuzz.yaml")),
  };
}

/** What can be read can be written, read again, and added up. */
function records(): Target {
  const kinds = [
    "verdict-accept",
    "verdict-retry",
    "verdict-stack",
    "drop",
    "error",
    "outcome",
    "abandon",
    "change",
    "alert",
  ];
  const frame = JSON.parse(readFileSync(join(CONTRACT, "frame-gate.json"), "utf8")) as object;
  const corpus = kinds.map((kind) => {
    const message = JSON.parse(readFileSync(join(CONTRACT, `${kind}.json`), "utf8")) as object;
    return Buffer.from(JSON.stringify({ ...message, recordedMs: 1e12, source: "zeromq", frame }));
  });
  return {
    name: "records",
    corpus,
    take: (input) => {
      const record = parseRecord(textOf(input));
      if (record === undefined) return;
      if (parseRecord(recordText(record)) === undefined)
        throw new Error(`cannot be read back: ${recordText(record)}`);
      const run = new RunSummariser();
      run.apply(record);
      run.summary();
      new SiteLedger().apply(record);
    },
  };
}

function filesOf(folder: string, extension: string): Uint8Array[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(join(folder, name)))
    .filter((bytes) => bytes.length <= LARGEST_FIXTURE);
}

function textOf(input: Uint8Array): string {
  return Buffer.from(input).toString("utf8");
}
