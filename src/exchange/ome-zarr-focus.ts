import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { writeAtomically } from "../frames/write-atomically.js";
import type { SiteVerdict } from "../runs/site-verdicts.js";
import { PlateImages } from "./plate-images.js";
import { ZarrGroups } from "./zarr-groups.js";

/** Name of the table in the plate. */
const TABLE = "parfocal_focus";

/** A verdict and the image of the plate that it is about. */
interface Placed {
  readonly path: string;
  readonly verdict: SiteVerdict;
}

/**
 * Adds what became of the sites to an OME-Zarr plate: a table for ngio (`condition_table`), and the sharpest slice of each
 * image and time point as VisCy reads it (`focus_slice`). Pixels and all other attributes stay as they are.
 * @returns how many verdicts are about an image of the plate, and how many are not.
 * @throws ResultsError where there is no plate; OutputError where a file of it cannot be written.
 */
export async function addFocusToPlate(
  root: string,
  verdicts: readonly SiteVerdict[],
): Promise<{ placed: number; leftOut: number }> {
  const groups = await ZarrGroups.open(root);
  const images = await PlateImages.of(groups);
  const placed = verdicts.flatMap((verdict): Placed[] => {
    const path = images.pathOf(verdict);
    return path === undefined ? [] : [{ path, verdict }];
  });
  await addTable(groups, placed);
  await addFocusSlices(groups, placed);
  return { placed: placed.length, leftOut: verdicts.length - placed.length };
}

async function addTable(groups: ZarrGroups, placed: readonly Placed[]): Promise<void> {
  const { tables } = await groups.attributes("tables");
  const others = Array.isArray(tables) ? tables.filter((name) => name !== TABLE) : [];
  await groups.add("tables", { tables: [...others, TABLE] });
  const attributes = { type: "condition_table", table_version: "1", backend: "csv" };
  await groups.add(`tables/${TABLE}`, { ...attributes, index_key: "index", index_type: "str" });
  const rows = placed.map(({ path, verdict }) => {
    const [row, column, image] = path.split("/");
    const { channel, timeIndex, status, isBad, level, certainty, zIndex, zUm, reason } = verdict;
    return {
      index: [row, column, image, channel, timeIndex].join("_"),
      ...{ row, column, path_in_well: image, channel, time_index: timeIndex },
      ...{ focus_status: status, focus_flag: Number(isBad), focus_level: level, focus_certainty: certainty },
      ...{ z_index: zIndex, z_um: zUm, reason },
    };
  });
  const columns = [
    ...["index", "row", "column", "path_in_well", "channel", "time_index", "focus_status", "focus_flag"],
    ...["focus_level", "focus_certainty", "z_index", "z_um", "reason"],
  ];
  const csv = stringify(rows, { escape_formulas: true, header: true, columns });
  await writeAtomically(join(groups.root, "tables", TABLE, "table.csv"), Buffer.from(csv));
}

/** By channel: the sharpest slice of each time point that has one, and their statistics over the plate and the image. */
async function addFocusSlices(groups: ZarrGroups, placed: readonly Placed[]): Promise<void> {
  const sharp = placed.filter(({ verdict }) => verdict.zIndex !== undefined && verdict.level !== undefined);
  const plate = byChannel(sharp);
  if (plate.size === 0) return;
  const dataset = new Map([...plate].map(([channel, all]) => [channel, spread(all)]));
  const ofPlate = Object.fromEntries(
    [...dataset].map(([channel, { z_focus_mean, z_focus_std, z_focus_min, z_focus_max }]) => [
      channel,
      { dataset_statistics: { z_focus_mean, z_focus_std, z_focus_min, z_focus_max } },
    ]),
  );
  await groups.add("", { focus_slice: { ...(await slicesOf(groups, "")), ...ofPlate } });
  for (const path of new Set(sharp.map((one) => one.path))) {
    const own = byChannel(sharp.filter((one) => one.path === path));
    const ofImage = Object.fromEntries(
      [...own].map(([channel, all]) => {
        const { z_focus_mean, z_focus_std } = spread(all);
        const per_timepoint = Object.fromEntries(
          all.map(({ verdict }) => [verdict.timeIndex, verdict.zIndex]),
        );
        const fov_statistics = { z_focus_mean, z_focus_std };
        return [channel, { dataset_statistics: dataset.get(channel), fov_statistics, per_timepoint }];
      }),
    );
    await groups.add(path, { focus_slice: { ...(await slicesOf(groups, path)), ...ofImage } });
  }
}

/** What is there already, of other channels. */
async function slicesOf(groups: ZarrGroups, path: string): Promise<object> {
  const { focus_slice } = await groups.attributes(path);
  return typeof focus_slice === "object" && focus_slice !== null ? focus_slice : {};
}

function byChannel(placed: readonly Placed[]): Map<string, Placed[]> {
  const channels = new Map<string, Placed[]>();
  for (const one of placed) {
    const { channel } = one.verdict;
    channels.set(channel, [...(channels.get(channel) ?? []), one]);
  }
  return channels;
}

/** Slices as VisCy tells them. */
function spread(placed: readonly Placed[]) {
  const slices = placed.map(({ verdict }) => verdict.zIndex!);
  const mean = slices.reduce((sum, slice) => sum + slice, 0) / slices.length;
  const variance = slices.reduce((sum, slice) => sum + (slice - mean) ** 2, 0) / slices.length;
  return {
    z_focus_mean: mean,
    z_focus_std: Math.sqrt(variance),
    z_focus_min: slices.reduce((a, b) => Math.min(a, b)),
    z_focus_max: slices.reduce((a, b) => Math.max(a, b)),
  };
}
