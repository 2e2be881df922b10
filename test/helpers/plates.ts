import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatWell } from "../../src/frames/wells.js";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { spots } from "./images.js";

/** Distinct pictures: many frames share one, so that a large plate is written quickly. */
const PICTURES = 40;
const SITES = 4;

/** Writes a plate of small frames, named as MetaXpress does, and gives the paths in the order of a search. */
export async function writePlate(folder: string, frames: number): Promise<string[]> {
  const pictures = Array.from({ length: Math.min(PICTURES, frames) }, (_, seed) => spots(84, 84, seed));
  const paths: string[] = [];
  for (let i = 0; i < frames; i++) {
    const [plate, place] = [Math.floor(i / (384 * SITES)) + 1, Math.floor(i / SITES) % 384];
    const well = formatWell(Math.floor(place / 24), place % 24);
    const path = join(folder, `Plate${plate}`, `Plate${plate}_${well}_s${(i % SITES) + 1}_w1.tif`);
    await mkdir(join(path, ".."), { recursive: true });
    await writeTiff(path, pictures[i % pictures.length]!);
    paths.push(path);
  }
  return paths;
}
