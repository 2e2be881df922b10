/**
 * The files that the chunks of a Zarr array lie in, found without reading them: what is there while it is written.
 * @module
 */
import { readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errorCode } from "./file-reasons.js";
import { readText } from "./open-file.js";
import { parseZarrJson } from "./zarr-json.js";

/** Longest metadata of one array, bytes. */
const MOST_METADATA_BYTES = 2 ** 20;

const Sides = z.array(z.int().positive()).min(2);
const Separator = z.enum(["/", "."]);

/** An array of Zarr 3; of a sharded one the grid is that of its shards. */
const Three = z.object({
  shape: z.array(z.int().nonnegative()),
  chunk_grid: z.object({ configuration: z.object({ chunk_shape: Sides }) }),
  chunk_key_encoding: z.object({
    name: z.enum(["default", "v2"]),
    configuration: z.object({ separator: Separator.optional() }).optional(),
  }),
});
const Two = z.object({
  shape: z.array(z.int().nonnegative()),
  chunks: Sides,
  dimension_separator: Separator.default("."),
});

/** How an array is laid out in files. */
interface Layout {
  readonly shape: readonly number[];
  /** What one file holds, along each axis. */
  readonly fileSides: readonly number[];
  readonly separator: "/" | ".";
  /** What the names of chunks begin with: "c" in Zarr 3. */
  readonly prefix: "c" | "";
}

/** The files that hold the same planes, which need all of them. */
export interface ChunkBlock {
  readonly key: string;
  /** The planes, in order, as pages of the image. */
  readonly pages: readonly number[];
  /** Whether none of its files is missing. A chunk of nothing but the fill value may be left out for ever. */
  readonly isComplete: boolean;
  /** Changes with any of the files. */
  readonly signature: string;
  readonly paths: readonly string[];
  /** When one of them was last changed, by the clock of the file system, ms since 1970 UTC. */
  readonly mtimeMs: number;
}

/** A file of a chunk. */
interface ChunkFile {
  readonly path: string;
  readonly stats: Stats;
}
/** By the key of the block. */
type FoundFiles = Map<string, { readonly place: readonly number[]; readonly files: ChunkFile[] }>;

/**
 * Lists the files of an array. Folders of which all has been dealt with are not entered again, so that a look costs what may still
 * come, not what is there.
 */
export class ZarrChunkFiles {
  readonly #folder: string;
  #layout: Layout;
  /** The last two axes are rows and columns; all others tell planes. */
  readonly #others: number;
  /** Blocks, and groups of blocks, that are done, by the beginning of their place; those below a group that is done are not kept. */
  readonly #done = new Set<string>();
  /** How many parts of a group are done. */
  readonly #doneIn = new Map<string, number>();

  private constructor(folder: string, layout: Layout) {
    this.#folder = folder;
    this.#layout = layout;
    this.#others = layout.shape.length - 2;
  }

  /**
   * @param folder of the array.
   * @returns undefined where its metadata are not there, or not whole, yet.
   */
  static open(folder: string): ZarrChunkFiles | undefined {
    const layout = layoutOf(folder);
    return layout === undefined ? undefined : new ZarrChunkFiles(folder, layout);
  }

  /**
   * Takes in that the array has grown along its first axis.
   * @returns whether that is all: another array has to be opened anew.
   */
  growsTo(other: ZarrChunkFiles): boolean {
    const [before, after] = [this.#layout, other.#layout];
    if (this.#others === 0 || withoutFirst(before) !== withoutFirst(after)) return false;
    this.#layout = after;
    return true;
  }

  /** The blocks that something is there of, in order, but for those that are done. */
  blocks(): ChunkBlock[] {
    const files: FoundFiles = new Map();
    const { prefix } = this.#layout;
    if (this.#layout.separator === "/") this.#enter(join(this.#folder, prefix), [], files);
    else this.#readNames(files);
    return [...files.values()].map((block) => this.#blockOf(block.place, block.files)).sort(byPage);
  }

  /** Takes note that nothing of a block will be asked for again, unless the array may still grow into it. */
  done({ key }: ChunkBlock): void {
    const { shape, fileSides } = this.#layout;
    if (this.#others > 0 && (Number.parseInt(key, 10) + 1) * fileSides[0]! > shape[0]!) return;
    this.#done.add(key);
    const place = key.split("/").map(Number);
    for (let axis = this.#others - 1; axis > 0; axis--) {
      const group = place.slice(0, axis).join("/");
      const count = (this.#doneIn.get(group) ?? 0) + 1;
      this.#doneIn.set(group, count);
      const parts = this.#filesAlong(axis);
      if (count < parts) return;
      this.#doneIn.delete(group);
      for (let part = 0; part < parts; part++) this.#done.delete(`${group}/${part}`);
      this.#done.add(group);
    }
  }

  #filesAlong(axis: number): number {
    return Math.ceil(this.#layout.shape[axis]! / this.#layout.fileSides[axis]!);
  }

  #enter(folder: string, place: readonly number[], files: FoundFiles): void {
    if (place.length <= this.#others && this.#done.has(place.join("/"))) return;
    for (const name of namesIn(folder)) {
      const index = indexOf(name);
      const axis = place.length;
      if (index === undefined || index >= this.#filesAlong(axis)) continue;
      const next = [...place, index];
      if (next.length < this.#layout.shape.length) this.#enter(join(folder, name), next, files);
      else this.#take(join(folder, name), next, files);
    }
  }

  #readNames(files: FoundFiles): void {
    const { shape, prefix } = this.#layout;
    for (const name of namesIn(this.#folder)) {
      const parts = name.split(".");
      if (prefix !== "" && parts.shift() !== prefix) continue;
      const place = parts.map(indexOf);
      if (place.length !== shape.length) continue;
      if (!place.every((index, axis) => index !== undefined && index < this.#filesAlong(axis))) continue;
      if (!this.#isDone(place as number[])) this.#take(join(this.#folder, name), place as number[], files);
    }
  }

  #isDone(place: readonly number[]): boolean {
    const others = place.slice(0, this.#others);
    return others.some((_, axis) => this.#done.has(others.slice(0, axis + 1).join("/")));
  }

  #take(path: string, place: readonly number[], files: FoundFiles): void {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() !== true) return;
    const others = place.slice(0, this.#others);
    const key = others.join("/");
    const block = files.get(key) ?? { place: others, files: [] };
    files.set(key, block);
    block.files.push({ path, stats });
  }

  #blockOf(place: readonly number[], files: readonly ChunkFile[]): ChunkBlock {
    const [y, x] = [this.#others, this.#others + 1];
    return {
      key: place.join("/"),
      pages: this.#pagesAt(place),
      isComplete: files.length === this.#filesAlong(y) * this.#filesAlong(x),
      paths: files.map(({ path }) => path),
      signature: signatureOf(files.map(({ stats }) => stats)),
      mtimeMs: Math.max(...files.map(({ stats }) => stats.mtimeMs)),
    };
  }

  #pagesAt(place: readonly number[]): number[] {
    const { shape, fileSides } = this.#layout;
    let pages = [0];
    for (const [axis, index] of place.entries()) {
      const first = index * fileSides[axis]!;
      const last = Math.min(first + fileSides[axis]!, shape[axis]!);
      const indices = Array.from({ length: last - first }, (_, i) => first + i);
      pages = pages.flatMap((page) => indices.map((at) => page * shape[axis]! + at));
    }
    return pages;
  }
}

/** Whether a file of the block has changed since it was listed. */
export function isChanged({ paths, signature }: ChunkBlock): boolean {
  const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  return signature !== signatureOf(stats.filter((file) => file !== undefined));
}

function signatureOf(files: readonly Stats[]): string {
  const sum = (of: (stats: Stats) => number) => files.reduce((total, stats) => total + of(stats), 0);
  return [files.length, sum(({ size }) => size), sum(({ mtimeMs }) => mtimeMs), sum(({ ino }) => ino)].join(
    "-",
  );
}

function withoutFirst({ shape, ...rest }: Layout): string {
  return JSON.stringify([rest, shape.slice(1)]);
}

function byPage(a: ChunkBlock, b: ChunkBlock): number {
  return a.pages[0]! - b.pages[0]!;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

/** Names under which writers keep a chunk until it is whole are no numbers. */
function indexOf(name: string): number | undefined {
  return /^\d{1,9}$/.test(name) ? Number(name) : undefined;
}

function layoutOf(folder: string): Layout | undefined {
  const three = Three.safeParse(jsonIn(join(folder, "zarr.json")));
  if (three.success) {
    const { shape, chunk_grid, chunk_key_encoding: encoding } = three.data;
    const isDefault = encoding.name === "default";
    const separator = encoding.configuration?.separator ?? (isDefault ? "/" : ".");
    return fitting({
      ...{ shape, fileSides: chunk_grid.configuration.chunk_shape, separator },
      prefix: isDefault ? "c" : "",
    });
  }
  const two = Two.safeParse(jsonIn(join(folder, ".zarray")));
  if (!two.success) return undefined;
  const { shape, chunks, dimension_separator: separator } = two.data;
  return fitting({ shape, fileSides: chunks, separator, prefix: "" });
}

function fitting(layout: Layout): Layout | undefined {
  return layout.shape.length === layout.fileSides.length ? layout : undefined;
}

/** Undefined where there is none, or it is half written. */
function jsonIn(path: string): unknown {
  try {
    return parseZarrJson(readText(path, MOST_METADATA_BYTES));
  } catch {
    return undefined;
  }
}
