import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import type { FrameRow, LabelRow, OutcomeRow, SiteRow } from "../../src/records/rows.js";
import { SiteStates } from "../../src/records/site-state.js";
import {
  type ReimageOptions,
  type ReimageSite,
  reimageCsv,
  reimageList,
  reimagePos,
  reimageUseq,
} from "../../src/runs/reimage-list.js";
import { temporaryFolder } from "../agent/helpers.js";
import { frameRow, outcomeRow } from "../records/rows.js";

const sites: SiteRow[] = [
  { name: "A1-Site_0", plate: "P", well: "A1", row: 0, column: 0, index: 0, xUm: 10, yUm: 20 },
  { name: "B12-Site_1", plate: "P", well: "B12", row: 1, column: 11, index: 1, xUm: 30.5, yUm: 40 },
  { name: "nowhere" },
];

function listOf(
  frames: readonly FrameRow[],
  { outcomes = [], labels = [] }: { outcomes?: OutcomeRow[]; labels?: LabelRow[] } = {},
  options: ReimageOptions = {},
): ReimageSite[] {
  return reimageList(sites, SiteStates.of({ frames, outcomes, ends: [], labels }).all(), options);
}

const flagged = frameRow({ decision: "flag", expectedLevel: 6 });
const mark = (mark: "fine" | "bad"): LabelRow => ({
  ...{ site: 0, channel: "DAPI", timeIndex: 0, frameId: "f0", mark, ms: 5000 },
});

describe("the re-image list", () => {
  test.each([
    ["a flagged site", [flagged], {}, "out of focus"],
    [
      "one that was not recovered",
      [flagged],
      { outcomes: [outcomeRow({ recovered: "no", why: "limits" })] },
      "not recovered: limits",
    ],
    [
      "one without a verdict",
      [frameRow({ end: "drop", why: "deadline" })],
      {},
      "no verdict in time: deadline",
    ],
    [
      "one with an error",
      [frameRow({ end: "error", why: "unscorable" })],
      {},
      "could not be scored: unscorable",
    ],
    [
      "one that was not judged",
      [frameRow({ decision: "abstain", condition: "mixed" })],
      {},
      "could not be judged",
    ],
    ["a sharp one that a person marked as bad", [frameRow()], { labels: [mark("bad")] }, "marked as bad"],
  ] as const)("has %s", (_, frames, rest, reason) => {
    expect(listOf(frames, rest as never)).toMatchObject([{ site: sites[0], channels: ["DAPI"], reason }]);
  });

  test.each([
    ["a sharp site", [frameRow()], {}],
    ["one under search", [frameRow({ decision: "retry" })], {}],
    ["a blank one", [frameRow({ decision: "abstain", condition: "blank" })], {}],
    ["a flagged one that a person marked as fine", [flagged], { labels: [mark("fine")] }],
  ] as const)("leaves out %s", (_, frames, rest) => {
    expect(listOf(frames, rest as never)).toEqual([]);
  });

  test("has blank sites where that is wished", () => {
    const blank = frameRow({ decision: "abstain", condition: "blank" });

    expect(listOf([blank], {}, { withBlank: true })).toMatchObject([{ reason: "nothing to judge" }]);
  });

  test("has sites whose refocusing was not finished where the run is over", () => {
    const unfinished = frameRow({ decision: "retry" });

    expect(listOf([unfinished], {}, { withUnfinished: true })).toMatchObject([
      { reason: "its refocusing was not finished" },
    ]);
  });

  test("has each position once, with its channels and the z of the worst", () => {
    const frames = [
      frameRow({ id: "a", decision: "flag", expectedLevel: 3, zUm: 1 }),
      frameRow({ id: "b", decision: "flag", expectedLevel: 7, zUm: 2, channel: "GFP" }),
      frameRow({ id: "c", channel: "Cy5" }),
      frameRow({ id: "d", site: 1, decision: "flag" }),
    ];

    expect(listOf(frames)).toMatchObject([
      { site: sites[0], channels: ["DAPI", "GFP"], zUm: 2, level: 7 },
      { site: sites[1], channels: ["DAPI"] },
    ]);
  });
});

const list = listOf([
  frameRow({ id: "a", decision: "flag", expectedLevel: 6.25, zUm: 4.5 }),
  frameRow({ id: "b", decision: "flag", site: 1, channel: "GFP", zUm: undefined }),
  frameRow({ id: "c", decision: "flag", site: 2 }),
]);

describe("as a file", () => {
  test("CSV has all positions, with CellProfiler's names for the place", () => {
    expect(parse(reimageCsv(list), { columns: true })).toMatchObject([
      {
        Metadata_Plate: "P",
        Metadata_Well: "A01",
        Metadata_Site: "0",
        x_um: "10",
        z_um: "4.5",
        level: "6.25",
      },
      { Metadata_Well: "B12", Metadata_Site: "1", channels: "GFP", z_um: "" },
      { Metadata_Plate: "", Metadata_Well: "", position: "nowhere", x_um: "" },
    ]);
  });

  test(".pos is a property map of Micro-Manager 2 with the positions that have x and y", () => {
    const text = (scalar: string) => ({ type: "STRING", scalar });
    const um = (...array: number[]) => ({ type: "DOUBLE", array });

    expect(JSON.parse(reimagePos(list, { xyStage: "XYStage", zStage: "TIZDrive" }))).toMatchObject({
      format: "Micro-Manager Property Map",
      major_version: 2,
      map: {
        StagePositions: {
          type: "PROPERTY_MAP",
          array: [
            {
              Label: text("A1-Site_0"),
              DefaultXYStage: text("XYStage"),
              DefaultZStage: text("TIZDrive"),
              DevicePositions: {
                type: "PROPERTY_MAP",
                array: [
                  { Device: text("TIZDrive"), Position_um: um(4.5) },
                  { Device: text("XYStage"), Position_um: um(10, 20) },
                ],
              },
            },
            {
              Label: text("B12-Site_1"),
              DefaultZStage: text(""),
              DevicePositions: { array: [{ Device: text("XYStage"), Position_um: um(30.5, 40) }] },
            },
          ],
        },
      },
    });
  });

  test("JSON loads in useq-schema as a sequence of these positions", async () => {
    const python = join("bridges", "pycromanager", ".venv", "bin", "python");
    if (!existsSync(python)) {
      if (process.env.CI === "true") throw new Error("the bridges' Python environment is missing");
      return;
    }
    const file = join(await temporaryFolder(), "reimage.json");
    await writeFile(file, reimageUseq(list));

    const script = `
import json, sys, useq
sequence = useq.MDASequence.from_file(sys.argv[1])
events = [[e.pos_name, e.x_pos, e.y_pos, e.z_pos, e.channel.config] for e in sequence]
print(json.dumps(events))`;
    const events = JSON.parse(execFileSync(python, ["-c", script, file], { encoding: "utf8" })) as unknown[];

    expect(events).toEqual([
      ["A1-Site_0", 10, 20, 4.5, "DAPI"],
      ["A1-Site_0", 10, 20, 4.5, "GFP"],
      ["B12-Site_1", 30.5, 40, null, "DAPI"],
      ["B12-Site_1", 30.5, 40, null, "GFP"],
    ]);
  });
});
