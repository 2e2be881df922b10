import { tiffCodec, ZSTANDARD } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";

/** What is stored in place of the values: nothing else, their differences along a row, or floating-point differences by byte. */
export type Predictor = 1 | 2 | 3;

/**
 * The predictor of a page. As for libtiff it counts for LZW, Deflate and Zstandard alone; what is stored in another way is as it is,
 * whatever the tag says. @throws Error on one that is not known.
 */
export function predictorOf(directory: TiffDirectory): Predictor {
  const compression = directory.number(TiffTag.compression) ?? 1;
  if (compression !== ZSTANDARD && tiffCodec(compression)?.predicts !== true) return 1;
  const predictor = directory.number(TiffTag.predictor) ?? 1;
  if (predictor === 1 || predictor === 2 || predictor === 3) return predictor;
  throw new Error(`its numbers are stored by predictor ${predictor}, which cannot be read: save it without`);
}
