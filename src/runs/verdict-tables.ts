import { stringify } from "csv-stringify/sync";
import { hasWell, type SiteVerdict } from "./site-verdicts.js";

type Row = Record<string, string | number | undefined>;

/**
 * One row a site and time point, to join with tables of CellProfiler and pycytominer by `Metadata_Plate`, `_Well` and
 * `_Site`. `Metadata_QCFlag` is 1 where a channel is bad, as CellProfiler's FlagImage has it, else 0; it is never empty.
 */
export function qcCsv(verdicts: readonly SiteVerdict[]): string {
  const rows = new Map<string, Row>();
  const channels = [...new Set(verdicts.map(channelName))];
  for (const verdict of verdicts) {
    const { plate, well, site, timeIndex, level, certainty } = verdict;
    const key = JSON.stringify([plate, well, site, timeIndex]);
    const place = {
      Metadata_Plate: plate,
      Metadata_Well: well,
      Metadata_Site: site,
      Metadata_Timepoint: timeIndex,
    };
    const row: Row = rows.get(key) ?? { ...place, Metadata_QCFlag: 0 };
    rows.set(key, row);
    const name = channelName(verdict);
    const flag = Number(verdict.isBad);
    if (flag === 1) row.Metadata_QCFlag = 1;
    row[`Metadata_QCFlag_${name}`] = flag;
    row[`ImageFocus_Score_${name}`] = level;
    row[`ImageFocus_Certainty_${name}`] = certainty;
  }
  const columns = [
    ...["Metadata_Plate", "Metadata_Well", "Metadata_Site", "Metadata_Timepoint", "Metadata_QCFlag"],
    ...channels.flatMap((name) => [
      ...[`Metadata_QCFlag_${name}`, `ImageFocus_Score_${name}`, `ImageFocus_Certainty_${name}`],
    ]),
  ];
  return stringify([...rows.values()], { escape_formulas: true, header: true, columns });
}

/** CellProfiler's name for an image of which nobody says the channel. */
function channelName({ channel }: SiteVerdict): string {
  return channel === "" ? "Image" : channel;
}

/** Columns of the table for OMERO, with their types in its words. */
const OMERO_COLUMNS = [
  ["Well", "well"],
  ["Plate", "plate"],
  ["Site", "s"],
  ["Channel", "s"],
  ["Time", "l"],
  ["Focus status", "s"],
  ["Focus flag", "l"],
  ["Focus level", "d"],
  ["Focus certainty", "d"],
  ["Why", "s"],
] as const;

export interface OmeroTable {
  readonly csv: string;
  /** Verdicts that are not in it: OMERO can place no row without a well, and none without a plate beside rows with one. */
  readonly leftOut: number;
}

/** One row a site, channel and time point, as `omero metadata populate` takes it for a screen or a plate. */
export function omeroCsv(verdicts: readonly SiteVerdict[]): OmeroTable {
  const hasPlates = verdicts.some(({ plate }) => plate !== "");
  const placed = verdicts.filter((verdict) => hasWell(verdict) && (!hasPlates || verdict.plate !== ""));
  const rows = placed.map((verdict) => ({
    ...{ Well: verdict.well, Plate: verdict.plate, Site: String(verdict.site), Channel: verdict.channel },
    ...{ Time: verdict.timeIndex, "Focus status": verdict.status, "Focus flag": Number(verdict.isBad) },
    ...{ "Focus level": number(verdict.level), "Focus certainty": number(verdict.certainty) },
    Why: verdict.reason,
  }));
  // Every row of a screen names its plate; of a plate alone, none does.
  const columns = OMERO_COLUMNS.filter(([name]) => hasPlates || name !== "Plate");
  const types = columns.map(([, type]) => type).join(",");
  const names = columns.map(([name]) => name);
  const table = stringify(rows, { escape_formulas: true, header: true, columns: names });
  return { csv: `# header ${types}\n${table}`, leftOut: verdicts.length - placed.length };
}

/** An empty number stops the whole import. */
function number(value: number | undefined): number | string {
  return value ?? "nan";
}
