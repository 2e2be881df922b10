import type { Frame } from "../frames/frame.js";
import { meanIntensity, varianceOf } from "./intensity.js";

/**
 * Normalised variance: sum (x - mean)^2 / (N mean), x from 0 to 1; 0 for a black frame (Groen et al. 1985).
 * CellProfiler's ImageQuality_FocusScore.
 */
export function focusScore(frame: Frame): number {
  const mean = meanIntensity(frame);
  return mean > 0 ? varianceOf(frame) / mean : 0;
}
