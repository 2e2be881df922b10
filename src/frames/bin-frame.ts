import type { Frame } from "./frame.js";

/**
 * The frame with `binning` x `binning` pixels summed into one, as a camera bins; pixels beyond the last whole one are left
 * out. Where a sum would not fit 16 bits, all are divided alike.
 */
export function binFrame(frame: Frame, binning: number): Frame {
  if (binning === 1) return frame;
  const [width, height] = [Math.floor(frame.width / binning), Math.floor(frame.height / binning)];
  const sums = new Uint32Array(width * height);
  for (let y = 0; y < height * binning; y++) {
    const [source, target] = [y * frame.width, Math.floor(y / binning) * width];
    for (let x = 0; x < width * binning; x++) {
      sums[target + Math.floor(x / binning)]! += frame.pixels[source + x]!;
    }
  }
  const highest = sums.reduce((most, sum) => Math.max(most, sum), 0);
  const divisor = highest > 65535 ? binning * binning : 1;
  return { width, height, pixels: Uint16Array.from(sums, (sum) => sum / divisor) };
}
