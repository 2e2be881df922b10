import { MAX_SIDE_PX } from "./frame.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";

/** How the pixels of a page are stored: in tiles, or in strips as wide as the page. */
export interface TiffBlocks {
  readonly tiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
}

/** The tiles or strips that a page declares. @throws Error where they cannot be right. */
export function blocksOf(directory: TiffDirectory, width: number, height: number): TiffBlocks {
  const tileWidth = directory.number(TiffTag.tileWidth);
  const tiled = tileWidth !== undefined;
  const blockWidth = tileWidth ?? width;
  const blockHeight = tiled
    ? (directory.number(TiffTag.tileLength) ?? 0)
    : Math.min(directory.number(TiffTag.rowsPerStrip) || height, height);
  if (blockWidth < 1 || blockHeight < 1 || blockWidth > MAX_SIDE_PX || blockHeight > MAX_SIDE_PX) {
    throw new Error(`its tiles of ${blockWidth} x ${blockHeight} px cannot be right`);
  }
  return { tiled, blockWidth, blockHeight };
}
