import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Frame } from "../../frames/frame.js";
import { makeFolder } from "../../frames/make-folder.js";
import { greyPng } from "../../frames/png-chunks.js";
import { writeAtomically } from "../../frames/write-atomically.js";
import { writeTiff } from "../../frames/write-tiff.js";
import type { FrameDetail } from "../wire.js";
import { previewOf } from "./preview-image.js";

/** Level of compression: what more would save costs four times the time. */
const FAST = 1;

/** What is known of a frame when its picture is made. */
export type PatchDetail = { readonly run: string } & Pick<
  FrameDetail,
  "id" | "width" | "height" | "patchPx" | "lefts" | "tops" | "levels" | "certainties" | "distribution"
>;

export interface PreviewLimits {
  /** Longest side of a picture, px. */
  readonly maxPx: number;
  /** Disk for pictures, and memory for the last frames as they came, bytes. */
  readonly keepBytes: number;
  readonly holdBytes: number;
}

/** Which frame: two runs may use the same ids. */
export interface FrameId {
  readonly run: string;
  readonly id: string;
}

/** Name of the files of a frame, without extension: an id may hold any character. */
export function previewName({ run, id }: FrameId): string {
  return createHash("sha256")
    .update(JSON.stringify([run, id]))
    .digest("hex")
    .slice(0, 32);
}

/** A folder of pictures, two files a frame: NAME.png and NAME.json (a `FrameDetail`). The oldest frames go first. */
export class PreviewFolder {
  readonly #folder: string;
  readonly #limits: PreviewLimits;
  /** Bytes on disk by file name, the oldest first. */
  readonly #sizes = new Map<string, number>();
  readonly #held = new Map<string, Frame>();
  #keptBytes = 0;
  #heldBytes = 0;

  constructor(folder: string, limits: PreviewLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Makes the folder and counts what is there. */
  async start(): Promise<void> {
    await makeFolder(this.#folder);
    const names = (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{32}\.(png|json)$/.test(name));
    const files = await Promise.all(
      names.map(async (name) => ({ name, ...(await stat(join(this.#folder, name))) })),
    );
    files.sort((a, b) => a.mtimeMs - b.mtimeMs);
    for (const { name, size } of files) this.#count(name, size);
  }

  async keep(frame: Frame, detail: PatchDetail): Promise<void> {
    const name = previewName(detail);
    this.#hold(name, frame);
    const { scale, displayRange, ...picture } = previewOf(frame, this.#limits.maxPx);
    await this.#write(`${name}.png`, greyPng(picture, FAST));
    const whole: FrameDetail = { ...detail, hasPreview: true, previewScale: scale, displayRange };
    await this.#write(`${name}.json`, Buffer.from(JSON.stringify(whole)));
    await this.#makeRoom();
  }

  /** Saves a frame as it came, as TIFF; false if it is no longer held. */
  async save(frameId: FrameId, path: string): Promise<boolean> {
    const frame = this.#held.get(previewName(frameId));
    if (frame === undefined) return false;
    await makeFolder(dirname(path));
    await writeTiff(path, frame);
    return true;
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    await writeAtomically(join(this.#folder, name), bytes);
    this.#count(name, bytes.length);
  }

  #count(name: string, bytes: number): void {
    this.#keptBytes += bytes - (this.#sizes.get(name) ?? 0);
    this.#sizes.delete(name);
    this.#sizes.set(name, bytes);
  }

  async #makeRoom(): Promise<void> {
    for (const [name, bytes] of this.#sizes) {
      if (this.#keptBytes <= this.#limits.keepBytes) return;
      await rm(join(this.#folder, name), { force: true });
      this.#sizes.delete(name);
      this.#keptBytes -= bytes;
    }
  }

  /** Holds a copy of a frame, in the memory of one that goes where that fits. */
  #hold(name: string, frame: Frame): void {
    const bytes = frame.pixels.byteLength;
    let spare = this.#letGo(name);
    for (const oldest of this.#held.keys()) {
      if (this.#heldBytes + bytes <= this.#limits.holdBytes) break;
      spare = this.#letGo(oldest) ?? spare;
    }
    if (bytes > this.#limits.holdBytes) return;
    const fits = spare?.constructor === frame.pixels.constructor && spare.length === frame.pixels.length;
    const pixels = fits ? spare! : emptyLike(frame.pixels);
    pixels.set(frame.pixels);
    this.#held.set(name, { ...frame, pixels });
    this.#heldBytes += bytes;
  }

  /** @returns the pixels that were held, to be written over. */
  #letGo(name: string): Frame["pixels"] | undefined {
    const pixels = this.#held.get(name)?.pixels;
    this.#held.delete(name);
    this.#heldBytes -= pixels?.byteLength ?? 0;
    return pixels;
  }
}

function emptyLike(pixels: Frame["pixels"]): Frame["pixels"] {
  return pixels instanceof Uint8Array ? new Uint8Array(pixels.length) : new Uint16Array(pixels.length);
}
