/**
 * What the controllers of a long run see: a few pictures of each size, sharp and blurred, made once.
 * @module
 */
import { Random } from "../../src/optics/random.js";
import { benchFrame } from "../frames.js";
import type { Picture, Scene } from "./controllers.js";

/** Sides, px. The first one comes whose `upTo` is above a random number. */
const SIZES = [
  { sidePx: 2048, upTo: 0.005 },
  { sidePx: 1024, upTo: 0.015 },
  { sidePx: 512, upTo: 0.045 },
  { sidePx: 256, upTo: 1 },
];
const BLURRED_SHARE = 0.05;
const BLUR_PX = 6;

/** Counts of an empty field: light without structure, and its shot noise. */
const EMPTY_COUNTS = 200;

/**
 * The sites of one controller: mostly sharp, one in twenty blurred.
 * @param emptyShare of the sites that show nothing, 0 to 1. @param onlySidePx of all frames; by default of several sizes.
 */
export async function soakScene(seed: number, emptyShare: number, onlySidePx?: number): Promise<Scene> {
  const random = new Random(seed);
  const sizes = onlySidePx === undefined ? SIZES : [{ sidePx: onlySidePx, upTo: 1 }];
  const pictures = await Promise.all(
    sizes.map(async ({ sidePx }) => {
      const sharp = { sidePx, pixels: await benchFrame(sidePx) };
      const nothing = Uint16Array.from(sharp.pixels, () => random.poisson(EMPTY_COUNTS));
      return { sharp, blurred: { sidePx, pixels: blurred(sharp) }, empty: { sidePx, pixels: nothing } };
    }),
  );
  return () => {
    const draw = random.uniform();
    const index = sizes.findIndex(({ upTo }) => draw < upTo);
    const { sharp, blurred: soft, empty } = pictures[index]!;
    if (random.uniform() < emptyShare) return { first: empty, refocused: empty };
    return { first: random.uniform() < BLURRED_SHARE ? soft : sharp, refocused: sharp };
  };
}

/** A mean over a square, row by row and then column by column. */
function blurred({ sidePx, pixels }: Picture): Uint16Array {
  const along = (from: ArrayLike<number>, step: number, line: number) =>
    Float32Array.from(from, (_, i) => {
      const at = Math.floor(i / step) % sidePx;
      const start = i - at * step;
      let sum = 0;
      for (let d = -BLUR_PX; d <= BLUR_PX; d++)
        sum += from[start + Math.min(line - 1, Math.max(0, at + d)) * step]!;
      return sum / (2 * BLUR_PX + 1);
    });
  return Uint16Array.from(along(along(pixels, 1, sidePx), sidePx, sidePx));
}
