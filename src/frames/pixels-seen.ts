import { createHash } from "node:crypto";
import type { Frame } from "./frame.js";
import type { OpenImage } from "./read-frames.js";
import { isZeros } from "./zeros.js";

/** What the pixels of a page say about it: another page has another digest, and room that is only reserved is zeros. */
export interface PixelsSeen {
  readonly digest: string;
  readonly isZero: boolean;
  /** Its last row is zeros: files are written from the front. */
  readonly endsInZeros: boolean;
  /**
   * All that the file refers to is there, nothing lies behind it but room that is reserved, and the pixels have no gap: whoever wrote
   * it was through.
   */
  readonly isWhole: boolean;
  /** The file refers to something that is not there yet, such as a description that a copy has not come to. */
  readonly isLacking: boolean;
  /** Its last row is zeros, and so is room that is reserved behind it: whoever writes it may have stopped in the middle. */
  readonly endsInRoom: boolean;
}

const DIGEST_LENGTH = 12;
/** In place of a digest. */
const ZEROS = "0".repeat(DIGEST_LENGTH);
/** So many zeros in a row may be a part of the file that a copy has left out so far, px. */
const GAP_PX = 1024;

export function seenIn(
  { pixels, width }: Frame,
  image: Pick<OpenImage, "isReadToItsEnd" | "isLacking" | "hasRoom">,
): PixelsSeen {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const isLacking = image.isLacking();
  const endsInZeros = isZeros(bytes.subarray(-width * pixels.BYTES_PER_ELEMENT));
  // Reserved planes are many, and looked at again and again.
  if (endsInZeros && isZeros(bytes)) {
    return { digest: ZEROS, endsInZeros, isZero: true, isWhole: false, isLacking, endsInRoom: true };
  }
  const digest = createHash("sha1").update(bytes).digest("hex").slice(0, DIGEST_LENGTH);
  return {
    digest,
    endsInZeros,
    ...{ isZero: false, isLacking },
    endsInRoom: endsInZeros && image.hasRoom(),
    isWhole: image.isReadToItsEnd() && !hasGap(pixels),
  };
}

function hasGap(pixels: Frame["pixels"]): boolean {
  const step = GAP_PX / 2;
  let lastOfRun = -1;
  for (let at = 0; at < pixels.length; at += step) {
    if (pixels[at] !== 0 || at <= lastOfRun) continue;
    let [first, last] = [at, at];
    while (first > 0 && pixels[first - 1] === 0) first--;
    while (last < pixels.length - 1 && pixels[last + 1] === 0) last++;
    if (last - first + 1 >= GAP_PX) return true;
    lastOfRun = last;
  }
  return false;
}
