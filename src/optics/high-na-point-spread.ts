import bessel from "bessel";
import { gaussLegendre } from "./gauss-legendre.js";
import type { Optics } from "./point-spread-function.js";

// Enough for the fastest phase met: k n z (1 - cos) about 80 rad, k NA r about 200 rad.
const NODES = gaussLegendre(160);

/**
 * Intensity of the point spread function of an aplanatic objective without the paraxial approximation, `rUm` from the
 * axis and `zUm` from focus: h = | integral_0^1 J0(k NA r rho) exp(i k n z (cos t - 1) + 2 pi i W(rho)) cos(t)^(-1/2)
 * rho drho |^2, k = 2 pi / wavelength, sin t = NA rho / n. Not normalised. Immersion counts: k is that of vacuum.
 * Source: scalar Debye integral (Gu, Advanced Optical Imaging Theory, ch. 6); golden numbers from `psf-generator`.
 * @param sphericalWaves spherical aberration W = A (6 rho^4 - 6 rho^2 + 1) (Zernike, balanced: the plane of best focus
 *   stays), A in waves; its root mean square is A / sqrt(5).
 */
export function highNaPointSpread(rUm: number, zUm: number, optics: Optics, sphericalWaves = 0): number {
  const { numericalAperture, refractiveIndex, wavelengthNm } = optics;
  const wavenumber = (2 * Math.PI) / (wavelengthNm / 1000);
  let [real, imaginary] = [0, 0];
  for (let i = 0; i < NODES.points.length; i++) {
    const rho = 0.5 * (NODES.points[i]! + 1);
    const sine = (numericalAperture * rho) / refractiveIndex;
    const cosine = Math.sqrt(1 - sine * sine);
    const amplitude =
      (0.5 * NODES.weights[i]! * rho * bessel.besselj(wavenumber * numericalAperture * rUm * rho, 0)) /
      Math.sqrt(cosine);
    const square = rho * rho;
    const phase =
      wavenumber * refractiveIndex * zUm * (cosine - 1) +
      2 * Math.PI * sphericalWaves * (6 * square * square - 6 * square + 1);
    real += amplitude * Math.cos(phase);
    imaginary += amplitude * Math.sin(phase);
  }
  return real * real + imaginary * imaginary;
}
