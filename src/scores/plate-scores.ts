import { parseWell, wellOf } from "../frames/wells.js";
import type { LedgerEntry } from "../records/site-ledger.js";

/** What the frames of a well say, of one channel. */
export interface WellScores {
  readonly well: string;
  /** From 0. */
  readonly row: number;
  readonly column: number;
  readonly frames: number;
  /** Frames that can be judged and are not in focus, and frames that can be judged; of stacks, those of their sharpest plane. */
  readonly notInFocus: number;
  readonly judged: number;
  /** Mean level of the frames that can be judged, 0 to 10; of stacks, of the plane that is sharpest on average. */
  readonly level: number | undefined;
}

/** A plate in one channel. */
export interface PlateScores {
  readonly plate: string;
  readonly channel: string;
  readonly frames: number;
  /** Frames by their condition, most first. */
  readonly conditions: readonly (readonly [condition: string, frames: number])[];
  /** Wells with frames, row by row; frames without a well are in none. */
  readonly wells: readonly WellScores[];
}

interface Counts {
  frames: number;
  readonly conditions: Map<string, number>;
  readonly wells: Map<string, WellCounts>;
}

interface WellCounts {
  readonly row: number;
  readonly column: number;
  frames: number;
  /** Frames that can be judged, by z. */
  readonly planes: Map<string, PlaneCounts>;
}

interface PlaneCounts {
  judged: number;
  notInFocus: number;
  /** Their sum. */
  levels: number;
}

/** What a plate's summary takes of a row; an empty text is what is not known. */
export interface PlateRow {
  readonly [column: string]: string | number;
}

/** Conditions that say something of focus. */
const JUDGED: ReadonlySet<unknown> = new Set(["in-focus", "defocused", "mixed"]);

/** Whether a condition says something of focus. */
export function isJudged(condition: string): boolean {
  return JUDGED.has(condition);
}

/** A site of a run as a row: sharp is in focus, flagged is not, and what else became of it says nothing of focus. */
export function siteScores({ site, state }: LedgerEntry): PlateRow {
  const { channel, status, level } = state;
  const condition = level === undefined ? status : (CONDITIONS[status] ?? status);
  return {
    ...{ plate: site.plate ?? "", channel, z: "", condition, expected_level: level ?? "" },
    well: wellOf(site)?.name ?? "",
  };
}

const CONDITIONS: Readonly<Partial<Record<LedgerEntry["state"]["status"], string>>> = {
  sharp: "in-focus",
  flagged: "defocused",
};

/** Adds the rows of a table up by plate, channel and well; its memory grows with the wells, not with the rows. */
export class PlateSummary {
  readonly #plates = new Map<string, Map<string, Counts>>();

  add(row: PlateRow): void {
    const counts = this.#countsOf(String(row.plate), String(row.channel));
    const condition = String(row.condition);
    counts.frames++;
    counts.conditions.set(condition, (counts.conditions.get(condition) ?? 0) + 1);
    const well = parseWell(String(row.well));
    if (well === undefined) return;
    const known = counts.wells.get(well.name);
    const { row: wellRow, column } = well;
    const inWell = known ?? { row: wellRow, column, frames: 0, planes: new Map() };
    if (known === undefined) counts.wells.set(well.name, inWell);
    inWell.frames++;
    if (!isJudged(condition)) return;
    const z = String(row.z);
    const plane = inWell.planes.get(z) ?? { judged: 0, notInFocus: 0, levels: 0 };
    inWell.planes.set(z, plane);
    plane.judged++;
    if (condition !== "in-focus") plane.notInFocus++;
    plane.levels += Number(row.expected_level);
  }

  /** By plate and channel, in the order in which they came. */
  plates(): PlateScores[] {
    return [...this.#plates].flatMap(([plate, channels]) =>
      [...channels].map(([channel, { frames, conditions, wells }]) => ({
        ...{ plate, channel, frames },
        conditions: [...conditions].sort(([, a], [, b]) => b - a),
        wells: [...wells].map(wellScores).sort((a, b) => a.row - b.row || a.column - b.column),
      })),
    );
  }

  #countsOf(plate: string, channel: string): Counts {
    const channels = this.#plates.get(plate) ?? new Map<string, Counts>();
    this.#plates.set(plate, channels);
    const counts = channels.get(channel) ?? { frames: 0, conditions: new Map(), wells: new Map() };
    channels.set(channel, counts);
    return counts;
  }
}

function wellScores([well, { planes, ...counts }]: [string, WellCounts]): WellScores {
  const byLevel = [...planes.values()].map((plane) => ({ ...plane, level: plane.levels / plane.judged }));
  const [sharpest] = byLevel.toSorted((a, b) => a.level - b.level);
  const { judged = 0, notInFocus = 0, level } = sharpest ?? {};
  return { well, ...counts, judged, notInFocus, level };
}

/** Wells with frames that are not in focus, those with the largest share of them first. */
export function wellsToLookAt(plates: readonly PlateScores[]): (WellScores & PlateAndChannel)[] {
  return plates
    .flatMap(({ plate, channel, wells }) => wells.map((well) => ({ plate, channel, ...well })))
    .filter(({ notInFocus }) => notInFocus > 0)
    .sort((a, b) => b.notInFocus / b.judged - a.notInFocus / a.judged || (b.level ?? 0) - (a.level ?? 0));
}

type PlateAndChannel = Pick<PlateScores, "plate" | "channel">;
