import { ConfigError, reasonOf } from "../errors.js";
import type { FrameName } from "./frame-name.js";
import { wholeNumber } from "./numbers.js";
import { parseWell, type Well, wellAt } from "./wells.js";

/** What a named group of a pattern may say. */
type Meaning =
  | "plate"
  | "well"
  | "row"
  | "column"
  | "site"
  | "channel"
  | "channels"
  | "channelIndex"
  | "z"
  | "time"
  | "year"
  | "month"
  | "day"
  | "days"
  | "hours"
  | "minutes"
  | "position"
  | "label";

/** Names of groups by what they mean, in lower case: our own, and those that CellProfiler's pipelines use. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ...{ plate: "plate", platename: "plate", barcode: "plate" },
  ...{ well: "well", wellname: "well" },
  ...{ row: "row", wellrow: "row", column: "column", col: "column", wellcolumn: "column", wellcol: "column" },
  ...{ site: "site", field: "site", fov: "site" },
  ...{ channel: "channel", channelname: "channel", channelnumber: "channel", wavelength: "channel" },
  ...{ dye: "channel", stain: "channel", channelindex: "channelIndex", channels: "channels" },
  ...{ z: "z", zplane: "z", zslice: "z", zindex: "z", slice: "z", plane: "z" },
  ...{ t: "time", time: "time", timepoint: "time", frame: "time", timeindex: "time" },
  ...{
    year: "year",
    month: "month",
    day: "day",
    days: "days",
    hours: "hours",
    minutes: "minutes",
    position: "position",
    label: "label",
  },
};

/** What a pattern found, by its named groups; groups of other names say nothing. Nothing throws. */
export function readGroups(groups: Readonly<Record<string, string | undefined>>): FrameName {
  const said: Partial<Record<Meaning, string>> = {};
  for (const [group, text] of Object.entries(groups)) {
    const meaning =
      MEANINGS[
        group
          .toLowerCase()
          .replace(/^metadata_/, "")
          .replaceAll("_", "")
      ];
    const trimmed = text?.trim();
    if (meaning !== undefined && trimmed) said[meaning] ??= trimmed;
  }
  const { plate, label } = said;
  const channels = said.channels?.split(",") ?? [];
  const channel = said.channel ?? (channels.length === 1 ? channels[0] : undefined);
  const site = wholeNumber(said.site);
  const channelIndex = wholeNumber(said.channelIndex);
  const zIndex = wholeNumber(said.z);
  const timeIndex = wholeNumber(said.time) ?? elapsedMinutes(said);
  const positionIndex = wholeNumber(said.position);
  return {
    ...(plate !== undefined && { plate }),
    ...wellFields(wellIn(said)),
    ...(label !== undefined && { positionName: label }),
    ...(site !== undefined && { site }),
    ...(channel !== undefined && { channel }),
    ...(channels.length > 1 && { channels }),
    ...(channelIndex !== undefined && { channelIndex }),
    ...(timeIndex !== undefined && { timeIndex }),
    ...(zIndex !== undefined && { zIndex }),
    ...(positionIndex !== undefined && { positionIndex }),
  };
}

/** The fields that a well gives a name. */
export function wellFields(well: Well | undefined): FrameName {
  if (well === undefined) return {};
  const { name, row, column, site } = well;
  return { wellName: name, row, column, ...(site !== undefined && { site }) };
}

/**
 * A pattern for names as CellProfiler's Metadata module takes it: a regular expression with named groups, in Python's
 * spelling (`(?P<Well>[A-P][0-9]{2})`) or JavaScript's.
 * @throws ConfigError saying what is wrong with it.
 */
export function namePattern(text: string): RegExp {
  const script = text
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replaceAll("\\A", "^")
    .replaceAll("\\Z", "$");
  const flags = /^\(\?([is]+)\)/.exec(script);
  let pattern: RegExp;
  try {
    pattern = new RegExp(script.slice(flags?.[0].length ?? 0), flags?.[1] ?? "");
  } catch (cause) {
    throw new ConfigError("name pattern", [`${text}: ${reasonOf(cause)}`], { cause });
  }
  const groups = [...script.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1]!);
  if (groups.every((group) => meaningOf(group) === undefined)) {
    const known = "Plate, Well, WellRow, WellColumn, Site, Channel, ChannelNumber, Z, Timepoint";
    throw new ConfigError("name pattern", [`${text}: it has no group of a name that is known (${known})`]);
  }
  return pattern;
}

function meaningOf(group: string): Meaning | undefined {
  return MEANINGS[
    group
      .toLowerCase()
      .replace(/^metadata_/, "")
      .replaceAll("_", "")
  ];
}

/** The well by its name ("A01", "A - 01"), or by row (a letter, or a number from 1) and column. */
function wellIn({ well, row, column }: Partial<Record<Meaning, string>>): Well | undefined {
  if (well !== undefined) return parseWell(well.replace(/\s*-\s*(?=\d)/, ""));
  if (row === undefined || column === undefined) return undefined;
  if (!/^\d+$/.test(row)) return parseWell(`${row}${Number(column)}`);
  return wellAt(Number(row) - 1, Number(column) - 1);
}

/** Incubators name the time itself: it becomes minutes, since the start or, of a date, since 1970. */
function elapsedMinutes(said: Partial<Record<Meaning, string>>): number | undefined {
  const [year, month, day, days = 0, hours, minutes = 0] = (
    ["year", "month", "day", "days", "hours", "minutes"] as const
  ).map((part) => (said[part] === undefined ? undefined : Number(said[part])));
  if (hours === undefined) return undefined;
  const dated =
    year === undefined || month === undefined || day === undefined
      ? 0
      : Date.UTC(year < 100 ? 2000 + year : year, month - 1, day);
  return dated / 60_000 + (days * 24 + hours) * 60 + minutes;
}
