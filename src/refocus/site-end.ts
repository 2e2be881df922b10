import type { SiteEndReason } from "../protocol/messages.js";
import { lockObstacle } from "./obstacles.js";
import { type SiteEnd, type SiteSearch, type SiteStep, signed } from "./site-search.js";
import { moveFrom, type StepContext } from "./step-context.js";

/** Ends the search at the best z seen. */
export function giveUp(context: StepContext, why: SiteEndReason, reason: string): SiteStep {
  const { samples, best } = context.search;
  const mayMove = lockObstacle(context.frame) === undefined;
  const action = mayMove ? moveFrom(context, samples[best.index]!.zUm) : undefined;
  const words =
    action?.kind === "move-z" ? `${reason}; back by ${signed(action.byUm)} um to the best z` : reason;
  return { end: endAt(context.search, why, words), ...(action !== undefined && { action }), reason: words };
}

/** The end of a search at its best frame: a success if that one is accepted, however the search ended. */
export function endAt({ best }: SiteSearch, why: SiteEndReason, reason: string): SiteEnd {
  if (!best.isSharp) return { decision: "flag", recovered: "no", why, reason };
  return { decision: "accept", recovered: best.index === 0 ? "not-needed" : "yes", why: "sharp", reason };
}
