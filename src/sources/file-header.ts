import { resolve } from "node:path";
import { pixelTypeOf } from "../frames/frame.js";
import type { FramePage } from "../frames/read-frames.js";
import { type FrameMessage, MAX_NAME_LENGTH } from "../protocol/messages.js";
import type { FileFrame } from "./file-sites.js";

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
}

/** The header of a frame from a file. */
export function headerOf(page: FilePage, { site, channel, timeIndex, zIndex }: FileFrame): FrameMessage {
  const { frame, metadata } = page;
  const optional = {
    bitDepth: frame.bitDepth,
    channel: channel?.slice(0, MAX_NAME_LENGTH),
    timeIndex,
    zIndex,
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
    site: {
      ...site,
      name: site.name.slice(-MAX_NAME_LENGTH),
      ...(site.plate !== undefined && { plate: site.plate.slice(-MAX_NAME_LENGTH) }),
    },
    attempt: 0,
    ...optional,
    meta: { file: page.relativePath, page: page.page },
  };
}
