import { wellOf } from "../../frames/wells.js";
import type { SiteRow } from "../../records/rows.js";
import type { SiteState } from "../../records/site-state.js";

/** A number for people, "–" where there is none. */
export function number(value: number | undefined, digits: number): string {
  return value === undefined ? "–" : value.toFixed(digits);
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

/** Time of day, local. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hourCycle: "h23" });
}

/** A duration in the largest unit that fits. */
export function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

/** A site's name for people: its well and the number that the controller gives it, else what the controller calls it. */
export function siteName(site: SiteRow): string {
  const name = wellOf(site)?.name;
  if (name === undefined) return site.name;
  return site.index === undefined ? name : `${name} site ${site.index}`;
}

const STATUS_WORDS: Readonly<Record<SiteState["status"], string>> = {
  sharp: "in focus",
  searching: "being refocused",
  flagged: "flagged, out of focus",
  blank: "nothing to judge",
  unjudged: "could not be judged",
  refused: "not refocused: the controller refused",
  unscored: "no verdict in time",
  "no-frame": "the camera gave no frame",
  skipped: "planned, not imaged",
  error: "could not be scored",
};

/** How a site stands, in words. */
export function statusWords(state: SiteState): string {
  const words = [STATUS_WORDS[state.status]];
  if (state.outcome?.recovered === "yes") words.push("recovered by refocusing");
  if (state.mark !== undefined) words.push(`marked as ${state.mark}`);
  return words.join(", ");
}

/** A site for those who hear the map: its worst channel's level and certainty, and how it stands. */
export function stateWords(worst: SiteState | undefined): string {
  if (worst === undefined) return "not imaged";
  return `level ${number(worst.level, 1)} certainty ${number(worst.certainty, 2)}, ${statusWords(worst)}`;
}
