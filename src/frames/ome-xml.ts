/**
 * What OME-XML says about the pages of a file: channel, z, t, objective, plate and well. Read tolerantly: what is missing or damaged is
 * left out, never an error.
 * @module
 */

import { distinctNames } from "./distinct-names.js";
import { lengthUm } from "./length-units.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { withoutUndefined } from "./micro-manager-metadata.js";
import { positive, wholeNumber } from "./numbers.js";
import {
  type Elements,
  MOST_PAGES,
  nonEmpty,
  type OmeImage,
  planeKey,
  readElements,
} from "./ome-elements.js";
import { attributesOf, tagsOf } from "./xml.js";

/** What is known about a page of a file, counted from 0, and about which of its channels, where it has several. */
export interface FileMetadata {
  (page: number, channel?: number): FrameMetadata;
  /** Whether it says what the several planes of a page are; otherwise they are channels. */
  readonly tellsSamples?: boolean;
  /** The files of its data set, itself among them, where it is one of several and has the name that it has there. */
  readonly members?: readonly string[];
}

/** Where a page is in its image. */
interface OmePlane {
  readonly image: OmeImage;
  readonly place: FrameMetadata;
  readonly sizes: Readonly<Record<"C" | "Z" | "T", number>>;
  readonly at: Readonly<Record<"C" | "Z" | "T", number>>;
  /** Channels of OME that a page has; `C` counts such groups. */
  readonly samples: number;
}

/**
 * Reads an OME-XML description.
 * @param file that it describes: in a data set of several files each page is of one of them.
 * @param uuid of that file, by which it is known where it was renamed.
 * @param samples that a pixel of the file has: OME counts each as a channel.
 */
export function parseOmeXml(text: string, file: string, uuid?: string, samples = 1): FileMetadata {
  if (lastRead?.text !== text) lastRead = { text, elements: readElements(text) };
  const { images, wells } = lastRead.elements;
  const fileName = nameIn(images, file, uuid);
  const here = images.filter(({ blocks }) => blocks.some((block) => isIn(block, fileName)));
  const names = new Set(images.map(({ name }) => nonEmpty(name) ?? ""));
  const areNamed = names.size === images.length && !names.has("");
  const pages = new Map<number, OmePlane>();
  for (const [index, image] of here.entries()) {
    // What lies in several files is one place, and several images in one file are several.
    const isSpread = image.blocks.some((block) => !isIn(block, fileName));
    const name = areNamed ? image.name : undefined;
    const place = withoutUndefined({
      positionName: nonEmpty(image.label) ?? (isSpread ? name : undefined),
      series: here.length > 1 ? (name ?? `Image_${index}`) : undefined,
      // Files of a set often have a channel each.
      ofSeveralChannels: (!isSpread && sizeOf(image, "SizeC") > samples) || undefined,
      ...wells.get(image.id),
    });
    addPages(pages, image, fileName, place, samples);
  }
  const shared = images.length === 0 ? {} : sharedBy(images[0]!);
  const metadata = (page: number, channel?: number) => {
    const plane = pages.get(page);
    return plane === undefined ? shared : metadataOf(plane, channel);
  };
  return Object.assign(metadata, { members: membersOf(images, file) });
}

/** None where the file was renamed: then the others were, too. */
function membersOf(images: readonly OmeImage[], file: string): readonly string[] {
  const named = new Set(images.flatMap(({ blocks }) => blocks.map(({ fileName }) => fileName ?? file)));
  return named.size > 1 && named.has(file) ? [...named] : [];
}

/** The files of a data set have the same description, or one beside them. */
let lastRead: { readonly text: string; readonly elements: Elements } | undefined;

/** What a description says of the file that it is in: its UUID, and the file that describes it in its stead. */
export function headOfOmeXml(text: string): { readonly uuid?: string; readonly describedIn?: string } {
  let uuid: string | undefined;
  let describedIn: string | undefined;
  for (const { name, inside } of tagsOf(text)) {
    if (name === "OME") uuid = attributesOf(inside).UUID;
    else if (name === "BinaryOnly") describedIn = attributesOf(inside).MetadataFile;
    if (name === "BinaryOnly" || name === "Image" || name === "Pixels") break;
  }
  return withoutUndefined({ uuid, describedIn });
}

/** The name by which the description knows a file: it may have been renamed since. */
function nameIn(images: readonly OmeImage[], file: string, uuid: string | undefined): string {
  const blocks = images.flatMap((image) => image.blocks);
  if (blocks.some(({ fileName }) => fileName === file)) return file;
  const same = uuid === undefined ? undefined : blocks.find((block) => block.uuid === uuid);
  const names = new Set(blocks.map(({ fileName }) => fileName));
  return same?.fileName ?? (names.size === 1 ? [...names][0] : undefined) ?? file;
}

function isIn({ fileName }: OmeImage["blocks"][number], file: string): boolean {
  return fileName === undefined || fileName === file;
}

function addPages(
  pages: Map<number, OmePlane>,
  image: OmeImage,
  fileName: string,
  place: FrameMetadata,
  pixelSamples: number,
): void {
  const samples = sizeOf(image, "SizeC") % pixelSamples === 0 ? pixelSamples : 1;
  const sizes = { C: sizeOf(image, "SizeC") / samples, Z: sizeOf(image, "SizeZ"), T: sizeOf(image, "SizeT") };
  const order = [...(image.pixels.DimensionOrder ?? "XYCZT")].filter(
    (axis) => axis in sizes,
  ) as (keyof typeof sizes)[];
  const total = Math.min(sizes.C * sizes.Z * sizes.T, MOST_PAGES);
  for (const block of image.blocks) {
    if (!isIn(block, fileName)) continue;
    const { attributes } = block;
    const first = { C: 0, Z: 0, T: 0 };
    for (const axis of order) first[axis] = wholeNumber(attributes[`First${axis}`]) ?? 0;
    first.C = Math.floor(first.C / samples);
    const ifd = wholeNumber(attributes.IFD);
    const count = wholeNumber(attributes.PlaneCount) ?? (ifd === undefined ? total : 1);
    let linear = 0;
    for (const axis of order.toReversed()) linear = linear * sizes[axis] + first[axis];
    for (let i = 0; i < Math.min(count, total) && pages.size < MOST_PAGES; i++) {
      let left = linear + i;
      const at = { C: 0, Z: 0, T: 0 };
      for (const axis of order) {
        at[axis] = left % sizes[axis];
        left = Math.floor(left / sizes[axis]);
      }
      pages.set((ifd ?? 0) + i, { image, place, sizes, at, samples });
    }
  }
}

/**
 * Where the drive was at a plane. Some programs note for all planes of a stack where it began, though something else moved: that is
 * the place of none of them.
 */
function zUmOf({ image, at, samples }: OmePlane): number | undefined {
  const plane = { ...at, C: at.C * samples };
  const zUm = image.zUm.get(planeKey(plane));
  const next = image.zUm.get(planeKey({ ...plane, Z: at.Z === 0 ? 1 : 0 }));
  return zUm === next ? undefined : zUm;
}

/** What an axis of one step says is nothing. */
function metadataOf(plane: OmePlane, channel: number | undefined): FrameMetadata {
  const { image, place, sizes, at, samples } = plane;
  const channels = distinctNames(image.channels);
  const areSamplesNamed = samples > 1 && channels.length > sizes.C;
  const sample = samples > 1 && channel !== undefined ? at.C * samples + channel : undefined;
  const [name, ownIndex] = [areSamplesNamed ? sample : at.C, sizes.C > 1 ? at.C : undefined];
  return {
    ...sharedBy(image),
    ...withoutUndefined({
      channel: name === undefined ? undefined : channels[name],
      channelIndex: sample ?? ownIndex,
      zIndex: sizes.Z > 1 ? at.Z : undefined,
      timeIndex: sizes.T > 1 ? at.T : undefined,
      zUm: zUmOf(plane),
    }),
    ...place,
  };
}

/** What holds for all pages of an image. */
function sharedBy({ pixels, objective }: OmeImage): FrameMetadata {
  const bits = wholeNumber(pixels.SignificantBits);
  return withoutUndefined({
    bitDepth: bits !== undefined && bits > 0 ? bits : undefined,
    pixelUm: stepUm(pixels.PhysicalSizeX, pixels.PhysicalSizeXUnit),
    objective,
    zStepUm: stepUm(pixels.PhysicalSizeZ, pixels.PhysicalSizeZUnit),
  });
}

/** A side of a pixel or the distance of two planes, um. OME takes micrometres where no unit is told. */
function stepUm(size: string | undefined, unit = "µm"): number | undefined {
  return positive(lengthUm(size, unit));
}

function sizeOf({ pixels }: OmeImage, name: string): number {
  return Math.max(wholeNumber(pixels[name]) ?? 1, 1);
}
