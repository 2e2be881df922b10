/**
 * What the names of image files and their folders say, for the programs that Parfocal meets.
 * @module
 */
import type { FrameName, IsWell } from "./frame-name.js";
import { INSTRUMENTS } from "./instruments.js";
import { isChannelWord, parseLooseName } from "./loose-names.js";
import { readGroups, wellFields } from "./name-groups.js";
import { plateFormat, wellOf } from "./wells.js";

/**
 * Small pictures that MetaXpress writes beside each image; dark frames and shading that CV7000 and CV8000 copy into each measurement
 * ("DC_sCMOS #1_CAM1", "SC_BP445-45_40x_M10_CH01"); the overviews of wells and plates that Squid makes ("downsampled/wells/A1_10um");
 * what Cellpose draws beside an image ("_cp_masks", "_outlines_cp"); and what systems leave behind.
 */
const NO_IMAGE =
  /_thumb[-0-9A-F]*\.(?:tiff?|png)$|(?:^|\/)(?:DC_[^/]+_CAM\d+|SC_[^/]+_CH\d{2})\.(?:tiff?|png)$|(?:^|\/)downsampled(?:_wells)?\/(?:wells\/)?[^/]+_\d+um\.tiff$|_(?:cp_(?:masks|outlines|output)|(?:outlines|flows)_cp)(?:_\w+)?\.(?:tiff?|png)$|(?:^|\/)\._|(?:^|\/)(?:Thumbs\.db)$/i;

/** Pictures and maps that `parfocal score` draws of a page: "x.tif-0-overlay", and of a field of an OME-Zarr "0-0-level". */
const DRAWN = /(?:\.\w{2,4}|(?:^|[/\\])\d+)-\d+-(?:overlay|level|certainty|valid)\.png$/i;

/** Whether a file only looks like an image of a sample: a thumbnail, a correction, an overview, a mask, or what macOS keeps beside a file. */
export function isNoImage(path: string): boolean {
  return NO_IMAGE.test(path) || isDrawn(path);
}

/** Whether a file is a picture or a map of an image, drawn by `parfocal score`. */
export function isDrawn(path: string): boolean {
  return DRAWN.test(path);
}

/** How names are read. */
export interface NameOptions {
  /**
   * A pattern of the user's own (`namePattern`): tried on the file's name, then on the whole path. What it does not fit is read
   * as if there were none.
   */
  readonly pattern?: RegExp | undefined;
  /** Wells of the plate, if known: what would lie outside is no well. */
  readonly plateWells?: number | undefined;
}

/**
 * Reads the name of an image file and of its folders.
 * @param path from the folder that is searched; what lies above it says nothing.
 * @param place where it lies in an OME-Zarr: paths in there say nothing, its metadata do.
 * @returns what is said; empty for a name of no known form. Nothing throws.
 */
export function parseFrameName(
  path: string,
  { pattern, plateWells }: NameOptions = {},
  place: StorePlace = {},
): FrameName {
  const format = plateFormat(plateWells);
  const isWell: IsWell = (well) =>
    format === undefined || (well.row < format.rows && well.column < format.columns);
  const folders = path.split(/[\\/]+/).filter((part) => part !== "" && part !== ".");
  const file = folders.pop() ?? "";
  const own = pattern?.exec(file) ?? pattern?.exec([...folders, file].join("/"));
  if (own?.groups !== undefined) return withFolder(readGroups(own.groups), folders);
  const { inStore, plate } = place;
  if (inStore === undefined) return parseName(stemOf(file), folders, isWell);
  const store = `/${path}`.endsWith(`/${inStore}`) ? path.slice(0, -inStore.length).split("/") : [];
  const outside = store.filter((part) => part !== "");
  const stem = stemOf(outside.pop() ?? "");
  if (plate !== undefined) return withFolder({}, outside);
  const said = parseKnown(stem, outside, isWell);
  return said.wellName === undefined ? withFolder({}, [...outside, stem]) : said;
}

/** Of an image that lies in an OME-Zarr: its path there, and the plate that this is, if it is one. */
export interface StorePlace {
  readonly inStore?: string;
  readonly plate?: string;
}

/** Whether a pattern of the user's own fits a path, as `parseFrameName` tries it. */
export function fitsPattern(path: string, pattern: RegExp): boolean {
  return pattern.test(path.split(/[\\/]/).at(-1)!) || pattern.test(path.replaceAll("\\", "/"));
}

/** As ImageJ names the channels that it splits: "C1-cells", "MAX_C2-cells"; of colours "cells (red)". */
const SPLIT_CHANNEL =
  /^(?<of>(?:[A-Z]{3}_)?)(?<channel>C\d{1,2})-(?=.*[A-Za-z])|\s\((?<colour>red|green|blue)\)$/;

/** The name of one of several channels that ImageJ split, or any other. "C1-Site_0" is a well. */
function parseName(stem: string, parts: readonly string[], isWell: IsWell): FrameName {
  const { of = "", channel, colour } = SPLIT_CHANNEL.exec(stem)?.groups ?? {};
  const split = channel ?? colour;
  const whole = parseKnown(stem, parts, isWell);
  // A well may be called C1.
  if (split === undefined || hasChannel(whole) || wellOf({ name: stem }) !== undefined) return whole;
  const said = parseKnown(stem.replace(SPLIT_CHANNEL, of), parts, isWell);
  return hasChannel(said) ? whole : { ...said, channel: split };
}

function hasChannel({ channel, channelIndex }: FrameName): boolean {
  return channel !== undefined || channelIndex !== undefined;
}

function saysChannel(name: FrameName): boolean {
  return hasChannel(name) || name.channels !== undefined || name.folderChannel !== undefined;
}

function parseKnown(stem: string, parts: readonly string[], isWell: IsWell): FrameName {
  const folders = [...parts];
  for (const { names, folders: above, folderIsPosition, folderIsTime, labelMayBeWell } of INSTRUMENTS) {
    for (const name of names) {
      const match = name.exec(stem);
      if (match === null) continue;
      const around = above?.exec(folders.join("/"));
      const said = readGroups({ ...around?.groups, ...match.groups });
      const { wellName, row, column } = said;
      // What looks like a well and is on no plate was something else.
      if (match.groups?.well !== undefined && wellName === undefined) continue;
      if (wellName !== undefined && !isWell({ row: row!, column: column! })) continue;
      if (around != null) folders.splice(-around[0].split("/").filter((part) => part !== "").length);
      const label = folderIsPosition === true && said.positionName === undefined ? folders.pop() : undefined;
      const time =
        folderIsTime === true && /^\d{1,6}$/.test(folders.at(-1) ?? "") ? folders.pop() : undefined;
      const labelled = {
        ...said,
        ...(label !== undefined && { positionName: label }),
        ...(time !== undefined && { timeIndex: Number(time) }),
      };
      const onPlate = labelMayBeWell ? wellOfLabel(labelled.positionName ?? "", isWell) : {};
      return withFolders({ ...onPlate, ...labelled }, folders, isWell);
    }
  }
  const inWell = withFolders({}, folders, isWell).wellName !== undefined;
  return withFolders(parseLooseName(stem, isWell, inWell), folders, isWell);
}

/** Adds what folders say where the name itself does not. */
function withFolders(said: FrameName, folders: readonly string[], isWell: IsWell): FrameName {
  let found = said;
  const left: string[] = [];
  for (const folder of folders.toReversed()) {
    const isChannel = !saysChannel(found) && isChannelWord(folder);
    const more = isChannel ? { folderChannel: folder } : parseFolder(folder, found.wellName, isWell);
    if (more === undefined) left.unshift(folder);
    else found = { ...more, ...found };
  }
  return withFolder(found, left);
}

function withFolder(said: FrameName, folders: readonly string[]): FrameName {
  return folders.length === 0 ? said : { ...said, folder: folders.join("/") };
}

/** What a folder says, or undefined where it says nothing that is known. */
function parseFolder(folder: string, wellName: string | undefined, isWell: IsWell): FrameName | undefined {
  const axis = /^(?:(?<time>TimePoint)|ZStep)_(?<number>\d{1,6})$/i.exec(folder)?.groups;
  if (axis !== undefined) {
    return { [axis.time === undefined ? "zIndex" : "timeIndex"]: Number(axis.number) };
  }
  if (/^(?:images?|ome_tiff)$/i.test(folder)) return {};
  const well = wellOfLabel(folder.replace(/^well[ _]?/i, ""), isWell);
  if (well.site !== undefined) return { positionName: folder, ...well };
  // "P1" and "T2" are more often plates and time points.
  if (well.wellName === undefined || /^[I-Z]\d$/i.test(folder)) return undefined;
  return wellName === undefined || wellName === well.wellName ? well : undefined;
}

/** A label that is a well, or one of Micro-Manager's HCS plug-in. */
function wellOfLabel(label: string, isWell: IsWell): FrameName {
  const well = wellOf({ name: label });
  return well !== undefined && isWell(well) ? wellFields(well) : {};
}

function stemOf(file: string): string {
  return file.replace(/(\.ome)?\.(tiff?|btf|tf[28]|stk|lsm|png|zarr|c\d{2})$/i, "");
}
