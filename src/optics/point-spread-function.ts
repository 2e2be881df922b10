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

/** Intensity at a distance from the axis and from focus, um, under given optics. */
export type PointSpread = (rUm: number, zUm: number, optics: Optics) => number;

// Enough for the fastest phase met: k NA r about 150 rad at the corner of the kernel, k z NA^2 / 2 about 31 rad.
const NODES = gaussLegendre(160);

/**
 * Intensity of the scalar Debye point spread function at distance `rUm` from the axis and `zUm` from focus:
 * h = | integral_0^1 J0(k NA/n r rho) exp(-i/2 k rho^2 z (NA/n)^2) rho drho |^2, k = 2 pi / wavelength.
 * Not normalised: h(0, 0) = 0.25. Symmetric in z, so no image tells the sign of its defocus. Paraxial: the whole pupil
 * (`highNaPointSpread`), by which levels are defined, blurs as much at 0.92 of the defocus.
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
