/**
 * Finds the metadata in the tags of a TIFF page: Micro-Manager's own tag, the `info` block of ImageJ (where
 * Micro-Manager puts them in single-image files), OME-XML and ImageJ's own description. None of it can fail a frame.
 * @module
 */

import { lengthUm, unitUm } from "./length-units.js";
import { isMetaSeries, parseMetaSeries } from "./metaseries.js";
import { type FrameMetadata, parseMicroManagerMetadata, withoutUndefined } from "./micro-manager-metadata.js";
import { positive } from "./numbers.js";
import { type FileMetadata, headOfOmeXml, parseOmeXml } from "./ome-xml.js";
import { isSquid, parseSquid } from "./squid-description.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { tifffileAxes } from "./tifffile-shape.js";

/** Metadata of one page; Micro-Manager's tag wins over ImageJ's block. */
export function readPageMetadata(directory: TiffDirectory): FrameMetadata {
  return merged([
    () => descriptionsOf(directory).filter(isMetaSeries).map(parseMetaSeries),
    () => descriptionsOf(directory).filter(isSquid).map(parseSquid),
    () => readImageJInfo(directory).map(parseMicroManagerMetadata),
    () => directory.writtenTexts(TiffTag.microManagerMetadata).map(parseMicroManagerMetadata),
  ]);
}

/**
 * What the first page of a file says about all of its pages: OME-XML, ImageJ's numbers of channels, slices and frames, tifffile's
 * axes, or those of an LSM file.
 * @param fileName of the file, without its folder.
 * @param beside the descriptions in another file of its folder.
 */
export function readFileMetadata(
  first: TiffDirectory,
  fileName: string,
  beside: (name: string) => readonly string[] = () => [],
): FileMetadata {
  const descriptions = descriptionsOf(first);
  if (isOmeName(fileName) && descriptions[0] === "") first.noteUndescribed();
  const heads = descriptions.map(headOfOmeXml);
  const uuid = heads.find((head) => head.uuid !== undefined)?.uuid;
  const describedIn = heads.find((head) => head.describedIn !== undefined)?.describedIn;
  const xml = [...descriptions, ...(describedIn === undefined ? [] : beside(describedIn))].find(hasPixels);
  if (xml !== undefined) return parseOmeXml(xml, fileName, uuid, samplesOf(first));
  const imageJ = descriptions.find((text) => text.startsWith("ImageJ="));
  if (imageJ !== undefined) return imageJAxes(imageJ, first);
  return tifffileAxes(descriptions[0] ?? "", samplesOf(first)) ?? lsmAxes(first) ?? (() => ({}));
}

/** tifffile, told by such a name to write OME-XML, leaves room for it and writes it last. */
function isOmeName(fileName: string): boolean {
  return /\.ome\.(?:tiff?|btf|tf[28])$/i.test(fileName);
}

function samplesOf(directory: TiffDirectory): number {
  try {
    return directory.number(TiffTag.samplesPerPixel) || 1;
  } catch {
    return 1;
  }
}

function hasPixels(text: string): boolean {
  return /<(?:\w{1,64}:)?Pixels\s/.test(text);
}

/** Whether ImageJ wrote the page. */
export function isImageJ(directory: TiffDirectory): boolean {
  return descriptionsOf(directory).some((text) => text.startsWith("ImageJ="));
}

function descriptionsOf(directory: TiffDirectory): string[] {
  try {
    return directory.texts(TiffTag.imageDescription);
  } catch {
    return [];
  }
}

/** ImageJ's hyperstacks: channels run fastest, then slices, then frames. `XResolution` counts pixels in the unit of the description. */
function imageJAxes(description: string, first: TiffDirectory): (page: number) => FrameMetadata {
  const size = (name: string) =>
    Number(new RegExp(`^${name}=([1-9]\\d{0,8})$`, "m").exec(description)?.[1] ?? 1);
  const text = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(description)?.[1]?.trim();
  // Negative where the stack goes down.
  const zStepUm = Math.abs(lengthUm(text("spacing"), text("unit")) ?? 0);
  const [slices, frames] = [size("slices"), size("frames")];
  // The three channels of an image that is saved as 48-bit colours are the samples of its one page.
  const pages = samplesOf(first) > 1 ? size("images") : Number.POSITIVE_INFINITY;
  const channels = Math.min(size("channels"), Math.ceil(pages / (slices * frames)));
  const axes = hyperstackAxes(channels, slices, frames, zStepUm);
  const pixelUm = positive((unitUm(text("unit")) ?? 0) * (unitsAPixel(first) ?? 0));
  return (page) => withoutUndefined({ ...axes(page), pixelUm });
}

/** The tag has pixels a unit, as two whole numbers. */
function unitsAPixel(directory: TiffDirectory): number | undefined {
  try {
    const bytes = directory.bytes(TiffTag.xResolution)[0];
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { littleEndian } = directory.header;
    return view.getUint32(4, littleEndian) / view.getUint32(0, littleEndian);
  } catch {
    return undefined;
  }
}

/** @param zStepUm 0 if it is not told. */
function hyperstackAxes(
  channels: number,
  slices: number,
  frames: number,
  zStepUm: number,
): (page: number) => FrameMetadata {
  return (page) => {
    if (page >= channels * slices * frames) return {};
    return withoutUndefined({
      channelIndex: channels > 1 ? page % channels : undefined,
      ofSeveralChannels: channels > 1 || undefined,
      zIndex: slices > 1 ? Math.floor(page / channels) % slices : undefined,
      zStepUm: slices > 1 ? positive(zStepUm) : undefined,
      timeIndex: frames > 1 ? Math.floor(page / (channels * slices)) : undefined,
    });
  };
}

/**
 * `CZ_LSMINFO` of Zeiss' LSM files (as tifffile and the LSM file format description have it): sizes of the axes, which run as in
 * ImageJ's hyperstacks, the sides of a voxel, m. A page has all channels. Undefined where the file is none.
 */
function lsmAxes(first: TiffDirectory): ((page: number) => FrameMetadata) | undefined {
  try {
    const bytes = first.bytes(TiffTag.lsmInfo)[0];
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { littleEndian } = first.header;
    const size = (at: number) => Math.max(view.getInt32(at, littleEndian), 1);
    const [slices, channels, times] = [size(16), size(20), size(24)];
    const pixelUm = positive(view.getFloat64(40, littleEndian) * 1e6);
    const zStepUm = view.getFloat64(56, littleEndian) * 1e6;
    const axes = hyperstackAxes(Math.ceil(channels / samplesOf(first)), slices, times, zStepUm);
    return (page) => ({ ...axes(page), ...(pixelUm !== undefined && { pixelUm }) });
  } catch {
    return undefined;
  }
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
