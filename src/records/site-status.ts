import type { Recovered } from "../protocol/messages.js";
import type { EndRow, FrameRow, OutcomeRow } from "./rows.js";

/**
 * What became of a site: `sharp`; `searching`, while it is refocused; `flagged`, out of focus and kept as it is; `refused`,
 * the controller did not do what was asked for; `blank`; `unjudged`, for another reason; `unscored`, no verdict in time;
 * `error`; `no-frame`, the camera gave none; `skipped`, planned and not imaged.
 */
export const SITE_STATUSES = [
  "sharp",
  "searching",
  "flagged",
  "refused",
  "blank",
  "unjudged",
  "unscored",
  "error",
  "no-frame",
  "skipped",
] as const;
export type SiteStatus = (typeof SITE_STATUSES)[number];

/** What is known of how a site ended. */
export interface SiteEnding {
  /** The gated frames, or the watched ones where none was gated, attempt by attempt. */
  readonly frames: readonly FrameRow[];
  readonly outcome: OutcomeRow | undefined;
  /** As the controller says. */
  readonly end: EndRow | undefined;
}

/** How a search stands that was cut short, by the reason, which is whatever a controller or a newer version wrote. */
const CUT_SHORT: ReadonlyMap<string, SiteStatus> = new Map([
  ["unscored", "unscored"],
  ["no-frame", "no-frame"],
  ["skipped", "skipped"],
  ["limits", "refused"],
  ["drive", "refused"],
  ["lock", "refused"],
  ["autofocus", "refused"],
  ["cancelled", "refused"],
  ["other", "refused"],
]);

export function statusOf({ frames, outcome, end }: SiteEnding): SiteStatus {
  const last = frames.at(-1);
  if (last?.end === "error") return "error";
  if (last?.end === "drop") return "unscored";
  if (outcome?.recovered === "yes" || outcome?.recovered === "not-needed") return "sharp";
  switch (last?.decision ?? outcome?.decision) {
    case "accept":
      return "sharp";
    case "flag":
      return "flagged";
    case "abstain":
      return (last?.condition ?? outcome?.why) === "blank" ? "blank" : "unjudged";
    default: {
      const why = outcome?.why ?? end?.why;
      if (why === undefined) return "searching";
      return CUT_SHORT.get(why) ?? (outcome?.recovered === "no" ? "flagged" : "unjudged");
    }
  }
}

/** Whether a site was to be gated: a frame of it was, or its controller says how it ended. */
export function isGated({ frames, outcome, end }: SiteEnding): boolean {
  return outcome !== undefined || end !== undefined || frames.some(({ mode }) => mode === "gate");
}

/** Whether nothing was judged though it was planned. */
export function isMissing(status: SiteStatus): boolean {
  return status === "unscored" || status === "no-frame" || status === "skipped";
}

/**
 * Whether refocusing helped; undefined while it goes on, and where nothing was gated. An agent that was started in the
 * middle of a search knows only what came since; the frames tell what came before. A search that ends with its first frame
 * has found that it was sharp.
 * @param keepAttempt of the frame to keep
 */
export function recoveredOf(
  { frames, outcome, end }: SiteEnding,
  keepAttempt: number | undefined,
): Recovered | undefined {
  const status = statusOf({ frames, outcome, end });
  if (status === "searching" || !isGated({ frames, outcome, end })) return undefined;
  if (status === "sharp") {
    const isAfterFirst = frames[0]?.decision === "retry" && frames[0].attempt !== keepAttempt;
    return isAfterFirst || outcome?.recovered === "yes" ? "yes" : "not-needed";
  }
  return outcome?.recovered ?? (status === "flagged" ? "no" : "unknown");
}
