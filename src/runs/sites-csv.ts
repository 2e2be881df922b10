import { stringify } from "csv-stringify/sync";
import type { OutcomeMessage } from "../protocol/messages.js";
import type { FrameRow } from "../records/rows.js";
import type { LedgerEntry } from "../records/site-ledger.js";

/** Columns of sites.csv, one row a site, channel and time point. */
const COLUMNS = [
  ...["plate", "well", "site", "channel", "time_index"],
  ...["first_level", "last_level", "first_expected_level", "last_expected_level"],
  /** Of the frame to keep. */
  ...["kept_expected_level", "kept_attempt"],
  ...["aggregate_certainty", "confidence", "condition", "decision", "recovered"],
  /** Frames since attempt 0, those without a verdict in time included, and how many of them those are. */
  ...["attempts", "unscored"],
  /** Where the plan had the first frame, where it was, and where the last action asked the focus drive to go. */
  ...["planned_z_um", "first_z_um", "asked_z_um"],
  /** Where the controller says the last frame was taken, `measured` or `intended`. */
  ...["reported_z_um", "z_source"],
  "kept_z_um",
  /** Levels by which refocusing sharpened it, and the path of the focus drive. */
  ...["gained_levels", "travel_um"],
  /** "attempt@z=level" for each frame. */
  "tried",
  ...["why", "reason", "session", "updated"],
  /** What became of it: one of `SITE_STATUSES`. */
  "status",
  /** Number of the position in the controller's plan, and where the stage was. */
  ...["position", "x_um", "y_um"],
  /** Number of the site within its well, as `site` of a table of scores and `Metadata_Site` are. */
  "site_index",
  /** 1 where one of its frames shows something unlike all that the model was trained on, 0 where none does. */
  "unfamiliar",
];

/** The names of the columns, as the first line of the table. */
export const SITES_HEADER = stringify([COLUMNS]);

/** What became of a site, channel and time point, as a line of the table. A character 0 ends a text for many programs. */
export function siteLine(entry: LedgerEntry): string {
  const line = stringify([rowOf(entry)], { escape_formulas: true, columns: COLUMNS });
  return line.replaceAll("\0", "\uFFFD");
}

function rowOf({ session, site, state }: LedgerEntry): Record<string, string | number | undefined> {
  const { frames, watched, outcome, end, kept, levelBefore, level, recovered } = state;
  const [first, decided] = [frames[0], frames.at(-1)];
  const last = watched ?? decided;
  const judged = [...frames, ...(watched === undefined ? [] : [watched])].filter(isScored);
  const moved = frames.findLast(({ moveUm }) => moveUm !== undefined);
  const isRefocused = outcome !== undefined || frames.length > 1;
  const ms = Math.max(...[...frames, watched, outcome, end].map((row) => row?.ms ?? 0));
  return {
    ...{ session, plate: site.plate, well: site.well, site: site.name, position: site.position },
    ...{ x_um: site.xUm, y_um: site.yUm, channel: state.channel, time_index: state.timeIndex },
    site_index: site.index,
    ...{ status: state.status, first_level: judged[0]?.level, last_level: judged.at(-1)?.level },
    first_expected_level: rounded(judged[0]?.expectedLevel),
    last_expected_level: rounded(judged.at(-1)?.expectedLevel),
    ...{ kept_expected_level: rounded(level), kept_attempt: kept?.attempt ?? outcome?.keepAttempt },
    ...{ aggregate_certainty: rounded(decided?.certainty), confidence: rounded(decided?.confidence) },
    condition: decided?.condition,
    unfamiliar: judged.length === 0 ? undefined : Number(judged.some((row) => row.unfamiliar)),
    ...{ decision: decided?.decision ?? outcome?.decision, recovered },
    ...{ attempts: frames.length, unscored: frames.filter(({ end }) => end !== "verdict").length },
    planned_z_um: rounded(first?.plannedZUm ?? first?.zUm),
    first_z_um: rounded(first?.sharpestZUm ?? first?.zUm),
    asked_z_um: moved && rounded((moved.zUm ?? 0) + moved.moveUm!),
    ...{ reported_z_um: rounded(last?.zUm), z_source: last?.zSource, kept_z_um: rounded(state.zUm) },
    gained_levels:
      isRefocused && levelBefore !== undefined && level !== undefined
        ? rounded(levelBefore - level)
        : undefined,
    travel_um: outcome?.travelUm,
    tried: isRefocused ? state.tried.map(triedAs).join(" ") : undefined,
    ...{ why: state.why, reason: state.reason, updated: new Date(ms).toISOString() },
  };
}

function isScored({ expectedLevel }: FrameRow): boolean {
  return expectedLevel !== undefined;
}

function triedAs({ attempt, zUm, level }: OutcomeMessage["tried"][number]): string {
  return `${attempt}${zUm === undefined ? "" : `@${rounded(zUm)}`}=${level.toFixed(2)}`;
}

/** Levels and um for people: no digits that mean nothing. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000) / 1000;
}
