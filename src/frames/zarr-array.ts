import { existsSync } from "node:fs";
import { join } from "node:path";
import * as zarr from "zarrita";
import type { Numbers } from "./counts.js";
import { NUMBER_BYTES } from "./zarr-codecs.js";
import { halvesOf } from "./zarr-half.js";
import type { ZarrStore } from "./zarr-store.js";

export interface ZarrChunk {
  readonly data: Numbers;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** An array of numbers in chunks. */
export interface ZarrArray {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly bytesPerNumber: number;
  /** What has never been written. */
  readonly fill: number;
  getChunk(at: number[]): Promise<ZarrChunk>;
}

/**
 * Opens the array in a folder.
 * @throws Error where it has another number of axes, or is none of numbers that can be read.
 */
export async function openZarrArray(folder: string, store: ZarrStore, axes: number): Promise<ZarrArray> {
  // zarrita by itself takes what it cannot read in one version for what is not there in the other.
  const opened = existsSync(join(folder, "zarr.json"))
    ? await zarr.open.v3(store, { kind: "array" })
    : await zarr.open.v2(store, { kind: "array", attrs: false });
  const bytesPerNumber = NUMBER_BYTES[opened.dtype];
  if (bytesPerNumber === undefined) throw new Error(`its pixels are ${opened.dtype}, which cannot be read`);
  const { shape, chunks } = opened;
  const isSize = (sides: readonly number[]) => sides.every((side) => Number.isSafeInteger(side) && side > 0);
  if (shape.length !== axes || chunks.length !== axes || !isSize(shape) || !isSize(chunks)) {
    const sides = [shape, chunks].map((size) => `[${size.join(", ")}]`);
    throw new Error(`its shape ${sides[0]} in chunks of ${sides[1]} does not fit its ${axes} axes`);
  }
  const { halfFill } = store;
  return {
    ...{ shape, chunks, bytesPerNumber },
    fill: halfFill ?? (typeof opened.fillValue === "number" ? opened.fillValue : 0),
    async getChunk(at) {
      const chunk = (await opened.getChunk(at)) as unknown as ZarrChunk;
      return halfFill === undefined ? chunk : { ...chunk, data: halvesOf(chunk.data as Uint16Array) };
    },
  };
}
