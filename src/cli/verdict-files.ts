import type { ArgumentsCamelCase, InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import { addFocusToPlate } from "../exchange/ome-zarr-focus.js";
import { writeAtomically } from "../frames/write-atomically.js";
import type { LedgerEntry } from "../records/site-ledger.js";
import { FocusMap, MAP_FORMATS } from "../runs/focus-map.js";
import type { SiteVerdict } from "../runs/site-verdicts.js";
import { omeroCsv, qcCsv } from "../runs/verdict-tables.js";
import { say } from "./print.js";

export const verdictOptions = {
  qc: {
    type: "string",
    describe:
      "Table to write for CellProfiler and pycytominer (.csv): Metadata_QCFlag 0 or 1 by plate, well and site",
  },
  omero: { type: "string", describe: "Table to write for omero metadata populate (.csv)" },
  zarr: {
    type: "string",
    describe: "OME-Zarr plate to add a condition_table (ngio) and focus_slice attributes (VisCy) to",
  },
} as const satisfies Record<string, Options>;

export const mapOptions = {
  "focus-map": { type: "string", describe: "Table of where the sites were in focus to write (.csv)" },
  "map-format": {
    choices: MAP_FORMATS,
    default: "points" as const,
    describe: "--focus-map: the sites; the surface through them on a grid; or as Squid imports it",
  },
  "map-channel": { type: "string", describe: "--map-format squid: the channel; default: the first" },
} as const satisfies Record<string, Options>;

/** Writes the focus map, if it is asked for. @throws OutputError; ResultsError where it has no such channel. */
export async function writeFocusMap(
  { focusMap, mapFormat, mapChannel }: ArgumentsCamelCase<InferredOptionTypes<typeof mapOptions>>,
  sites: Iterable<LedgerEntry>,
): Promise<void> {
  if (focusMap === undefined) return;
  const map = new FocusMap(sites);
  if (mapChannel !== undefined && !map.channels.includes(mapChannel)) {
    const known = map.channels.join(", ") || "none";
    throw new ResultsError(focusMap, `no site in focus has the channel ${mapChannel}; there are: ${known}`);
  }
  await writeAtomically(focusMap, Buffer.from(map.csv(mapFormat, mapChannel)));
  say(`Written: ${focusMap}, from ${map.size} sites in focus whose x, y and z are known`);
}

/** Whether any of them is asked for. */
export function wantsVerdicts({ qc, omero, zarr }: InferredOptionTypes<typeof verdictOptions>): boolean {
  return qc !== undefined || omero !== undefined || zarr !== undefined;
}

/** Writes the verdicts for the programs that are asked for. @throws ResultsError, OutputError */
export async function writeVerdicts(
  { qc, omero, zarr }: InferredOptionTypes<typeof verdictOptions>,
  verdicts: readonly SiteVerdict[],
): Promise<void> {
  if (qc !== undefined) {
    await writeAtomically(qc, Buffer.from(qcCsv(verdicts)));
    say(`Written: ${qc}`);
  }
  if (omero !== undefined) {
    const { csv, leftOut } = omeroCsv(verdicts);
    await writeAtomically(omero, Buffer.from(csv));
    say(`Written: ${omero}${leftOut > 0 ? `, without ${leftOut} rows that have no well or no plate` : ""}`);
  }
  if (zarr !== undefined) {
    const { placed, leftOut } = await addFocusToPlate(zarr, verdicts);
    const without = leftOut > 0 ? `; ${leftOut} are of no image in it` : "";
    say(`Written: ${zarr}, ${placed} sites by channel and time${without}`);
  }
}
