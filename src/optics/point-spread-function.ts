import bessel from "bessel";
import { gaussLegendre } from "./gauss-legendre.js";

/** What the point spread function depends on. Lengths in micrometres unless the name says otherwise. */
export interface Optics {
  /** Numerical aperture of the objective. */
  readonly numericalAperture: number;
  /** Wavelength of the light in vacuum, nm. */
  readonly wavelengthNm: number;
  /** Refractive index of the immersion medium. */
  readonly refractiveIndex: number;
  /** Side of a camera pixel in the sample, um. */
  readonly pixelUm: number;
}

/** The optics that define the levels (defaults of `degrade.py` of the original). */
export const REFERENCE_OPTICS: Optics = {
  numericalAperture: 0.5,
  wavelengthNm: 500,
  refractiveIndex: 1,
  pixelUm: 0.65,
};

/** Defocus of one level at the reference optics, um. */
export const LEVEL_UM = 2;

/** Side of the kernel, px; holds all but 0.07 % of the energy at level 10. */
export const KERNEL_PX = 51;

/** Intensity at a distance from the axis and from focus, um, under given optics. */
export type PointSpread = (rUm: number, zUm: number, optics: Optics) => number;

// Enough for the fastest phase met: k NA r about 150 rad at the corner of the kernel, k z NA^2 / 2 about 31 rad.
const NODES = gaussLegendre(160);

/**
 * Intensity of the scalar Debye point spread function at distance `rUm` from the axis and `zUm` from focus:
 * h = | integral_0^1 J0(k NA/n r rho) exp(-i/2 k rho^2 z (NA/n)^2) rho drho |^2, k = 2 pi / wavelength.
 * Not normalised: h(0, 0) = 0.25. Symmetric in z, so no image tells the sign of its defocus.
 * Source: Yang et al. 2018, Methods; `get_airy_psf` in `degrade.py` of the original.
 */
export function pointSpread(rUm: number, zUm: number, optics: Optics = REFERENCE_OPTICS): number {
  const wavenumber = (2 * Math.PI) / (optics.wavelengthNm / 1000);
  const sine = optics.numericalAperture / optics.refractiveIndex;
  const lateral = wavenumber * sine * rUm;
  const axial = 0.5 * wavenumber * zUm * sine * sine;
  let real = 0;
  let imaginary = 0;
  for (let i = 0; i < NODES.points.length; i++) {
    const rho = 0.5 * (NODES.points[i]! + 1);
    const amplitude = 0.5 * NODES.weights[i]! * bessel.besselj(lateral * rho, 0) * rho;
    const phase = axial * rho * rho;
    real += amplitude * Math.cos(phase);
    imaginary -= amplitude * Math.sin(phase);
  }
  return real * real + imaginary * imaginary;
}

/**
 * The kernel of a defocus of `zUm`: `sidePx` x `sidePx` samples at pixel centres, row order, sum 1.
 * @param sidePx odd.
 */
export function defocusKernel(
  zUm: number,
  optics: Optics = REFERENCE_OPTICS,
  sidePx = KERNEL_PX,
  spread: PointSpread = pointSpread,
): Float64Array {
  const kernel = sampledPointSpread(zUm, optics, sidePx, spread);
  const total = kernel.reduce((sum, value) => sum + value, 0);
  return kernel.map((value) => value / total);
}

/** The point spread function at the pixel centres of a square of `sidePx` (odd), row order, not normalised. */
export function sampledPointSpread(
  zUm: number,
  optics: Optics,
  sidePx: number,
  spread: PointSpread = pointSpread,
): Float64Array {
  if (!Number.isInteger(sidePx) || sidePx < 1 || sidePx % 2 === 0) {
    throw new RangeError(`a kernel side must be odd, got ${sidePx}`);
  }
  const half = (sidePx - 1) / 2;
  const bySquaredRadius = new Map<number, number>();
  const kernel = new Float64Array(sidePx * sidePx);
  for (let y = -half; y <= half; y++) {
    for (let x = -half; x <= half; x++) {
      const squared = x * x + y * y;
      let value = bySquaredRadius.get(squared);
      if (value === undefined) {
        value = spread(Math.sqrt(squared) * optics.pixelUm, zUm, optics);
        bySquaredRadius.set(squared, value);
      }
      kernel[(y + half) * sidePx + x + half] = value;
    }
  }
  return kernel;
}

/**
 * Micrometres of defocus that one level stands for under other optics: equal blurs in pixels are equal levels. The blur of
 * a defocus z is a disc of diameter about 2 z NA / (n pixel); light from the rim of a wide aperture spreads it faster, by
 * `rimFactor` (measured: see docs/scoring.md).
 */
export function micrometresPerLevel(optics: Omit<Optics, "wavelengthNm">): number {
  const rim = Math.min(1, (rimFactor(optics) / rimFactor(REFERENCE_OPTICS)) ** MEAN_RIM_POWER);
  return rim * paraxialMicrometresPerLevel(optics);
}

/** The same as the paper's formula has it, which holds for small apertures. */
export function paraxialMicrometresPerLevel(optics: Omit<Optics, "wavelengthNm">): number {
  const discPerUm = (o: Omit<Optics, "wavelengthNm">) =>
    o.numericalAperture / (o.refractiveIndex * o.pixelUm);
  return (LEVEL_UM * discPerUm(REFERENCE_OPTICS)) / discPerUm(optics);
}

/** The power of the rim's factor that fits best over levels 1 to 8 and apertures of 0.3 to 1.4. */
const MEAN_RIM_POWER = 1.35;

/**
 * Defocus that blurs as much as that of the paper's formula, relative to it: the formula takes the phase at the rim of the
 * aperture for k z NA^2 / (2 n), which really is k n z (1 - cos a), sin a = NA / n. 1 for a small aperture, less for others.
 */
export function rimFactor({
  numericalAperture,
  refractiveIndex,
}: Pick<Optics, "numericalAperture" | "refractiveIndex">): number {
  return (1 + Math.sqrt(Math.max(0, 1 - (numericalAperture / refractiveIndex) ** 2))) / 2;
}
