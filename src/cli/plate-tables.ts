import { type PlateScores, wellsToLookAt } from "../scores/plate-scores.js";
import { table } from "./run-report.js";

/** Wells that are listed; the page has more. */
const MOST_WELLS = 20;

/** Plates in tables, for people. */
export function plateTables(plates: readonly PlateScores[], notScored: number): string {
  const frames = plates.reduce((sum, plate) => sum + plate.frames, 0);
  const rows = plates.flatMap(({ plate, channel, conditions }) =>
    conditions.map(([condition, count]) => [plate || "-", channel || "-", condition, String(count)]),
  );
  const parts = [
    `${frames} frames scored, ${notScored} not`,
    table([["plate", "channel", "condition", "frames"], ...rows]),
  ];
  const toLookAt = wellsToLookAt(plates);
  if (toLookAt.length === 0) return parts.join("\n\n");
  const wells = toLookAt
    .slice(0, MOST_WELLS)
    .map(({ plate, channel, well, notInFocus, judged, level }) => [
      ...[plate || "-", well, channel || "-", `${notInFocus} of ${judged}`, level?.toFixed(1) ?? "-"],
    ]);
  const header = ["plate", "well", "channel", "not in focus", "level"];
  parts.push("Wells to look at:", table([header, ...wells]));
  if (toLookAt.length > wells.length) parts.push(`and ${toLookAt.length - wells.length} more`);
  return parts.join("\n\n");
}
