import type { Frame } from "../frames/frame.js";

/** Percentage of the pixels that are at the frame's own highest count. CellProfiler's ImageQuality_PercentMaximal. */
export function percentMaximal({ pixels }: Frame): number {
  return percentAt(pixels, (count, extreme) => count > extreme);
}

/** Percentage of the pixels that are at the frame's own lowest count. CellProfiler's ImageQuality_PercentMinimal. */
export function percentMinimal({ pixels }: Frame): number {
  return percentAt(pixels, (count, extreme) => count < extreme);
}

function percentAt(pixels: Frame["pixels"], isBeyond: (count: number, extreme: number) => boolean): number {
  let extreme = pixels[0]!;
  let atExtreme = 0;
  for (const count of pixels) {
    if (isBeyond(count, extreme)) {
      extreme = count;
      atExtreme = 0;
    }
    if (count === extreme) atExtreme++;
  }
  return (100 * atExtreme) / pixels.length;
}
