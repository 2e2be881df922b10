import { basename, resolve } from "node:path";
import { parseFrameName } from "../frames/file-names.js";
import { pixelTypeOf } from "../frames/frame.js";
import type { FramePage } from "../frames/read-frames.js";
import { type FrameMessage, MAX_NAME_LENGTH, type Site } from "../protocol/messages.js";

/** The session of all frames from a watched folder. */
export function folderSession(folder: string): string {
  return `folder:${resolve(folder)}`.slice(0, MAX_NAME_LENGTH);
}

/** A page of a file and where the file lies. */
export interface FilePage extends FramePage {
  /** Path of the file from the watched folder, with forward slashes. */
  readonly relativePath: string;
  /** Changes when the file does. */
  readonly signature: string;
  readonly session: string;
  readonly sequence: number;
  /** Names of the channels by their index, as far as they are known. */
  readonly channelNames: readonly string[];
}

/** The header of a frame from a file: what its name says, then what its metadata say. */
export function headerOf(page: FilePage): FrameMessage {
  const { frame, metadata } = page;
  const name = parseFrameName(page.relativePath);
  const channelIndex = name.channelIndex ?? metadata.channelIndex;
  const numbered =
    channelIndex === undefined ? undefined : (page.channelNames[channelIndex] ?? `channel${channelIndex}`);
  const channel = name.channel ?? metadata.channel ?? numbered;
  const optional = {
    bitDepth: frame.bitDepth,
    channel: channel?.slice(0, MAX_NAME_LENGTH),
    timeIndex: name.timeIndex ?? metadata.timeIndex,
    zIndex: name.zIndex ?? metadata.zIndex,
    xUm: metadata.xUm,
    yUm: metadata.yUm,
    zUm: metadata.zUm,
    zSource: metadata.zOrigin,
    pixelUm: metadata.pixelUm,
    exposureMs: metadata.exposureMs,
  };
  return {
    v: 1,
    type: "frame",
    id: `${page.relativePath}#${page.page}@${page.signature}`.slice(-MAX_NAME_LENGTH),
    session: page.session,
    sequence: page.sequence,
    mode: "observe",
    dtype: pixelTypeOf(frame),
    shape: [frame.height, frame.width],
    site: siteOf(page),
    attempt: 0,
    ...optional,
    meta: { file: page.relativePath, page: page.page },
  };
}

function siteOf({ relativePath, metadata }: FilePage): Site {
  const name = parseFrameName(relativePath);
  const position = name.positionIndex ?? metadata.positionIndex;
  const inWell = name.site === undefined ? name.wellName : `${name.wellName}-Site_${name.site}`;
  const label =
    name.positionName ??
    (name.wellName === undefined ? undefined : inWell) ??
    metadata.positionName ??
    (position === undefined ? undefined : `Pos${position}`) ??
    basename(relativePath);
  return {
    name: label.slice(0, MAX_NAME_LENGTH),
    ...(name.wellName !== undefined && { well: name.wellName }),
    ...(name.site !== undefined && { index: name.site }),
    ...(name.row !== undefined && { row: name.row }),
    ...(name.column !== undefined && { column: name.column }),
    ...(position !== undefined && { position }),
  };
}
