import { z } from "zod";
import { ResultsError } from "../errors.js";
import { parseWell } from "../frames/wells.js";
import type { SiteVerdict } from "../runs/site-verdicts.js";
import type { ZarrGroups } from "./zarr-groups.js";

/** One step of a path, so that no file names a place outside of the plate. */
const Step = z.string().regex(/^(?!\.)[\w.-]+$/);
const WellPath = z.string().refine((path) => {
  const steps = path.split("/");
  return steps.length === 2 && steps.every((step) => Step.safeParse(step).success);
});
const Plate = z.object({ wells: z.array(z.object({ path: WellPath })) });
const Well = z.object({ images: z.array(z.object({ path: Step })) });

type Wells = ReadonlyMap<string, { readonly path: string; readonly images: readonly string[] }>;

/** The images of an OME-Zarr plate, found by well and site. */
export class PlateImages {
  /** By the one spelling of a well: its path and its images. */
  readonly #wells: Wells;

  private constructor(wells: Wells) {
    this.#wells = wells;
  }

  /** @throws ResultsError where there is no plate. */
  static async of(groups: ZarrGroups): Promise<PlateImages> {
    const plate = Plate.safeParse(omeOf(await groups.attributes("")).plate);
    if (!plate.success)
      throw new ResultsError(groups.root, "is no OME-Zarr plate: its attributes name no wells");
    const wells = new Map<string, { path: string; images: string[] }>();
    for (const { path } of plate.data.wells) {
      const well = Well.safeParse(omeOf(await groups.attributes(path)).well);
      const name = parseWell(path.replace("/", ""))?.name;
      if (!well.success || name === undefined) continue;
      wells.set(name, { path, images: well.data.images.map((image) => image.path) });
    }
    return new PlateImages(wells);
  }

  /** Path of the image of a site: the one called by its number or name, or the only one of its well. */
  pathOf({ well, site }: Pick<SiteVerdict, "well" | "site">): string | undefined {
    const found = this.#wells.get(well);
    if (found === undefined) return undefined;
    const called = (image: string) => image === String(site) || numberIn(image) === site;
    const image = found.images.find(called) ?? (found.images.length === 1 ? found.images[0] : undefined);
    return image === undefined ? undefined : `${found.path}/${image}`;
  }
}

/** "fov3" is image 3. */
function numberIn(path: string): number | undefined {
  const digits = /(\d+)$/.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** OME-Zarr 0.5 keeps its own in `ome`, 0.4 beside everything else. */
function omeOf(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { ome } = attributes;
  return typeof ome === "object" && ome !== null ? (ome as Record<string, unknown>) : attributes;
}
