import { z } from "zod";
import type { Frame } from "../../frames/frame.js";
import {
  type FrameMetadata,
  readMicroManagerMetadata,
  withoutUndefined,
} from "../../frames/micro-manager-metadata.js";
import type { JavaObject } from "./java-object.js";
import { MicroManagerError } from "./micro-manager-error.js";

/** A frame with what its tags say. */
export interface TaggedFrame {
  readonly frame: Frame;
  readonly metadata: FrameMetadata;
}

const Pixels = z.union([z.instanceof(Uint8Array), z.instanceof(Uint16Array)], {
  error: "pixels that are neither 8 nor 16 bits of grey",
});
const Tags = z.looseObject({
  Width: z.coerce.number().pipe(z.int().positive()),
  Height: z.coerce.number().pipe(z.int().positive()),
});

/**
 * Reads a `TaggedImage`.
 * @throws MicroManagerError for colour images and the like.
 */
export async function readTaggedImage(
  image: JavaObject,
  address: string,
  signal?: AbortSignal,
): Promise<TaggedFrame> {
  const tags = await image.field(Tags, "tags", { signal });
  const pixels = await image.field(Pixels, "pix", { signal });
  const { Width: width, Height: height } = tags;
  if (pixels.length !== width * height) {
    const reason = `an image of ${width} x ${height} px has ${pixels.length} values; only grey ones can be scored`;
    throw new MicroManagerError(address, reason);
  }
  const metadata = readMicroManagerMetadata(tags);
  return { frame: { width, height, pixels, ...bitDepthOf(metadata, pixels) }, metadata };
}

function bitDepthOf({ bitDepth }: FrameMetadata, pixels: Frame["pixels"]): { bitDepth?: number } {
  const isPossible = bitDepth !== undefined && bitDepth >= 8 && bitDepth <= 8 * pixels.BYTES_PER_ELEMENT;
  return withoutUndefined({ bitDepth: isPossible ? bitDepth : undefined });
}
