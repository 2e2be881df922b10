import { createHash } from "node:crypto";
import type { Frame } from "./frame.js";
import type { OpenImage } from "./read-frames.js";
import { GAP_PX } from "./tiff-blocks.js";
import { hasZeroRun, isZeros } from "./zeros.js";

/** What the pixels of a page, and their bytes in the file, say about it: another page has another digest, and room that is only reserved is zeros. */
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
  /** What describes all pages is written when the file is closed, and is not there yet. */
  readonly isUndescribed: boolean;
  /** Its last row is zeros, and so is room that is reserved behind it: whoever writes it may have stopped in the middle. */
  readonly endsInRoom: boolean;
}

const DIGEST_LENGTH = 12;
/** In place of a digest. */
const ZEROS = "0".repeat(DIGEST_LENGTH);

export function seenIn(
  { pixels, width }: Frame,
  image: Pick<OpenImage, "isReadToItsEnd" | "isLacking" | "isUndescribed" | "hasRoom" | "pixelZeros">,
): PixelsSeen {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const waits = { isLacking: image.isLacking(), isUndescribed: image.isUndescribed() };
  // Zeros of the file may be other numbers by now, and lie in places all over the image.
  const stored = image.pixelZeros?.();
  const endsInZeros =
    stored?.endsInZeros === true || isZeros(bytes.subarray(-width * pixels.BYTES_PER_ELEMENT));
  // Reserved planes are many, and looked at again and again.
  if (stored?.isZero === true || (endsInZeros && isZeros(bytes))) {
    return { digest: ZEROS, endsInZeros: true, isZero: true, isWhole: false, ...waits, endsInRoom: true };
  }
  const digest = createHash("sha1").update(bytes).digest("hex").slice(0, DIGEST_LENGTH);
  const hasGap = stored?.hasGap === true || hasZeroRun(pixels, GAP_PX);
  return {
    digest,
    endsInZeros,
    isZero: false,
    ...waits,
    endsInRoom: endsInZeros && image.hasRoom(),
    isWhole: image.isReadToItsEnd() && !hasGap,
  };
}
