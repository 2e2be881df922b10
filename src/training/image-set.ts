import { basename, dirname } from "node:path";
import { isParfocalError, TrainingError } from "../errors.js";
import { findImages } from "../frames/find-images.js";
import type { Frame } from "../frames/frame.js";
import { isManifest, labelOf, type ManifestRow, readManifest } from "../frames/manifest.js";
import { readFrames } from "../frames/read-frames.js";
import { Random } from "../optics/random.js";
import { someNamed } from "../some-named.js";
import type { SharedImage } from "./region.js";

/** Where a training image comes from: enough for a stranger to find it again. */
export interface ImageSource {
  readonly file: string;
  readonly fieldId: string;
  readonly source?: string;
  readonly originalPath?: string;
  readonly licence?: string;
  /** How it was taken, as its manifest says: "fluorescence", "brightfield". */
  readonly modality?: string;
}

export interface ImageSet {
  /** Images of the fields that are trained on, and of those held out; no field is in both. */
  readonly training: readonly SharedImage[];
  readonly heldOut: readonly SharedImage[];
  readonly sources: readonly (ImageSource & { readonly split: "training" | "held-out" })[];
  /** Files left out, each with its reason. */
  readonly leftOut: readonly string[];
}

/** Smaller images hold no patch with its surroundings. */
const SMALLEST_PX = 100;

/**
 * Reads in-focus images into memory that threads share, and splits them by field.
 * @param paths files, folders, globs, or manifests (`*.csv`, `*.tsv`, whose rows of kind `infocus` or no kind count, unless labelled as out of focus).
 * @param heldOutShare share of the fields that is held out, 0 to 1.
 * @throws TrainingError when fewer than two fields can be used.
 */
export async function loadImageSet(
  paths: readonly string[],
  heldOutShare: number,
  seed: number,
  onImage?: (done: number, total: number) => void,
): Promise<ImageSet> {
  const listed = await listImages(paths);
  const leftOut: string[] = [];
  const images: { source: ImageSource; frames: SharedImage[] }[] = [];
  for (const [index, { path, source }] of listed.entries()) {
    try {
      const frames: SharedImage[] = [];
      for await (const { page, frame } of readFrames(path)) {
        const reason = whyUseless(frame);
        if (reason === undefined) frames.push(...shared(frame));
        else leftOut.push(`${path}${page === 0 ? "" : `, page ${page}`}: ${reason}`);
      }
      if (frames.length > 0) images.push({ source, frames });
    } catch (error) {
      if (!isParfocalError(error)) throw error;
      leftOut.push(error.message);
    }
    onImage?.(index + 1, listed.length);
  }
  const heldOutFields = chooseFields(
    images.map((image) => image.source.fieldId),
    heldOutShare,
    seed,
    leftOut,
  );
  const isHeldOut = ({ source }: { source: ImageSource }) => heldOutFields.has(source.fieldId);
  return {
    training: images.filter((image) => !isHeldOut(image)).flatMap((image) => image.frames),
    heldOut: images.filter(isHeldOut).flatMap((image) => image.frames),
    sources: images.map((image) => ({ ...image.source, split: isHeldOut(image) ? "held-out" : "training" })),
    leftOut,
  };
}

async function listImages(paths: readonly string[]): Promise<{ path: string; source: ImageSource }[]> {
  const listed: { path: string; source: ImageSource }[] = [];
  for (const path of paths) {
    if (isManifest(path)) {
      const rows = (await readManifest(path)).filter(isInFocus);
      listed.push(...rows.map((row) => ({ path: row.path, source: sourceOf(row) })));
    } else {
      for (const image of await findImages([path])) {
        listed.push({ path: image, source: { file: basename(image), fieldId: fieldOf(image) } });
      }
    }
  }
  return listed;
}

function isInFocus(row: ManifestRow): boolean {
  return (row.kind === undefined || row.kind === "infocus") && labelOf(row) !== "out";
}

function sourceOf(row: ManifestRow): ImageSource {
  const { file, fieldId = fieldOf(row.path), source, originalPath, licence, modality } = row;
  return {
    file,
    fieldId,
    ...(source === undefined ? {} : { source }),
    ...(originalPath === undefined ? {} : { originalPath }),
    ...(licence === undefined ? {} : { licence }),
    ...(modality === undefined ? {} : { modality }),
  };
}

/** Channels, planes and time points of one field share its name; what tells them apart is cut out of it. */
export function fieldOf(path: string): string {
  const name = basename(path).replace(/\.[^.]+$/, "");
  const field = name.replace(/(_|^)(c|ch|w|channel|z|t|time)\d+(?=_|$)/gi, "");
  return `${basename(dirname(path))}/${field === "" ? name : field}`;
}

function chooseFields(
  fieldIds: readonly string[],
  share: number,
  seed: number,
  leftOut: readonly string[],
): Set<string> {
  const fields = [...new Set(fieldIds)].sort((a, b) => (a < b ? -1 : 1));
  if (fields.length < 2) {
    const rule = "training needs images of at least two fields, one of them to be held out";
    const others = leftOut.length === 0 ? "" : `; left out: ${someNamed(leftOut, 1)}`;
    throw new TrainingError(`${rule}; found ${fields.length}${others}`);
  }
  const random = new Random(seed);
  const ranked = fields.map((field) => ({ field, rank: random.uniform() })).sort((a, b) => a.rank - b.rank);
  const count = Math.min(fields.length - 1, Math.max(1, Math.round(share * fields.length)));
  return new Set(ranked.slice(0, count).map(({ field }) => field));
}

/** Why nothing can be learned from a frame; undefined where something can. */
function whyUseless({ width, height, pixels }: Frame): string | undefined {
  if (width < SMALLEST_PX || height < SMALLEST_PX) return `${width} x ${height} px is too small to train on`;
  return pixels.every((count) => count === pixels[0]) ? "all pixels are equal" : undefined;
}

/** The image, and, where it is large enough, the image at half its size: sharper to the pixel, other cell sizes. */
function shared(frame: Frame): SharedImage[] {
  const image = intoSharedMemory(frame.width, frame.height, frame.pixels);
  const large = Math.min(frame.width, frame.height) >= 2 * SMALLEST_PX;
  return large ? [image, halved(image)] : [image];
}

function intoSharedMemory(width: number, height: number, pixels: ArrayLike<number>): SharedImage {
  const memory = new Uint16Array(new SharedArrayBuffer(2 * width * height));
  memory.set(pixels);
  return { width, height, pixels: memory, weight: Math.sqrt(width * height) };
}

/** Sums of 2 x 2 pixels (a camera's binning), scaled back only when they would not fit 16 bits. */
function halved({ width, height, pixels, weight }: SharedImage): SharedImage {
  const [halfWidth, halfHeight] = [width >> 1, height >> 1];
  const sums = new Float64Array(halfWidth * halfHeight);
  let highest = 0;
  for (let y = 0; y < halfHeight; y++) {
    for (let x = 0; x < halfWidth; x++) {
      const first = 2 * y * width + 2 * x;
      const sum = pixels[first]! + pixels[first + 1]! + pixels[first + width]! + pixels[first + width + 1]!;
      sums[y * halfWidth + x] = sum;
      highest = Math.max(highest, sum);
    }
  }
  const divisor = highest > 65535 ? 4 : 1;
  const image = intoSharedMemory(
    halfWidth,
    halfHeight,
    sums.map((sum) => sum / divisor),
  );
  return { ...image, weight: weight / 2 };
}
