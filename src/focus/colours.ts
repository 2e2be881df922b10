import { LEVELS } from "./levels.js";

/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Hue of a level, degrees: red at 0 through green to violet at 10, never back to red. */
const HIGHEST_HUE = 280;

/** Colour of a level at a brightness of 0 to 1; hue tells the level, brightness the certainty. */
export function levelColour(level: number, brightness: number): Rgb {
  const hue = (HIGHEST_HUE * level) / (LEVELS - 1) / 60;
  const channel = (offset: number) => {
    const k = (offset + hue) % 6;
    return Math.round(255 * brightness * (1 - Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
