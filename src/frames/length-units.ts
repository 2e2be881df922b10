import { finite } from "./numbers.js";

/** Micrometres in one unit of length, as OME-XML, OME-Zarr, ImageJ and Harmony name them. */
const UNITS_UM: ReadonlyMap<string, number> = new Map([
  ...["µm", "μm", "um", "micrometer", "micrometre", "micron", "microns", "\\u00b5m"].map(
    (name) => [name, 1] as const,
  ),
  ...["nm", "nanometer", "nanometre"].map((name) => [name, 1e-3] as const),
  ...["mm", "millimeter", "millimetre"].map((name) => [name, 1e3] as const),
  ...["cm", "centimeter", "centimetre"].map((name) => [name, 1e4] as const),
  ...["m", "meter", "metre"].map((name) => [name, 1e6] as const),
  ...["Å", "Å", "angstrom"].map((name) => [name.toLowerCase(), 1e-4] as const),
]);

/** A length as text writes it, um; undefined where it is no number or its unit none of length. */
export function lengthUm(text: string | undefined, unit: string | undefined): number | undefined {
  const [value, um] = [finite(text), unitUm(unit)];
  return value === undefined || um === undefined ? undefined : value * um;
}

/** Micrometres in a unit of length; undefined for what is none, such as "pixel". */
export function unitUm(unit: string | undefined): number | undefined {
  return UNITS_UM.get((unit ?? "").trim().toLowerCase());
}
