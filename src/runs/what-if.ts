import type { RuleValues } from "../protocol/messages.js";
import type { FrameRow } from "../records/rows.js";
import type { SiteState } from "../records/site-state.js";
import { assess } from "../refocus/thresholds.js";

/** What a frame is by some thresholds. */
export type Finding = "sharp" | "blurred" | "not judged";

/** How many sites would be found what, by their first frame and by the one to keep. */
export interface WhatIf {
  readonly first: Readonly<Record<Finding, number>>;
  readonly kept: Readonly<Record<Finding, number>>;
  /** Sites whose kept frame would be found something else than by the thresholds it is compared with. */
  readonly changed: readonly SiteState[];
}

/** What a frame is by thresholds. */
export function findingOf(
  { condition, expectedLevel, certainty }: Pick<FrameRow, "condition" | "expectedLevel" | "certainty">,
  thresholds: RuleValues,
): Finding {
  if (condition === undefined || expectedLevel === undefined || certainty === undefined) return "not judged";
  const { kind } = assess({ condition, aggregateCertainty: certainty }, expectedLevel, thresholds);
  return kind === "sharp" || kind === "blurred" ? kind : "not judged";
}

/**
 * What other thresholds would have found in a run. Frames that were taken stay as they are: what the search would have
 * done otherwise cannot be known.
 */
export function whatIf(states: Iterable<SiteState>, now: RuleValues, then: RuleValues): WhatIf {
  const counts = () => ({ sharp: 0, blurred: 0, "not judged": 0 });
  const [first, kept] = [counts(), counts()];
  const changed: SiteState[] = [];
  for (const state of states) {
    // Of a site without a frame nothing can be said.
    if (state.kept === undefined) continue;
    first[findingOf(state.frames[0]!, then)]++;
    const finding = findingOf(state.kept, then);
    kept[finding]++;
    if (finding !== findingOf(state.kept, now)) changed.push(state);
  }
  return { first, kept, changed };
}
