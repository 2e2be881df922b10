/**
 * What the names of image files and their folders say, for the programs that Parfocal meets.
 * @module
 */
import { parseWell, type Well, wellAt } from "./wells.js";

/** What a file name says. Indices count from 0. */
export interface FrameName {
  /** Unpadded: "A1". */
  readonly wellName?: string;
  readonly row?: number;
  readonly column?: number;
  /** Number of the site as written: Micro-Manager counts from 0, ImageXpress and Opera from 1. */
  readonly site?: number;
  /** Name of the channel: "DAPI", or "w2" and "ch2" where a program only numbers them. */
  readonly channel?: string;
  readonly channelIndex?: number;
  readonly timeIndex?: number;
  readonly zIndex?: number;
  readonly positionIndex?: number;
  /** Label of the stage position. */
  readonly positionName?: string;
}

/**
 * Reads the name of an image file, with its folder where the program puts the position there. Knows
 * Micro-Manager 2 (`Pos0/img_channel000_position000_time000000000_z000.tif`, any of the axes, and
 * `x_MMStack_A1-Site_0.ome.tif`), Micro-Manager 1.4 (`img_000000000_DAPI_000.tif`), pymmcore-plus
 * (`t0000_c00_z000.tif`), ImageXpress (`x_A01_s1_w2.tif`) and Opera (`r01c01f01p01-ch2sk1fk1fl1.tiff`).
 * A name of no known form gives an empty result; nothing throws.
 */
export function parseFrameName(path: string): FrameName {
  const parts = path.split(/[\\/]/);
  const stem = (parts.pop() ?? "").replace(/(\.ome)?\.(tiff?|png)$/i, "");
  const folder = parts.pop() ?? "";
  const fromFolder = parseHcsLabel(folder);
  for (const parse of [parseOldMicroManager, parseMicroManager, parseStack, parseImageXpress, parseOpera]) {
    const name = parse(stem, folder);
    if (name !== undefined) return { ...fromFolder, ...name };
  }
  return { ...fromFolder, ...parseTokens(stem) };
}

function parseOldMicroManager(stem: string, folder: string): FrameName | undefined {
  const match = /^img_(\d{9})_(.+)_(\d{3,})$/.exec(stem);
  if (match === null) return undefined;
  const [, time, channel, z] = match;
  return { ...inPosition(folder), timeIndex: Number(time), channel: channel!, zIndex: Number(z) };
}

/** Axes come sorted by name, but which ones there are depends on the acquisition. */
function parseMicroManager(stem: string, folder: string): FrameName | undefined {
  if (!stem.startsWith("img_")) return undefined;
  const axes: Partial<Record<"channel" | "position" | "time" | "z", string>> = {};
  // An axis runs up to the next one: channel names may hold underscores.
  for (const match of stem.matchAll(/_(channel|position|time|z)(.+?)(?=_(?:channel|position|time|z)|$)/g)) {
    axes[match[1] as keyof typeof axes] ??= match[2]!;
  }
  if (Object.keys(axes).length === 0) return undefined;
  const { channel, position, time, z } = axes;
  return {
    ...inPosition(folder),
    ...(channel === undefined ? {} : isDigits(channel) ? { channelIndex: Number(channel) } : { channel }),
    ...(position === undefined
      ? {}
      : isDigits(position)
        ? { positionIndex: Number(position) }
        : { positionName: position, ...parseHcsLabel(position) }),
    ...(isDigits(time) ? { timeIndex: Number(time) } : {}),
    ...(isDigits(z) ? { zIndex: Number(z) } : {}),
  };
}

/** One file for a position; files after the first carry a running number, which is no part of the label. */
function parseStack(stem: string): FrameName | undefined {
  const match = /_MMStack(?:_(.+))?$/.exec(stem);
  if (match === null) return undefined;
  const label = match[1] ?? "";
  return inPosition(/^(.+-Site_\d+|Pos\d+)(?:_\d+)?$/i.exec(label)?.[1] ?? label);
}

function parseImageXpress(stem: string): FrameName | undefined {
  // A GUID may follow the wavelength's one digit directly.
  const match = /(?:^|_)([a-z]{1,2}\d{2})_s(\d{1,4})(?:_w(\d))?/i.exec(stem);
  const well = match === null ? undefined : parseWell(match[1]!);
  if (match === null || well === undefined) return undefined;
  const [, , site, wavelength] = match;
  return {
    ...wellFields(well),
    site: Number(site),
    ...(wavelength === undefined ? {} : { channel: `w${wavelength}` }),
    ...parseTokens(stem.slice(match.index + match[0].length)),
  };
}

function parseOpera(stem: string): FrameName | undefined {
  const match = /r(\d{2})c(\d{2})f(\d{2,})p(\d{2,})-ch(\d+)/.exec(stem);
  if (match === null) return undefined;
  const [row, column, site, plane, channel] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const well = wellAt(row - 1, column - 1);
  return {
    ...(well === undefined ? {} : wellFields(well)),
    site,
    zIndex: Math.max(plane - 1, 0),
    channel: `ch${channel}`,
  };
}

/** Parts between underscores that mean something by themselves. */
const TOKENS: readonly {
  pattern: RegExp;
  field: "timeIndex" | "channelIndex" | "zIndex" | "positionIndex" | "site";
}[] = [
  { pattern: /^t(\d{3,9})$/, field: "timeIndex" },
  { pattern: /^c(\d{2,4})$/, field: "channelIndex" },
  { pattern: /^z(\d{2,6})$/, field: "zIndex" },
  { pattern: /^p(\d{2,6})$/, field: "positionIndex" },
  { pattern: /^s(\d{1,6})$/, field: "site" },
];

function parseTokens(stem: string): FrameName {
  const found: { -readonly [K in keyof FrameName]: FrameName[K] } = {};
  for (const token of stem.split(/[_-]/)) {
    for (const { pattern, field } of TOKENS) {
      const digits = pattern.exec(token)?.[1];
      if (digits !== undefined) found[field] ??= Number(digits);
    }
    const well = /^[A-Z]{1,2}\d{2}$/.test(token) ? parseWell(token) : undefined;
    if (well !== undefined && found.wellName === undefined) Object.assign(found, wellFields(well));
  }
  return found;
}

function inPosition(label: string): FrameName {
  return label === "" ? {} : { positionName: label, ...parseHcsLabel(label) };
}

/** Only labels of the HCS plug-in: a folder that happens to be called "A1" may be anything. */
function parseHcsLabel(label: string): FrameName {
  const well = parseWell(label);
  return well?.site === undefined ? {} : { positionName: label, ...wellFields(well) };
}

function wellFields({ name, row, column, site }: Well): FrameName {
  return { wellName: name, row, column, ...(site === undefined ? {} : { site }) };
}

function isDigits(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,9}$/.test(text);
}
