import { resolve } from "node:path";
import { pixelTypeOf } from "../frames/frame.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";
import { type FrameMessage, MAX_NAME_LENGTH } from "../protocol/messages.js";
import type { FileFrame } from "./file-sites.js";
import type { GivenPage, SeenPage } from "./followed-page.js";

/** The session of all frames from a watched folder. */
export function folderSession(folder: string): string {
  return `folder:${resolve(folder)}`.slice(0, MAX_NAME_LENGTH);
}

/** A page of a file and where the file lies. */
export type FilePage = SeenPage & {
  /** Path of the file from the watched folder, with forward slashes. */
  readonly relativePath: string;
  readonly session: string;
  readonly sequence: number;
};

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
    optics: opticsOf(metadata),
    exposureMs: metadata.exposureMs,
  };
  return {
    v: 1,
    type: "frame",
    id: `${page.relativePath}#${page.page}@${page.seen.digest}`.slice(-MAX_NAME_LENGTH),
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
    meta: {
      ...{ file: page.relativePath, page: page.page },
      ...(page.place !== undefined && { offset: page.place.offset, plane: page.place.plane }),
    },
  };
}

/** An aperture alone does not say how large a blur is in pixels. */
function opticsOf({ objective, pixelUm }: FrameMetadata): FrameMessage["optics"] {
  if (objective === undefined || pixelUm === undefined) return undefined;
  return { na: objective.numericalAperture, refractiveIndex: objective.refractiveIndex };
}

/** The page of which a recorded frame tells, and its file. */
export function earlierPageOf({ id, meta = {} }: FrameMessage): (GivenPage & { file: string }) | undefined {
  const { file, page, offset, plane } = meta;
  const digest = digestOf(id);
  if (typeof file !== "string" || typeof page !== "number" || digest === undefined) return undefined;
  const hasPlace = typeof offset === "number" && typeof plane === "number";
  return { file, page, digest, place: hasPlace ? { page, offset, plane, isFollowed: false } : undefined };
}

/** The digest of the pixels of a page, by the id of its frame. */
export function digestOf(id: string): string | undefined {
  return /@([0-9a-f]+)$/.exec(id)?.[1];
}
