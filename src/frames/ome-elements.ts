/**
 * The elements of OME-XML that say what lies where.
 * @module
 */
import { lengthUm } from "./length-units.js";
import { finite, wholeNumber } from "./numbers.js";
import { type Objective, objectiveOf } from "./objective.js";
import { wellAt } from "./wells.js";
import { type Attributes, attributesOf, tagsOf } from "./xml.js";

/** Pages that are described at most: a crafted file could claim any number. */
export const MOST_PAGES = 200_000;

/** An image and what stands in it. */
export interface OmeImage {
  readonly id: string;
  readonly name: string | undefined;
  pixels: Attributes;
  /** Which objective, and in what. */
  settings: Attributes | undefined;
  objective: Objective | undefined;
  readonly channels: (string | undefined)[];
  label: string | undefined;
  /** Where the drive was at a plane, um, by `planeKey`. */
  readonly zUm: Map<string, number>;
  readonly blocks: { readonly attributes: Attributes; fileName?: string; uuid?: string }[];
}

export interface Elements {
  readonly images: readonly OmeImage[];
  readonly wells: ReadonlyMap<string, OmeWell>;
}

interface OmeWell {
  readonly plate: string | undefined;
  readonly well: string | undefined;
  readonly site: number | undefined;
}

/** The images of a description and the wells that they are of, by their ids. */
export function readElements(text: string): Elements {
  const images: OmeImage[] = [];
  const wells = new Map<string, OmeWell>();
  const objectives = new Map<string, Attributes>();
  let [plate, well]: [Attributes, Attributes] = [{}, {}];
  let sample: number | undefined;
  for (const { name, inside, isEnd, text: content } of tagsOf(text)) {
    if (isEnd) continue;
    const attributes = attributesOf(inside);
    const image = images.at(-1);
    if (name === "Image") {
      const { ID: id = "", Name } = attributes;
      images.push(emptyImage(id, Name));
    } else if (name === "Pixels" && image !== undefined) image.pixels = attributes;
    else if (name === "Pixels") images.push({ ...emptyImage("", undefined), pixels: attributes });
    else if (name === "Objective") objectives.set(attributes.ID ?? "", attributes);
    else if (name === "ObjectiveSettings" && image !== undefined) image.settings = attributes;
    else if (name === "StageLabel" && image !== undefined) image.label = attributes.Name;
    else if (name === "Channel") image?.channels.push(attributes.Name);
    else if (name === "TiffData") image?.blocks.push({ attributes });
    else if (name === "Plane" && image !== undefined) notePlane(image, attributes);
    else if (name === "UUID") {
      const block = image?.blocks.at(-1);
      if (block === undefined) continue;
      block.uuid = content.trim();
      if (attributes.FileName !== undefined) block.fileName = attributes.FileName;
    } else if (name === "Plate") plate = attributes;
    else if (name === "Well") [well, sample] = [attributes, 0];
    else if (name === "WellSample") sample = (sample ?? 0) + 1;
    else if (name === "ImageRef") wells.set(attributes.ID ?? "", placeOf(plate, well, sample));
  }
  for (const image of images) image.objective = objectiveIn(objectives, image.settings);
  return { images, wells };
}

function emptyImage(id: string, name: string | undefined): OmeImage {
  return {
    ...{ id, name, pixels: {}, channels: [], label: undefined, settings: undefined, objective: undefined },
    ...{ zUm: new Map(), blocks: [] },
  };
}

/** The objective that an image names; where it names none, the only one there is. */
function objectiveIn(
  objectives: ReadonlyMap<string, Attributes>,
  settings: Attributes | undefined,
): Objective | undefined {
  const only = objectives.size === 1 ? [...objectives.values()][0] : undefined;
  const { LensNA, Immersion } = objectives.get(settings?.ID ?? "") ?? only ?? {};
  const refractiveIndex = finite(settings?.RefractiveIndex);
  return objectiveOf(finite(LensNA), { refractiveIndex, immersion: settings?.Medium ?? Immersion });
}

/** Without a unit, OME takes a position for one in a frame of its own, which says nothing. */
function notePlane({ zUm }: OmeImage, { TheC, TheZ, TheT, PositionZ, PositionZUnit }: Attributes): void {
  const um = lengthUm(PositionZ, PositionZUnit);
  const at = { C: wholeNumber(TheC) ?? 0, Z: wholeNumber(TheZ) ?? 0, T: wholeNumber(TheT) ?? 0 };
  if (um !== undefined && zUm.size < MOST_PAGES) zUm.set(planeKey(at), um);
}

/** Where the drive was is kept by this. */
export function planeKey({ C, Z, T }: Readonly<Record<"C" | "Z" | "T", number>>): string {
  return `${C},${Z},${T}`;
}

/** The site's number is that of its sample, from 1, in the order of the file: OME's own index runs over the plate. */
function placeOf(plate: Attributes, well: Attributes, site: number | undefined): OmeWell {
  const [row, column] = [wholeNumber(well.Row), wholeNumber(well.Column)];
  const at = row === undefined || column === undefined ? undefined : wellAt(row, column);
  return { plate: nonEmpty(plate.Name), well: at?.name, site };
}

/** Text, if there is any. */
export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
