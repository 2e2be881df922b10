/**
 * Finds the metadata in the tags of a TIFF page: Micro-Manager's own tag, the `info` block of ImageJ (where
 * Micro-Manager puts them in single-image files), and two attributes of OME-XML. None of it can fail a frame.
 * @module
 */
import { type FrameMetadata, parseMicroManagerMetadata, withoutUndefined } from "./micro-manager-metadata.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";

/** Metadata of one page; Micro-Manager's tag wins over ImageJ's block. */
export function readPageMetadata(directory: TiffDirectory): FrameMetadata {
  return merged([
    () => readImageJInfo(directory).map(parseMicroManagerMetadata),
    () => directory.texts(TiffTag.microManagerMetadata).map(parseMicroManagerMetadata),
  ]);
}

/** What the OME-XML of a file's first page says about all of its pages. */
export function readOmeMetadata(firstDirectory: TiffDirectory): FrameMetadata {
  return merged([() => firstDirectory.texts(TiffTag.imageDescription).map(parseOmeXml)]);
}

function merged(readers: readonly (() => FrameMetadata[])[]): FrameMetadata {
  const found: FrameMetadata[] = [];
  for (const read of readers) {
    try {
      found.push(...read());
    } catch {
      // A damaged tag costs its metadata, not the frame.
    }
  }
  return Object.assign({}, ...found);
}

/** Number of images that an ImageJ description declares for the whole file, 1 if it declares none. */
export function imageJPageCount(directory: TiffDirectory): number {
  try {
    const description = directory.texts(TiffTag.imageDescription).find((text) => text.startsWith("ImageJ="));
    return Number(/^images=([1-9]\d*)$/m.exec(description ?? "")?.[1] ?? 1);
  } catch {
    return 1;
  }
}

/**
 * The `info` texts of ImageJ's metadata (tags 50838 and 50839): "IJIJ", then pairs of a block type and a
 * count, then the blocks, whose sizes tag 50838 lists after that of the header. Texts are UTF-16 in the
 * file's byte order; so are the type names.
 */
function readImageJInfo(directory: TiffDirectory): string[] {
  const sizes = directory.numbers(TiffTag.imageJMetadataCounts);
  const block = directory.bytes(TiffTag.imageJMetadata)[0];
  if (sizes === undefined || block === undefined) return [];
  const { littleEndian } = directory.header;
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const decoder = new TextDecoder(littleEndian ? "utf-16le" : "utf-16be");
  const texts: string[] = [];
  let at = sizes[0] ?? 0;
  let sizeIndex = 1;
  for (let entry = 4; entry + 8 <= (sizes[0] ?? 0); entry += 8) {
    const isInfo = view.getUint32(entry, littleEndian) === 0x696e666f;
    const count = view.getUint32(entry + 4, littleEndian);
    for (let i = 0; i < count && sizeIndex < sizes.length; i++) {
      const size = sizes[sizeIndex++]!;
      if (isInfo) texts.push(decoder.decode(block.subarray(at, at + size)));
      at += size;
    }
  }
  return texts;
}

/** Micrometres in one unit of OME's `PhysicalSizeXUnit`. */
const OME_UNITS_UM: Readonly<Record<string, number>> = { µm: 1, μm: 1, um: 1, nm: 1e-3, mm: 1e3 };

/** Characters of an element of OME-XML that are looked at. */
const LONGEST_ELEMENT = 10_000;

function parseOmeXml(text: string): FrameMetadata {
  const start = /<(?:\w{1,64}:)?Pixels\s/.exec(text)?.index;
  if (start === undefined) return {};
  const end = text.indexOf(">", start);
  const pixels = text.slice(start, Math.min(end < 0 ? text.length : end, start + LONGEST_ELEMENT));
  const attribute = (name: string) => new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(pixels)?.[1];
  const bits = Number(attribute("SignificantBits") ?? Number.NaN);
  const unitUm = OME_UNITS_UM[decodeEntity(attribute("PhysicalSizeXUnit") ?? "µm")] ?? Number.NaN;
  const pixelUm = Number(attribute("PhysicalSizeX") ?? Number.NaN) * unitUm;
  return withoutUndefined({
    bitDepth: Number.isInteger(bits) && bits > 0 ? bits : undefined,
    pixelUm: Number.isFinite(pixelUm) && pixelUm > 0 ? pixelUm : undefined,
  });
}

/** Writers that stay within ASCII spell the micro sign as a character reference. */
function decodeEntity(text: string): string {
  return text.replace(
    /&#(?:x([0-9a-f]+)|(\d+));/gi,
    (_, hex: string | undefined, decimal: string | undefined) =>
      String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}
