import { type Frame, PATCH_PX } from "../frames/frame.js";
import { RadialPowerSpectrum } from "./radial-power-spectrum.js";

/**
 * Slope of ln(power) over ln(spatial frequency), by least squares (Field 1987; Bray et al. 2012); power is summed over rings of
 * the spectrum, the lowest and highest frequencies left out (`RadialPowerSpectrum`). It falls as small structure is lost; 0 for
 * a flat frame, and for one that is too small for two rings (32 px). Gain and offset do not matter.
 * CellProfiler's ImageQuality_PowerLogLogSlope.
 */
export function powerLogLogSlope({ pixels, width, height }: Frame): number {
  return slopeOf(new RadialPowerSpectrum(width, height), pixels);
}

/**
 * Mean of the slopes of the patches of 84 x 84 px, whole ones from the upper left corner on; flat ones are left out, and a frame
 * that has no others gets 0.
 */
export function patchPowerLogLogSlope({ pixels, width, height }: Frame): number {
  const spectrum = new RadialPowerSpectrum(PATCH_PX, PATCH_PX);
  const patch = pixels.slice(0, PATCH_PX * PATCH_PX);
  let [sum, count] = [0, 0];
  for (let top = 0; top + PATCH_PX <= height; top += PATCH_PX) {
    for (let left = 0; left + PATCH_PX <= width; left += PATCH_PX) {
      for (let y = 0; y < PATCH_PX; y++) {
        const start = (top + y) * width + left;
        patch.set(pixels.subarray(start, start + PATCH_PX), y * PATCH_PX);
      }
      if (isFlat(patch)) continue;
      sum += slopeOf(spectrum, patch);
      count++;
    }
  }
  return count > 0 ? sum / count : 0;
}

function slopeOf(spectrum: RadialPowerSpectrum, pixels: Frame["pixels"]): number {
  if (isFlat(pixels)) return 0;
  const powers = spectrum.of(pixels);
  const points = spectrum.radii.flatMap((radius, ring) =>
    powers[ring]! > 0 ? [{ x: Math.log(radius), y: Math.log(powers[ring]!) }] : [],
  );
  if (points.length < 2) return 0;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  let [covariance, variance] = [0, 0];
  for (const { x, y } of points) {
    covariance += (x - meanX) * y;
    variance += (x - meanX) ** 2;
  }
  return covariance / variance;
}

function isFlat(pixels: Frame["pixels"]): boolean {
  return pixels.every((count) => count === pixels[0]);
}
