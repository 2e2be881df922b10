import { positive } from "./numbers.js";

/** An objective as metadata tell of it. */
export interface Objective {
  readonly numericalAperture: number;
  /** Of its immersion. */
  readonly refractiveIndex: number;
}

/** What OME calls immersions. */
const INDICES: Readonly<Record<string, number>> = {
  air: 1,
  water: 1.33,
  waterdipping: 1.33,
  glycerol: 1.47,
  oil: 1.515,
};
/** No objective has a wider aperture. */
const WIDEST = 1.7;
/** Where nothing is said of the immersion: no dry objective comes to the first, hardly one in water over the second. */
const [WET, OILED] = [1, 1.25];

/** Characters of a label that are looked at. */
const LONGEST_LABEL = 200;

/**
 * The objective, if what is said of it can be; else undefined.
 * @param immersion its name, as OME has it.
 */
export function objectiveOf(
  na: number | undefined,
  {
    refractiveIndex,
    immersion = "",
  }: { refractiveIndex?: number | undefined; immersion?: string | undefined },
): Objective | undefined {
  const numericalAperture = positive(na);
  if (numericalAperture === undefined || numericalAperture > WIDEST) return undefined;
  const told = [refractiveIndex, INDICES[immersion.toLowerCase()]];
  const usual = numericalAperture < WET ? 1 : numericalAperture <= OILED ? 1.33 : 1.515;
  const canBe = (index: number | undefined) =>
    index !== undefined && index >= Math.max(1, numericalAperture) && index <= 2;
  return { numericalAperture, refractiveIndex: [...told, usual].find(canBe) ?? WIDEST };
}

/** The same of a label such as "Plan Apo 60x/1.4 Oil", if it names an aperture behind a magnification. */
export function objectiveOfLabel(label: string): Objective | undefined {
  const na = /\d\s*x\s*\/?\s*(?:NA\s*=?\s*)?([01]\.\d{1,3})(?!\d)/i.exec(label.slice(0, LONGEST_LABEL))?.[1];
  const immersion = /oil|water|glycerol/i.exec(label)?.[0];
  return na === undefined ? undefined : objectiveOf(Number(na), { immersion });
}
