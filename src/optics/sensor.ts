import type { Random } from "./random.js";

/** What a camera does to light. All counts are camera counts (ADU). */
export interface Sensor {
  /** Photoelectrons per count of the noise-free image; `Infinity` for no photon noise. */
  readonly electronsPerCount: number;
  /** Standard deviation of the read noise, counts after gain. */
  readonly readNoiseCounts: number;
  /** Factor on the signal, as a longer exposure or more light would. */
  readonly exposure: number;
  /** Counts out per count in, after the photon noise. */
  readonly gain: number;
  /** Constant added after the gain, counts. */
  readonly offsetCounts: number;
  /** Highest count the camera can give, 65535 for 16 bits. */
  readonly maxCount: number;
}

export const IDEAL_SENSOR: Sensor = {
  electronsPerCount: Infinity,
  readNoiseCounts: 0,
  exposure: 1,
  gain: 1,
  offsetCounts: 0,
  maxCount: 65535,
};

/**
 * The counts a camera reads from a noise-free image: exposure, Poisson photon noise, gain, offset, Gaussian read
 * noise, rounding, clipping (order of the original's `degrade.py`, to which gain and read noise are added).
 */
export function expose(image: Float32Array, sensor: Sensor, random: Random): Uint16Array {
  const { electronsPerCount, exposure, gain, offsetCounts, readNoiseCounts, maxCount } = sensor;
  const counts = new Uint16Array(image.length);
  const photonNoise = Number.isFinite(electronsPerCount);
  for (let i = 0; i < image.length; i++) {
    let value = Math.max(0, image[i]! * exposure);
    if (photonNoise) value = random.poisson(value * electronsPerCount) / electronsPerCount;
    value = value * gain + offsetCounts;
    if (readNoiseCounts > 0) value += random.normal() * readNoiseCounts;
    counts[i] = Math.min(maxCount, Math.max(0, Math.round(value)));
  }
  return counts;
}
