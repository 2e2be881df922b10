import { FrameShapeError } from "../errors.js";
import type { Frame } from "./frame.js";
import { type FrameMetadata, toMicroManagerMetadata } from "./micro-manager-metadata.js";
import { TiffTag } from "./tiff-directory.js";
import { writeAtomically } from "./write-atomically.js";

const SHORT = 3;
const LONG = 4;
const ASCII = 2;
const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

/**
 * Writes a frame as a TIFF, with its metadata in Micro-Manager's tag where there are any.
 * @throws OutputError naming path and reason; FrameShapeError as `encodeTiff` does.
 */
export async function writeTiff(path: string, frame: Frame, metadata: FrameMetadata = {}): Promise<void> {
  await writeAtomically(path, encodeTiff(frame, metadata));
}

/**
 * Encodes a frame as a baseline TIFF: little-endian, one uncompressed strip, black is zero. `bitDepth` of the
 * frame and `metadata` go into tag 51123 as JSON with Micro-Manager's keys, from where `readFrames` takes them.
 * @throws FrameShapeError when the pixels do not fill the frame.
 */
export function encodeTiff(frame: Frame, metadata: FrameMetadata = {}): Uint8Array<ArrayBuffer> {
  const { width, height, pixels, bitDepth } = frame;
  if (pixels.length !== width * height || pixels.length === 0) {
    throw new FrameShapeError(`${pixels.length} pixels do not fill a frame of ${width} x ${height} px`);
  }
  const known = bitDepth === undefined ? metadata : { ...metadata, bitDepth };
  const json = Object.keys(known).length === 0 ? "" : JSON.stringify(toMicroManagerMetadata(known));
  const text = new TextEncoder().encode(json === "" ? "" : `${json}\0`);

  const entries: [tag: number, type: number, count: number, value: number][] = [
    [TiffTag.imageWidth, LONG, 1, width],
    [TiffTag.imageLength, LONG, 1, height],
    [TiffTag.bitsPerSample, SHORT, 1, pixels.BYTES_PER_ELEMENT * 8],
    [TiffTag.compression, SHORT, 1, 1],
    [TiffTag.photometric, SHORT, 1, 1],
    [TiffTag.stripOffsets, LONG, 1, HEADER_BYTES],
    [TiffTag.samplesPerPixel, SHORT, 1, 1],
    [TiffTag.rowsPerStrip, LONG, 1, height],
    [TiffTag.stripByteCounts, LONG, 1, pixels.byteLength],
  ];
  // Directories begin on a word boundary.
  const directoryAt = HEADER_BYTES + pixels.byteLength + (pixels.byteLength % 2);
  const entryCount = entries.length + (text.length > 0 ? 1 : 0);
  const textAt = directoryAt + 2 + entryCount * ENTRY_BYTES + 4;
  if (text.length > 0) entries.push([TiffTag.microManagerMetadata, ASCII, text.length, textAt]);

  const bytes = new Uint8Array(textAt + text.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, directoryAt, true);
  writePixels(view, pixels);
  view.setUint16(directoryAt, entries.length, true);
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    const at = directoryAt + 2 + i * ENTRY_BYTES;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    if (type === SHORT) view.setUint16(at + 8, value, true);
    else view.setUint32(at + 8, value, true);
  }
  bytes.set(text, textAt);
  return bytes;
}

function writePixels(view: DataView, pixels: Uint8Array | Uint16Array): void {
  if (pixels instanceof Uint8Array) {
    new Uint8Array(view.buffer, HEADER_BYTES).set(pixels);
    return;
  }
  for (let i = 0; i < pixels.length; i++) view.setUint16(HEADER_BYTES + 2 * i, pixels[i]!, true);
}
