import { LEVEL_UM, type Optics, REFERENCE_OPTICS } from "./point-spread-function.js";

/**
 * Micrometres of defocus that one level stands for under other optics: equal blurs in pixels are equal levels. The blur of
 * a defocus z is a disc of diameter about 2 z NA / (n pixel); light from the rim of a wide aperture spreads it faster, by
 * `rimFactor` (measured: see docs/scoring.md).
 */
export function micrometresPerLevel(optics: Omit<Optics, "wavelengthNm">): number {
  return rimFactor(optics) ** MEAN_RIM_POWER * paraxialMicrometresPerLevel(optics);
}

/**
 * Micrometres of defocus that one level stands for where a model has read it. A wide aperture leaves more of the fine detail, which models look at,
 * than its transfer function tells of the whole: they read up to a tenth less than the blur (measured: see docs/scoring.md).
 */
export function micrometresPerLevelRead(optics: Omit<Optics, "wavelengthNm">): number {
  return rimFactor(optics) ** READ_RIM_POWER * paraxialMicrometresPerLevel(optics);
}

/** The same as the paper's formula has it, which holds for small apertures. */
export function paraxialMicrometresPerLevel(optics: Omit<Optics, "wavelengthNm">): number {
  const discPerUm = (o: Omit<Optics, "wavelengthNm">) =>
    o.numericalAperture / (o.refractiveIndex * o.pixelUm);
  return (LEVEL_UM * discPerUm(REFERENCE_OPTICS)) / discPerUm(optics);
}

/** The power of the rim's factor that fits best over levels 2 to 8 and apertures of 0.1 to 1.4. */
const MEAN_RIM_POWER = 1.35;
/** The power by which what the shipped model reads of training fields at NA 0.3 to 1.4 comes nearest to the truth (`scripts/measure-optics.ts`). */
const READ_RIM_POWER = 1.1;

/**
 * Defocus that blurs as much as that of the paper's formula, relative to it, over the same at the reference optics: the formula takes the phase at
 * the rim of the aperture for k z NA^2 / (2 n), which really is k n z (1 - cos a), sin a = NA / n. 1.07 for a small aperture, less for others.
 */
function rimFactor(optics: ConeOfLight): number {
  return ofPaper(optics) / ofPaper(REFERENCE_OPTICS);
}

type ConeOfLight = Pick<Optics, "numericalAperture" | "refractiveIndex">;

function ofPaper({ numericalAperture, refractiveIndex }: ConeOfLight): number {
  return (1 + Math.sqrt(Math.max(0, 1 - (numericalAperture / refractiveIndex) ** 2))) / 2;
}
