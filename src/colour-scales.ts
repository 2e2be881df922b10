/** A scale of colours from calm to striking. */
export type ColourScale = (fraction: number) => string;

/** Points of the cividis map (Nuñez et al. 2018), made to read the same with colour-blind eyes. */
const CIVIDIS = [
  [0, 32, 77],
  [0, 49, 106],
  [60, 77, 110],
  [89, 103, 113],
  [124, 123, 120],
  [161, 147, 118],
  [198, 172, 103],
  [231, 199, 80],
  [255, 234, 70],
] as const;

/** Hue of the highest level of the Fiji plug-in's spectrum, degrees; red at 0, never back to red. */
const HIGHEST_HUE = 280;

export const COLOUR_SCALES: Readonly<Record<"cividis" | "spectrum", ColourScale>> = {
  cividis: (fraction) => {
    // The darkest tenth is left out: it looks black on a screen.
    const at = (0.1 + 0.9 * clamp(fraction)) * (CIVIDIS.length - 1);
    const [low, high] = [Math.floor(at), Math.ceil(at)];
    const mixed = CIVIDIS[low]!.map((value, i) =>
      Math.round(value + (CIVIDIS[high]![i]! - value) * (at - low)),
    );
    return `rgb(${mixed.join(" ")})`;
  },
  spectrum: (fraction) => `hsl(${Math.round(HIGHEST_HUE * clamp(fraction))} 90% 48%)`,
};

export type ScaleName = keyof typeof COLOUR_SCALES;

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
