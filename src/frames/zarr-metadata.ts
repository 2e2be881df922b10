import { basename, join } from "node:path";
import { distinctNames } from "./distinct-names.js";
import { unitUm } from "./length-units.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { withoutUndefined } from "./micro-manager-metadata.js";
import { parseWell, wellAt } from "./wells.js";
import { type Multiscale, readOmeAttributes } from "./zarr-groups.js";
import { placeOf, type ZarrPlace } from "./zarr-images.js";

/** What the axes of arrays are that have no list of them (before 0.3). */
const OLD_AXES = ["t", "c", "z", "y", "x"];

/** What the metadata of an image say. */
export interface ZarrMetadata {
  /** Folder of the array of its full resolution. */
  readonly array: string;
  /** Names of its axes in lower case; "y" and "x" are among them. */
  readonly axes: readonly string[];
  /** What is known about a plane, by its index on each axis. */
  at(indices: readonly number[], shape: readonly number[]): FrameMetadata;
}

/**
 * Reads the metadata of an image group, and of the plate that it is of.
 * @throws Error where they are damaged, or the group is no image.
 */
export async function readZarrMetadata(group: string): Promise<ZarrMetadata> {
  const attributes = await readOmeAttributes(group);
  const multiscale = attributes?.multiscales?.[0];
  if (attributes === undefined || multiscale === undefined) {
    throw new Error("this is no image of OME-Zarr: it has no multiscales");
  }
  const axes = multiscale.axes?.map(({ name }) => name.toLowerCase()) ?? OLD_AXES;
  if (!axes.includes("y") || !axes.includes("x") || new Set(axes).size < axes.length) {
    throw new Error(`its axes are ${axes.join(", ")}: an image has one y and one x`);
  }
  const shared = sharedBy(multiscale, axes, await placeOf(group));
  const channels = distinctNames((attributes.omero?.channels ?? []).map(({ label }) => label));
  const z = lengthsOf(multiscale, axes, "z");
  return {
    array: join(group, multiscale.datasets[0]!.path),
    axes,
    at(indices, shape) {
      const index = (name: string) => {
        const axis = axes.indexOf(name);
        return axis < 0 || shape[axis] === 1 ? undefined : indices[axis];
      };
      const [channel, channelIndex, zIndex] = [indices[axes.indexOf("c")], index("c"), index("z")];
      const zUm = zIndex === undefined || z === undefined ? undefined : z.originUm + zIndex * z.stepUm;
      return {
        ...shared,
        ...withoutUndefined({
          channel: channel === undefined ? undefined : channels[channel],
          ...{ channelIndex, ofSeveralChannels: channelIndex !== undefined || undefined },
          ...{ timeIndex: index("t"), zIndex, zUm },
          zOrigin: zUm === undefined ? undefined : ("intended" as const),
        }),
      };
    },
  };
}

function sharedBy(
  multiscale: Multiscale,
  axes: readonly string[],
  { inStore, field, plate }: ZarrPlace,
): FrameMetadata {
  const pixelUm = lengthsOf(multiscale, axes, "x")?.stepUm;
  const image = basename(inStore);
  const number = /^\d{1,9}$/.test(image) ? Number(image) : undefined;
  const known = plate === undefined ? undefined : wellIn(plate, inStore);
  return withoutUndefined({
    pixelUm: pixelUm !== undefined && pixelUm > 0 ? pixelUm : undefined,
    inStore: inStore === "" ? undefined : inStore,
    plate: plate === undefined ? undefined : plate.attributes.name?.trim() || storeName(plate.folder),
    well: known,
    site: known === undefined ? undefined : (number ?? field),
    positionIndex: known === undefined ? number : undefined,
    positionName: known === undefined && number === undefined && image !== "" ? image : undefined,
  });
}

/** The well by its path, which is that of its row and column ("B/3"); where these have other names by its place in their lists. */
function wellIn({ attributes }: NonNullable<ZarrPlace["plate"]>, inStore: string): string | undefined {
  const path = inStore.slice(0, Math.max(inStore.lastIndexOf("/"), 0));
  const listed = attributes.wells.find((well) => well.path === path);
  const { rowIndex, columnIndex } = listed ?? {};
  const placed =
    rowIndex === undefined || columnIndex === undefined ? undefined : wellAt(rowIndex, columnIndex);
  return (parseWell(path.replace("/", "")) ?? placed)?.name;
}

/** Name of a store without its ending. */
export function storeName(path: string): string {
  return basename(path).replace(/(\.ome)?\.zarr$/i, "");
}

/** Step and origin of an axis, um; undefined where its unit is not told. */
function lengthsOf(
  { axes: described, datasets, coordinateTransformations }: Multiscale,
  axes: readonly string[],
  name: string,
): { stepUm: number; originUm: number } | undefined {
  const axis = axes.indexOf(name);
  const um = unitUm(described?.[axis]?.unit);
  if (um === undefined) return undefined;
  let [step, origin] = [1, 0];
  for (const { scale, translation } of [
    ...datasets[0]!.coordinateTransformations,
    ...coordinateTransformations,
  ]) {
    const [factor, shift] = [numberAt(scale, axis), numberAt(translation, axis)];
    if (factor !== undefined) [step, origin] = [step * factor, origin * factor];
    if (shift !== undefined) origin += shift;
  }
  return { stepUm: step * um, originUm: origin * um };
}

function numberAt(values: unknown, index: number): number | undefined {
  const value: unknown = Array.isArray(values) ? values[index] : undefined;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
