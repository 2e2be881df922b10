import type { Frame } from "../src/frames/frame.js";
import { toFloat } from "../src/optics/defocus.js";

/** The light of a field, and how bright its background and its brightest structure are, counts, 1 at least. */
export function fieldLight(frame: Frame): { light: Float32Array; background: number; peak: number } {
  const light = toFloat(frame);
  const sorted = Float32Array.from(light).sort();
  const at = (share: number) => Math.max(1, sorted[Math.floor(share * sorted.length)]!);
  return { light, background: at(0.1), peak: at(0.995) };
}

/** A frame that is one image on its left half and another on its right. */
export function halvesOf(left: Float32Array, right: Float32Array, width: number): Float32Array {
  return Float32Array.from(left, (value, i) => (i % width < width / 2 ? value : right[i]!));
}
