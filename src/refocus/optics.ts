/** What decides how fast a frame blurs with defocus. */
export interface FocusOptics {
  /** Numerical aperture of the objective. */
  readonly na: number;
  /** Refractive index of the immersion medium, n. */
  readonly refractiveIndex: number;
  /** Side of a pixel in the sample, um. */
  readonly pixelUm: number;
}

/** The optics that define the levels: level k is the blur of k x 2 um of defocus here (Yang et al. 2018). */
export const REFERENCE_OPTICS: FocusOptics = { na: 0.5, refractiveIndex: 1, pixelUm: 0.65 };

/** Defocus per level of the reference optics, um. */
const REFERENCE_UM_PER_LEVEL = 2;

/**
 * Defocus that blurs a frame by one level with these optics, um.
 *
 * The geometric blur diameter of a defocus z is 2 z NA / (n pixelUm) pixels. Equal blur is equal level, so
 * umPerLevel = 2 um x (0.5 / NA) x n x (pixelUm / 0.65 um).
 */
export function umPerLevelOf(optics: FocusOptics): number {
  return (
    REFERENCE_UM_PER_LEVEL *
    (REFERENCE_OPTICS.na / optics.na) *
    (optics.refractiveIndex / REFERENCE_OPTICS.refractiveIndex) *
    (optics.pixelUm / REFERENCE_OPTICS.pixelUm)
  );
}
