/**
 * A frame is judged at the sampling that the model was trained for. Small pixels behind a given aperture spread a sharp
 * edge over several of them, which looks like defocus; binned as a camera bins, it is sharp again, and less noisy.
 * @module
 */
import { type Frame, PATCH_PX } from "../frames/frame.js";
import { type Optics, REFERENCE_OPTICS } from "../optics/point-spread-function.js";

const MAX_BINNING = 4;
/** Stated optics may be wrong by a factor of two; judged coarser than this, frames would no longer tell a level from none. */
const DOUBT = 1.6;

/** How a frame is judged under its optics. */
export interface Sampling {
  /** Pixels a side that are judged as one. */
  readonly binning: number;
  /** Undefined where the aperture is not known. */
  readonly umPerLevel: number | undefined;
}

type Stated = Pick<Optics, "numericalAperture" | "pixelUm">;

/** Hardly an objective has a wider aperture. */
const WIDE_APERTURE = 1.3;

/** What an objective that is not known is taken for: pixels that oversample even this one oversample any other. */
export function unknownObjectiveAt(pixelUm: number): Stated {
  return { numericalAperture: WIDE_APERTURE, pixelUm };
}

/** How many pixels a side are judged as one, 1 to 4: what brings NA times pixel nearest to the reference optics. */
export function binningFor(optics: Stated): number {
  return limited(Math.round(oversamplingOf(optics)));
}

/**
 * The same for optics that a microscope reports and nobody has checked: less, so that a pixel size stated half as large does
 * no harm. A search learns what is left of the oversampling as it learns how sharp the content gets.
 */
export function cautiousBinningFor(optics: Stated): number {
  return limited(Math.floor(oversamplingOf(optics) / DOUBT));
}

/** How many of its pixels a side a frame would have to be judged as one, to be sampled as by the reference optics; any number. */
export function oversamplingOf({ numericalAperture, pixelUm }: Stated): number {
  return (REFERENCE_OPTICS.numericalAperture * REFERENCE_OPTICS.pixelUm) / (numericalAperture * pixelUm);
}

function limited(binning: number): number {
  return Math.min(MAX_BINNING, Math.max(1, binning));
}

/** The binning that a frame has room for: it still holds a patch. */
export function fittingBinning({ width, height }: Pick<Frame, "width" | "height">, wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor(Math.min(width, height) / PATCH_PX)));
}
