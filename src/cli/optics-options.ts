import type { Options } from "yargs";
import { binningFor, fittingBinning } from "../focus/binning.js";
import type { Frame } from "../frames/frame.js";
import { micrometresPerLevel } from "../optics/point-spread-function.js";
import { UsageError } from "./check-arguments.js";

/** Options of commands that judge stored images, whose files say little of the optics. */
export const opticsOptions = {
  na: {
    type: "number",
    describe:
      "Numerical aperture of the objective: with the pixel size, frames are judged at their own sampling",
  },
  "pixel-um": { type: "number", describe: "Side of a pixel in the sample, um; default: what the file says" },
  "refractive-index": { type: "number", default: 1, describe: "Refractive index of the immersion medium" },
} as const satisfies Record<string, Options>;

export interface OpticsArguments {
  readonly na: number | undefined;
  readonly pixelUm: number | undefined;
  readonly refractiveIndex: number;
}

/** How a frame is to be judged under the stated optics; nothing where they are not known. */
export function samplingOf(
  { na, pixelUm: stated, refractiveIndex }: OpticsArguments,
  frame: Frame,
  pixelUmOfFile: number | undefined,
): { readonly binning: number; readonly umPerLevel: number } | undefined {
  const pixelUm = stated ?? pixelUmOfFile;
  if (na === undefined || pixelUm === undefined) return undefined;
  const binning = fittingBinning(frame, binningFor({ numericalAperture: na, pixelUm }));
  const optics = { numericalAperture: na, refractiveIndex, pixelUm: binning * pixelUm };
  return { binning, umPerLevel: micrometresPerLevel(optics) };
}

/**
 * True where stated optics make sense, as yargs' `check` wants it.
 * @throws UsageError
 */
export function checkOptics({ na, pixelUm, refractiveIndex }: OpticsArguments): true {
  if (!(refractiveIndex >= 1 && refractiveIndex <= 2)) {
    throw new UsageError(`--refractive-index must be 1 to 2, got ${refractiveIndex}`);
  }
  if (na !== undefined && !(na > 0 && na <= refractiveIndex)) {
    throw new UsageError(
      `--na must be above 0 and at most the refractive index (${refractiveIndex}), got ${na}`,
    );
  }
  if (pixelUm !== undefined && !(pixelUm > 0 && Number.isFinite(pixelUm))) {
    throw new UsageError(`--pixel-um must be above 0, got ${pixelUm}`);
  }
  return true;
}
