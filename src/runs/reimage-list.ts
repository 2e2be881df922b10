import { stringify } from "csv-stringify/browser/esm/sync";
import { wellNameOf } from "../frames/wells.js";
import type { SiteRow } from "../records/rows.js";
import type { SiteState } from "../records/site-state.js";

/** A position to image again, with all of its channels that need it. */
export interface ReimageSite {
  readonly site: SiteRow;
  readonly channels: readonly string[];
  readonly timeIndices: readonly number[];
  /** Best known z, um. */
  readonly zUm: number | undefined;
  /** Of the worst channel. */
  readonly level: number | undefined;
  readonly certainty: number | undefined;
  readonly reason: string;
}

/** Which sites are on the list beside those that are bad. */
export interface ReimageOptions {
  /** Those that show nothing. */
  readonly withBlank?: boolean;
  /** Those whose refocusing was not finished: of a run that is over, as when the agent's computer failed. */
  readonly withUnfinished?: boolean;
}

/** Why a site is to be imaged again, or undefined if it need not be. A person's mark comes before the agent's. */
export function reimageReason(
  state: SiteState,
  { withBlank = false, withUnfinished = false }: ReimageOptions = {},
): string | undefined {
  if (state.mark === "bad") return "marked as bad";
  if (state.mark === "fine") return undefined;
  switch (state.status) {
    case "flagged":
      return state.outcome?.recovered === "no" ? `not recovered: ${state.outcome.why}` : "out of focus";
    case "refused":
      return `not refocused: ${state.why ?? "unknown"}`;
    case "unscored":
      return `no verdict in time: ${state.frames.at(-1)?.why ?? state.reason ?? "unknown"}`;
    case "no-frame":
      return "the camera gave no frame";
    case "skipped":
      return "was not imaged";
    case "error":
      return `could not be scored: ${state.frames.at(-1)!.why ?? "unknown"}`;
    case "unjudged":
      return "could not be judged";
    case "searching":
      return withUnfinished ? "its refocusing was not finished" : undefined;
    case "blank":
      return withBlank ? "nothing to judge" : undefined;
    default:
      return undefined;
  }
}

/** The positions to image again, in the order in which the run had them, each once. */
export function reimageList(
  sites: readonly SiteRow[],
  states: Iterable<SiteState>,
  options: ReimageOptions = {},
): ReimageSite[] {
  const found = new Map<number, SiteState[]>();
  for (const state of states) {
    if (reimageReason(state, options) === undefined) continue;
    found.set(state.site, [...(found.get(state.site) ?? []), state]);
  }
  return [...found].map(([number, bad]) => {
    const reasons = bad.map((state) => reimageReason(state, options)!);
    return { site: sites[number]!, ...whatIsBad(bad, reasons) };
  });
}

/** What is wrong with a position in some channels and at some times: at least one. */
export function whatIsBad(
  bad: readonly Pick<SiteState, "channel" | "timeIndex" | "zUm" | "level" | "certainty">[],
  reasons: readonly string[],
): Omit<ReimageSite, "site"> {
  const { zUm, level, certainty } = bad.reduce((a, b) => ((b.level ?? -1) > (a.level ?? -1) ? b : a));
  return {
    channels: [...new Set(bad.map(({ channel }) => channel))],
    timeIndices: [...new Set(bad.map(({ timeIndex }) => timeIndex))],
    ...{ zUm, level, certainty, reason: [...new Set(reasons)].join("; ") },
  };
}

/** The list as a table, with CellProfiler's names for the place. */
export function reimageCsv(list: readonly ReimageSite[]): string {
  const rows = list.map(({ site, channels, timeIndices, zUm, level, certainty, reason }) => {
    return {
      Metadata_Plate: site.plate,
      Metadata_Well: wellNameOf(site),
      Metadata_Site: site.index,
      position: site.name,
      channels: channels.join(" "),
      times: timeIndices.join(" "),
      x_um: site.xUm,
      y_um: site.yUm,
      z_um: zUm,
      level: level?.toFixed(2),
      certainty: certainty?.toFixed(2),
      reason,
    };
  });
  const columns = [
    ...["Metadata_Plate", "Metadata_Well", "Metadata_Site", "position", "channels", "times"],
    ...["x_um", "y_um", "z_um", "level", "certainty", "reason"],
  ];
  return stringify(rows, { escape_formulas: true, header: true, columns });
}

/** Positions that can be driven to: those with x and y. */
export function placedSites(list: readonly ReimageSite[]): ReimageSite[] {
  return list.filter(({ site }) => site.xUm !== undefined && site.yUm !== undefined);
}

/** The list as a sequence of useq-schema, which pymmcore-plus runs: its positions, with their channels. */
export function reimageUseq(list: readonly ReimageSite[]): string {
  const placed = placedSites(list);
  const channels = [...new Set(placed.flatMap((site) => site.channels))].filter((channel) => channel !== "");
  const positions = placed.map(({ site, zUm }) => ({
    ...{ name: site.name, x: site.xUm, y: site.yUm },
    ...(zUm !== undefined && { z: zUm }),
  }));
  const sequence = {
    axis_order: "pc",
    stage_positions: positions,
    channels: channels.map((config) => ({ config })),
    metadata: { parfocal: { reasons: placed.map(({ site, reason }) => ({ position: site.name, reason })) } },
  };
  return `${JSON.stringify(sequence, null, 2)}\n`;
}

/** Names of the devices in Micro-Manager's hardware configuration. */
export interface StageDevices {
  readonly xyStage: string;
  readonly zStage: string;
}

/** Micro-Manager's demo configuration has these. */
export const DEMO_STAGES: StageDevices = { xyStage: "XY", zStage: "Z" };

/**
 * The list as a position list of Micro-Manager 2 (.pos), as its `MultiStagePosition.toPropertyMap` writes one: a property
 * map whose values carry their types.
 */
export function reimagePos(list: readonly ReimageSite[], { xyStage, zStage }: StageDevices): string {
  const text = (scalar: string) => ({ type: "STRING", scalar });
  const whole = (scalar: number) => ({ type: "INTEGER", scalar });
  const device = (name: string, um: readonly number[]) => ({
    Device: text(name),
    Position_um: { type: "DOUBLE", array: um },
  });
  const positions = placedSites(list).map(({ site, zUm, reason }) => ({
    DefaultXYStage: text(xyStage),
    DefaultZStage: text(zUm === undefined ? "" : zStage),
    DevicePositions: {
      type: "PROPERTY_MAP",
      array: [...(zUm === undefined ? [] : [device(zStage, [zUm])]), device(xyStage, [site.xUm!, site.yUm!])],
    },
    GridCol: whole(0),
    GridRow: whole(0),
    Label: text(site.name),
    Properties: { type: "PROPERTY_MAP", scalar: { Parfocal: text(reason) } },
  }));
  const map = { StagePositions: { type: "PROPERTY_MAP", array: positions } };
  const format = {
    encoding: "UTF-8",
    format: "Micro-Manager Property Map",
    major_version: 2,
    minor_version: 0,
  };
  return `${JSON.stringify({ ...format, map }, null, 2)}\n`;
}
