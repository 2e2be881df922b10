import { LEVELS } from "../focus/levels.js";
import type { Convolver, TransferFunction } from "../optics/convolution.js";
import { defocusKernel, KERNEL_PX } from "../optics/defocus-kernel.js";
import { highNaPointSpread } from "../optics/high-na-point-spread.js";
import { micrometresPerLevel } from "../optics/micrometres-per-level.js";
import { LEVEL_UM, REFERENCE_OPTICS } from "../optics/point-spread-function.js";
import type { Random } from "../optics/random.js";
import type { Recipe } from "./recipe.js";

/** A defocus that training patches are made with. */
export interface Blur {
  /** 0 to 10, any number between. */
  readonly level: number;
  readonly transfer: TransferFunction;
}

/** Its transfer function is made when it is first asked for: a short run meets few of the blurs. */
function blurOf(level: number, makeTransfer: () => TransferFunction): Blur {
  let transfer: TransferFunction | undefined;
  return {
    level,
    get transfer() {
      transfer ??= makeTransfer();
      return transfer;
    },
  };
}

const OBJECTIVES = [
  { numericalAperture: 0.3, refractiveIndex: 1 },
  { numericalAperture: 0.5, refractiveIndex: 1 },
  { numericalAperture: 0.75, refractiveIndex: 1 },
  { numericalAperture: 0.95, refractiveIndex: 1 },
  { numericalAperture: 1.4, refractiveIndex: 1.515 },
];
const WAVELENGTHS_NM = [450, 700] as const;
/** The whole levels under the optics that define them, by level. */
export function wholeLevelBlurs(convolver: Convolver): Blur[] {
  return Array.from({ length: LEVELS }, (_, level) =>
    blurOf(level, () => convolver.transferFunction(defocusKernel(level * LEVEL_UM))),
  );
}

/**
 * Blurs of any level, the low ones more often, each by an objective of its own: aperture, immersion, wavelength and
 * spherical aberration. The pixel fits the aperture more or less, as frames do that come from a camera or were binned.
 */
export function otherBlurs(convolver: Convolver, recipe: Recipe, random: Random): Blur[] {
  return Array.from({ length: recipe.otherBlurs }, () => {
    const level = (LEVELS - 1) * random.uniform() ** 1.5;
    const objective = OBJECTIVES[random.below(OBJECTIVES.length)]!;
    const sampling = REFERENCE_OPTICS.numericalAperture * REFERENCE_OPTICS.pixelUm;
    const pixelUm = (sampling / objective.numericalAperture) * random.logBetween(...recipe.pixels);
    const optics = { ...objective, pixelUm, wavelengthNm: random.between(...WAVELENGTHS_NM) };
    const waves = random.between(...recipe.sphericalWaves);
    const zUm = level * micrometresPerLevel(optics);
    return blurOf(level, () =>
      convolver.transferFunction(
        defocusKernel(zUm, optics, KERNEL_PX, (r, z, o) => highNaPointSpread(r, z, o, waves)),
      ),
    );
  });
}
