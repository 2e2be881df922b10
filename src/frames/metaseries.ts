/**
 * What MetaXpress and MetaMorph describe a page with: XML with properties of the plane (as tifffile's `metaseries_description_metadata`
 * and faim-ipa read it).
 * @module
 */
import { type FrameMetadata, withoutUndefined } from "./micro-manager-metadata.js";
import { objectiveOf } from "./objective.js";
import { attributesOf, tagsOf } from "./xml.js";

/** Whether a description is such XML. */
export function isMetaSeries(description: string): boolean {
  return /^\s*<MetaData>/.test(description);
}

/** Pixel size, objective, place of the stage, exposure and name of the illumination; what is missing or damaged is left out. */
export function parseMetaSeries(description: string): FrameMetadata {
  const said = new Map<string, string>();
  for (const { name, inside, isEnd } of tagsOf(description)) {
    if (isEnd || (name !== "prop" && name !== "custom-prop")) continue;
    const { id, value } = attributesOf(inside);
    if (id !== undefined && value !== undefined) said.set(id, value);
  }
  const number = (id: string) => {
    const value = Number.parseFloat(said.get(id) ?? "");
    return Number.isFinite(value) ? value : undefined;
  };
  const positive = (id: string) => {
    const value = number(id);
    return value !== undefined && value > 0 ? value : undefined;
  };
  const inUm = /^[uµμ]m$/.test(said.get("spatial-calibration-units") ?? "");
  const exposure = /^([\d.]+)\s*(ms|s)$/.exec(said.get("Exposure Time") ?? "");
  const channel = said.get("_IllumSetting_")?.trim();
  return withoutUndefined({
    pixelUm: inUm ? positive("spatial-calibration-x") : undefined,
    objective: objectiveOf(number("_MagNA_"), { refractiveIndex: number("_MagRI_") }),
    xUm: number("stage-position-x"),
    yUm: number("stage-position-y"),
    zUm: number("z-position"),
    exposureMs:
      exposure === null ? undefined : Number(exposure[1]) * (exposure[2] === "s" ? 1000 : 1) || undefined,
    channel: channel || undefined,
  });
}
