import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "../../src/frames/frame.js";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { parfocal } from "./command.js";
import { DATA, dataFrame } from "./images.js";

/** Corner and size of a crop; no side is a multiple of a patch. */
const CROPS = [
  { left: 0, top: 0, width: 260, height: 200 },
  { left: 150, top: 60, width: 200, height: 300 },
  { left: 90, top: 190, width: 340, height: 170 },
  { left: 40, top: 20, width: 120, height: 110 },
  { left: 210, top: 110, width: 190, height: 230 },
] as const;

/**
 * Writes 100 or more 16-bit crops of the demo's plate, from sharp to very blurred, as `Plate1_A01_s1.tif` and so on.
 * @returns the folder's images by name, in order
 */
export async function writeVariedFrames(folder: string): Promise<Map<string, Frame>> {
  await mkdir(folder, { recursive: true });
  const sources = (await readdir(join(DATA, "plate"))).filter((name) => name.endsWith(".png")).sort();
  const frames = new Map<string, Frame>();
  for (const [index, source] of sources.entries()) {
    const whole = await dataFrame(join("plate", source));
    const well = `${String.fromCharCode(65 + Math.floor(index / 6))}${String((index % 6) + 1).padStart(2, "0")}`;
    for (const [site, crop] of CROPS.entries()) {
      const frame = blurredCrop(whole, crop, (index + 2 * site) % 7);
      const name = `Plate1_${well}_s${site + 1}.tif`;
      await writeTiff(join(folder, name), frame);
      frames.set(name, frame);
    }
  }
  return frames;
}

/** What `parfocal score` says of the images in a folder, by file name. */
export async function scoresOf(folder: string): Promise<Map<string, Record<string, number>>> {
  const { stdout } = await parfocal("score", folder, "--device", "cpu", "--format", "jsonl");
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number> & { file: string });
  return new Map(rows.map((row) => [row.file.split("/").at(-1)!, row]));
}

/** A crop in 16 bit, each of its pixels the mean of those at most `radius` away in x and y. */
function blurredCrop(
  { width: stride, height: rows, pixels }: Frame,
  { left, top, width, height }: (typeof CROPS)[number],
  radius: number,
): Frame {
  const result = new Uint16Array(width * height);
  const gain = pixels instanceof Uint8Array ? 100 : 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(0, top + y - radius); v <= Math.min(rows - 1, top + y + radius); v++) {
        for (let u = Math.max(0, left + x - radius); u <= Math.min(stride - 1, left + x + radius); u++) {
          sum += pixels[v * stride + u]!;
          count++;
        }
      }
      result[y * width + x] = Math.min(65535, Math.round((gain * sum) / count));
    }
  }
  return { width, height, pixels: result };
}
