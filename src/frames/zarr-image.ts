/**
 * The frames of one image of an OME-Zarr, at its full resolution. Its metadata are in zarr-metadata.ts.
 * @module
 */
import * as zarr from "zarrita";
import { FrameReadError, reasonOf } from "../errors.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { significantBits } from "./bit-depth.js";
import { countsOf, type Numbers } from "./counts.js";
import { assertAffordable, assertPlausible } from "./expansion.js";
import { MAX_SIDE_PX } from "./frame.js";
import type { FailedPage, FramePage, PageOptions } from "./tiff.js";
import { openZarrArray, type ZarrArray, type ZarrChunk } from "./zarr-array.js";
import { registerDecoders } from "./zarr-codecs.js";
import { readZarrMetadata, type ZarrMetadata } from "./zarr-metadata.js";
import { NotStored, ZarrStore } from "./zarr-store.js";

/** Most planes of one image, and most chunks of one plane: each costs time, though nothing is stored. */
const MOST_PLANES = 1_000_000;
const MOST_CHUNKS = 65_536;
/** Of chunks of several planes so much is kept for the planes that follow, bytes. */
const KEPT_BYTES = 256 * 2 ** 20;
/** Largest chunk, bytes. */
const MOST_CHUNK_BYTES = 2 ** 30;

/** A chunk, and how many bytes the store has of it. */
type StoredChunk = ZarrChunk & { readonly stored: number };

/** A plane, and whether there is nothing but the fill value in it: then it was never written, or is empty. */
export type ZarrPage = FramePage & { readonly isFill: boolean };

/**
 * The frames of an image group, one for each t, c and z, in the order of its axes. A plane that cannot be read does not keep those
 * after it from being read.
 * @param path of the group.
 * @throws FrameReadError where its metadata cannot be read, or claim more than an image can be.
 */
export async function* zarrFrames(
  path: string,
  { maxBytes, signal }: PageOptions & { signal?: AbortSignal } = {},
): AsyncGenerator<FramePage | FailedPage, void, undefined> {
  const image = await openZarrImage(path, maxBytes);
  for (let page = 0; page < image.count; page++) {
    signal?.throwIfAborted();
    const read = await image.page(page);
    if ("error" in read) yield read;
    else yield { page, frame: read.frame, metadata: read.metadata };
  }
}

/** An image of an OME-Zarr as it was when it was opened. */
export interface ZarrImage {
  readonly count: number;
  /** A plane, or why it cannot be read: the cause of the error says what it is about. */
  page(page: number): Promise<ZarrPage | FailedPage>;
}

/**
 * Opens an image group.
 * @param isGrowing whether there may be more time points than it says: then the first one has an index, too.
 * @throws FrameReadError where its metadata cannot be read, or claim more than an image can be.
 */
export async function openZarrImage(
  path: string,
  maxBytes: number = Number.POSITIVE_INFINITY,
  isGrowing: boolean = false,
): Promise<ZarrImage> {
  registerDecoders();
  let metadata: ZarrMetadata;
  let planes: ZarrPlanes;
  try {
    metadata = await readZarrMetadata(path);
    planes = await ZarrPlanes.open(metadata, maxBytes);
  } catch (cause) {
    throw new FrameReadError(path, plainReason(cause), { cause });
  }
  const { width, height, count } = planes;
  const sides = planes.shape.map((side, axis) =>
    isGrowing && metadata.axes[axis] === "t" ? side + 1 : side,
  );
  return {
    count,
    async page(page) {
      try {
        const { numbers, isFill } = await planes.read(page);
        const pixels = countsOf(numbers);
        const bitDepth = significantBits(pixels, undefined);
        const frame = { width, height, pixels, ...(bitDepth !== undefined && { bitDepth }) };
        return { page, frame, isFill, metadata: metadata.at(planes.indicesOf(page), sides) };
      } catch (cause) {
        const where = count > 1 ? `page ${page} (number ${page + 1}): ` : "";
        return { page, error: new FrameReadError(path, `${where}${plainReason(cause)}`, { cause }) };
      }
    },
  };
}

/** The planes of an array, cut out of its chunks. */
class ZarrPlanes {
  readonly shape: readonly number[];
  readonly width: number;
  readonly height: number;
  /** Places of rows and columns among the axes, and of all others. */
  readonly #y: number;
  readonly #x: number;
  readonly #others: readonly number[];
  readonly #array: ZarrArray;
  readonly #store: ZarrStore;
  readonly #kept = new BoundedMap<string, StoredChunk>(KEPT_BYTES, ({ data }) => data.byteLength);

  private constructor(array: ZarrArray, store: ZarrStore, y: number, x: number) {
    this.#array = array;
    this.#store = store;
    this.shape = array.shape;
    [this.#y, this.#x] = [y, x];
    this.#others = array.shape.map((_, axis) => axis).filter((axis) => axis !== y && axis !== x);
    [this.height, this.width] = [array.shape[y]!, array.shape[x]!];
  }

  /** @throws Error where the array is not one of the axes, or claims more than an image can be. */
  static async open({ array: folder, axes }: ZarrMetadata, maxBytes: number): Promise<ZarrPlanes> {
    const store = new ZarrStore(folder);
    const array = await openZarrArray(folder, store, axes.length);
    const planes = new ZarrPlanes(array, store, axes.indexOf("y"), axes.indexOf("x"));
    planes.#assertLimits(maxBytes);
    return planes;
  }

  get count(): number {
    return this.#others.reduce((product, axis) => product * this.shape[axis]!, 1);
  }

  /** The index of a plane on each axis; the last one runs fastest. */
  indicesOf(page: number): number[] {
    const indices = this.shape.map(() => 0);
    let left = page;
    for (const axis of this.#others.toReversed()) {
      indices[axis] = left % this.shape[axis]!;
      left = Math.floor(left / this.shape[axis]!);
    }
    return indices;
  }

  /**
   * The numbers of a plane in row order, and whether all of them are the fill value.
   * @throws Error where a chunk is damaged; NotStored where nothing of it is stored.
   */
  async read(page: number): Promise<{ numbers: Numbers; isFill: boolean }> {
    const { chunks, bytesPerNumber, fill } = this.#array;
    const at = this.indicesOf(page);
    const found: { row: number; column: number; chunk: StoredChunk }[] = [];
    for (let row = 0; row < this.height; row += chunks[this.#y]!) {
      for (let column = 0; column < this.width; column += chunks[this.#x]!) {
        const place = at.map((index, axis) => Math.floor(index / chunks[axis]!));
        place[this.#y] = row / chunks[this.#y]!;
        place[this.#x] = column / chunks[this.#x]!;
        const chunk = this.#kept.get(place.join()) ?? (await this.#chunkAt(place));
        if (chunk !== undefined) found.push({ row, column, chunk });
      }
    }
    const [first] = found;
    if (first === undefined)
      throw new NotStored("nothing of it is stored: it was never written, or is empty");
    const stored = found.reduce((sum, { chunk }) => sum + chunk.stored, 0);
    assertPlausible(this.width * this.height * bytesPerNumber, stored);
    const TypedArray = first.chunk.data.constructor as new (length: number) => Numbers;
    const numbers = new TypedArray(this.width * this.height);
    if (fill !== 0) numbers.fill(fill);
    for (const { row, column, chunk } of found) this.#copy(numbers, chunk, row, column, at);
    return { numbers, isFill: numbers.every((number) => Object.is(number, fill)) };
  }

  async #chunkAt(place: number[]): Promise<StoredChunk | undefined> {
    const before = this.#store.storedBytes;
    let read: ZarrChunk;
    try {
      read = await this.#array.getChunk(place);
    } catch (cause) {
      if (cause instanceof NotStored) return undefined;
      throw cause;
    }
    const chunk = { ...read, stored: this.#store.storedBytes - before };
    // A shard need not have all of its chunks.
    if (chunk.stored === 0) return undefined;
    const size = this.#array.chunks.reduce((product, side) => product * side, 1);
    if (chunk.data.length !== size) {
      throw new Error(
        `a chunk has ${chunk.data.length} numbers instead of ${size}: it is cut short or damaged`,
      );
    }
    if (this.#others.some((axis) => this.#array.chunks[axis]! > 1)) this.#kept.set(place.join(), chunk);
    return chunk;
  }

  #copy(
    pixels: Numbers,
    { data, stride }: ZarrChunk,
    row: number,
    column: number,
    at: readonly number[],
  ): void {
    const { chunks } = this.#array;
    const [down, right] = [stride[this.#y]!, stride[this.#x]!];
    const rows = Math.min(chunks[this.#y]!, this.height - row);
    const columns = Math.min(chunks[this.#x]!, this.width - column);
    const first = this.#others.reduce((sum, axis) => sum + (at[axis]! % chunks[axis]!) * stride[axis]!, 0);
    for (let r = 0; r < rows; r++) {
      const from = first + r * down;
      const to = (row + r) * this.width + column;
      if (right === 1) pixels.set(data.subarray(from, from + columns), to);
      else for (let c = 0; c < columns; c++) pixels[to + c] = data[from + c * right]!;
    }
  }

  #assertLimits(maxBytes: number): void {
    const { chunks, bytesPerNumber } = this.#array;
    const { width, height } = this;
    if (width > MAX_SIDE_PX || height > MAX_SIDE_PX) {
      throw new Error(`it claims ${width} x ${height} px, over the limit of ${MAX_SIDE_PX} px a side`);
    }
    if (this.count > MOST_PLANES) {
      throw new Error(`it claims ${this.count} planes, over the limit of ${MOST_PLANES}`);
    }
    const inPlane = Math.ceil(width / chunks[this.#x]!) * Math.ceil(height / chunks[this.#y]!);
    if (inPlane > MOST_CHUNKS) {
      throw new Error(`a plane has ${inPlane} chunks, over the limit of ${MOST_CHUNKS}`);
    }
    assertAffordable(width * height * bytesPerNumber, maxBytes);
    const chunkBytes = chunks.reduce((product, side) => product * side, bytesPerNumber);
    assertAffordable(chunkBytes, Math.min(maxBytes, MOST_CHUNK_BYTES), "a chunk");
    this.#store.expectChunks(chunkBytes);
  }
}

/** What zarrita says, in our words where it is about what can be read. */
function plainReason(error: unknown): string {
  if (zarr.isZarritaError(error, "UnknownCodecError")) {
    return `its compression (${error.codec}) cannot be read; Blosc, Zstandard, LZ4, zlib and gzip can`;
  }
  if (zarr.isZarritaError(error, "CodecPipelineError")) {
    return `its pixels are damaged (${reasonOf(error.cause)})`;
  }
  if (zarr.isZarritaError(error, "NotFoundError")) {
    return "the array of its full resolution is not there, or not written yet";
  }
  return reasonOf(error);
}
