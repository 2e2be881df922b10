import { extname } from "node:path";
import type { Options } from "yargs";
import { writeAtomically } from "../frames/write-atomically.js";
import type { SiteRow } from "../records/rows.js";
import type { LedgerEntry } from "../records/site-ledger.js";
import {
  DEMO_STAGES,
  placedSites,
  type ReimageSite,
  reimageCsv,
  reimageList,
  reimagePos,
  reimageUseq,
  type StageDevices,
} from "../runs/reimage-list.js";
import { ofLastRuns } from "../runs/site-verdicts.js";
import { UsageError } from "./check-arguments.js";

export const reimageOptions = {
  reimage: {
    type: "string",
    describe:
      "File for the positions to image again: .csv, .json (useq-schema, pymmcore-plus), .pos (Micro-Manager)",
  },
  "with-blank": {
    type: "boolean",
    default: false,
    describe: "--reimage: also positions where there is nothing to judge",
  },
  "xy-stage": {
    type: "string",
    default: DEMO_STAGES.xyStage,
    describe: "--reimage x.pos: name of the xy stage",
  },
  "z-stage": {
    type: "string",
    default: DEMO_STAGES.zStage,
    describe: "--reimage x.pos: name of the focus drive",
  },
} as const satisfies Record<string, Options>;

const WRITERS: Readonly<Record<string, (list: readonly ReimageSite[], stages: StageDevices) => string>> = {
  ".csv": reimageCsv,
  ".json": reimageUseq,
  ".pos": reimagePos,
};

/** @throws UsageError where the ending says no format. */
export function checkReimage(path: string | undefined): true {
  if (path === undefined) return true;
  if (Object.hasOwn(WRITERS, extname(path).toLowerCase())) return true;
  throw new UsageError(`--reimage must end in .csv, .json or .pos, got ${path}`);
}

/**
 * Writes the positions to image again, as the dashboard does; those that a later run has imaged again, as that one found them.
 * @returns how many there are, and how many of them have no x and y and are in a .csv only. @throws OutputError
 */
export async function writeReimage(
  path: string,
  entries: Iterable<LedgerEntry>,
  stages: StageDevices,
  withBlank: boolean,
): Promise<{ positions: number; unplaced: number }> {
  // Several runs in one file number their sites alike.
  const numbers = new Map<SiteRow, number>();
  const states = ofLastRuns(entries).map(({ site, state }) => {
    const number = numbers.get(site) ?? numbers.size;
    numbers.set(site, number);
    return { ...state, site: number };
  });
  const list = reimageList([...numbers.keys()], states, { withBlank, withUnfinished: true });
  await writeAtomically(path, Buffer.from(WRITERS[extname(path).toLowerCase()]!(list, stages)));
  return { positions: list.length, unplaced: list.length - placedSites(list).length };
}
