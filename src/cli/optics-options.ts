import type { Options } from "yargs";
import { FrameReadError } from "../errors.js";
import {
  binningFor,
  fittingBinning,
  oversamplingOf,
  type Sampling,
  unknownObjectiveAt,
} from "../focus/binning.js";
import type { Frame } from "../frames/frame.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";
import type { FramePage } from "../frames/read-frames.js";
import { micrometresPerLevelRead } from "../optics/micrometres-per-level.js";
import { UsageError } from "./check-arguments.js";

/** Sides of a pixel in the sample that a light microscope may have, um: what lies outside was meant in another unit. */
const PIXEL_UM = { least: 0.005, most: 100 };
/** Pixels so many times as large as those that the model knows are most likely the camera's. */
const COARSE = 5;
/** Binned pixels that are so many times smaller than those that the model knows spread what is sharp over a level or more. */
const FINE = 1.5;

/** Options of commands that judge stored images, whose files may say little of the optics. */
export const opticsOptions = {
  na: {
    type: "number",
    describe:
      "Numerical aperture of the objective: with the pixel size, frames are judged at their own sampling; default: what the file says",
  },
  "pixel-um": { type: "number", describe: "Side of a pixel in the sample, um; default: what the file says" },
  "refractive-index": {
    type: "number",
    default: 1,
    describe: "Refractive index of the immersion medium, with --na",
  },
} as const satisfies Record<string, Options>;

export interface OpticsArguments {
  readonly na: number | undefined;
  readonly pixelUm: number | undefined;
  readonly refractiveIndex: number;
}

/** How a stored image is judged. */
export interface StoredSampling extends Sampling {
  /** What keeps its pixels, binned as they are, clearly smaller than those that the model knows. */
  readonly limit: "its size" | "the most" | undefined;
}

/** How a frame is to be judged under the stated optics, else those that its file tells; nothing where the pixel is not known. */
export function samplingOf(
  { na, pixelUm: stated, refractiveIndex }: OpticsArguments,
  frame: Frame,
  told: FrameMetadata,
): StoredSampling | undefined {
  const pixelUm = stated ?? told.pixelUm;
  if (pixelUm === undefined || !isPixelUm(pixelUm)) return undefined;
  const objective = na === undefined ? told.objective : { numericalAperture: na, refractiveIndex };
  const optics = objective && { ...objective, pixelUm };
  const assumed = optics ?? unknownObjectiveAt(pixelUm);
  const wanted = binningFor(assumed);
  const binning = fittingBinning(frame, wanted);
  const umPerLevel = optics && micrometresPerLevelRead({ ...optics, pixelUm: binning * pixelUm });
  const reason = binning < wanted ? "its size" : "the most";
  return { binning, umPerLevel, limit: oversamplingOf(assumed) >= FINE * binning ? reason : undefined };
}

/**
 * The same for commands that are told of the optics alone: with an aperture, the size of a pixel has to be known.
 * @throws FrameReadError where it is not, or cannot be.
 */
export function samplingAt(
  path: string,
  optics: OpticsArguments,
  { frame, metadata }: FramePage,
): StoredSampling | undefined {
  const sampling = samplingOf(optics, frame, metadata);
  if (sampling !== undefined || optics.na === undefined) return sampling;
  throw new FrameReadError(path, `the file ${unknownPixel(metadata)}: give --pixel-um`);
}

/** What a file says of its pixels that is of no use. */
export function unknownPixel({ pixelUm }: FrameMetadata): string {
  return pixelUm === undefined
    ? "does not say how large a pixel is in the sample"
    : `says that a pixel is ${pixelUm} um large, which cannot be`;
}

/** What speaks against optics that can be, but hardly are, or say nothing. */
export function opticsDoubt({ na, pixelUm }: OpticsArguments): string | undefined {
  if (na === undefined || pixelUm === undefined) return undefined;
  if (oversamplingOf({ numericalAperture: na, pixelUm }) * COARSE >= 1) return undefined;
  return `Pixels of ${pixelUm} um are far too coarse for NA ${na}. --pixel-um is their side in the sample: that of the camera, divided by the magnification`;
}

/**
 * True where stated optics make sense, as yargs' `check` wants it.
 * @throws UsageError
 */
export function checkOptics(optics: OpticsArguments): true {
  const problem = opticsProblem(optics);
  if (problem !== undefined) throw new UsageError(`--${problem.option} ${problem.rule}`);
  return true;
}

/** What optics cannot be, by the option that says it. */
export function opticsProblem({
  na,
  pixelUm,
  refractiveIndex,
}: OpticsArguments): { readonly option: keyof typeof opticsOptions; readonly rule: string } | undefined {
  if (!(refractiveIndex >= 1 && refractiveIndex <= 2)) {
    return { option: "refractive-index", rule: `must be 1 to 2, got ${refractiveIndex}` };
  }
  if (na !== undefined && !(na > 0 && na <= refractiveIndex)) {
    const rule = `must be above 0 and at most the refractive index (${refractiveIndex}), got ${na}`;
    return { option: "na", rule };
  }
  if (pixelUm !== undefined && !isPixelUm(pixelUm)) {
    const { least, most } = PIXEL_UM;
    const rule = `must be the side of a pixel in the sample in um, ${least} to ${most}, got ${pixelUm}`;
    return { option: "pixel-um", rule };
  }
  return undefined;
}

function isPixelUm(pixelUm: number): boolean {
  return pixelUm >= PIXEL_UM.least && pixelUm <= PIXEL_UM.most;
}
