import { LEVELS } from "../focus/levels.js";
import type { Frame } from "../frames/frame.js";
import { Defocus, toFloat } from "../optics/defocus.js";
import { LEVEL_UM } from "../optics/point-spread-function.js";
import type { Random } from "../optics/random.js";
import { expose, IDEAL_SENSOR } from "../optics/sensor.js";

/** Factors on all counts, and counts added (Fig. 4 of the paper). */
export const GAINS = [0.2, 0.5, 1, 2, 5] as const;
export const OFFSETS = [1, 10, 100, 1000] as const;
/** Photoelectrons of the brightest pixel in frames with little light. */
export const LITTLE_LIGHT = [1000, 100] as const;

/** How a synthetic frame was exposed. */
export interface Exposure {
  /** Photoelectrons of its brightest pixel; `Infinity` for no photon noise. */
  readonly peakElectrons: number;
  readonly gain: number;
  readonly offsetCounts: number;
}

/** A frame in focus, at each of the 11 levels under the optics that define them; noise-free counts. */
export function defocusedToAllLevels(frame: Frame): Float32Array[] {
  const zs = Array.from({ length: LEVELS }, (_, level) => level * LEVEL_UM);
  return new Defocus(frame.width, frame.height).applyMany(toFloat(frame), zs);
}

/** What a camera makes of noise-free light. */
export function exposedFrame(
  light: Float32Array,
  { width, height }: Pick<Frame, "width" | "height">,
  { peakElectrons, gain, offsetCounts }: Exposure,
  random: Random,
): Frame {
  const peak = light.reduce((highest, value) => Math.max(highest, value), 1);
  const sensor = { ...IDEAL_SENSOR, electronsPerCount: peakElectrons / peak, gain, offsetCounts };
  return { width, height, pixels: expose(light, sensor, random) };
}
