import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "../records/record.js";
import { isSlice } from "../records/slices.js";
import { type AlertRule, type Finding, Raised } from "./alert-rule.js";

/** Channels of all runs. */
const MAX_CHANNELS = 1000;

/** Site after site shows nothing to focus on, where others of the run did: a lamp, a shutter, a plate that was lifted off. */
export class BlankRule implements AlertRule {
  readonly #limit: number;
  readonly #raised = new Raised();
  /** By run and channel: sites in a row without content, from the first one with content on. */
  readonly #inRow = new BoundedMap<string, number>(MAX_CHANNELS);

  /** @param limit sites in a row, 0 for no alert. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  observe(record: ResultRecord): readonly Finding[] {
    if (this.#limit === 0 || record.type !== "verdict" || record.late === true) return [];
    const { session, frame, condition, decision } = record;
    if (session === undefined || frame === undefined || isSlice(frame)) return [];
    const key = JSON.stringify([session, frame.channel]);
    const before = this.#inRow.get(key);
    const isEmpty = condition === "blank" || condition === "unusable";
    // A site of which another frame comes has not been counted yet; a run that began with empty wells has nothing to lose.
    if (isEmpty && (before === undefined || decision === "retry")) return [];
    const inRow = isEmpty ? before! + 1 : 0;
    this.#inRow.set(key, inRow);
    const { channel } = frame;
    return this.#raised.ifNews(key, inRow >= this.#limit, () => ({
      ...{ alert: "blank-sites", session, message: messageOf(inRow, channel) },
    }));
  }
}

/** @param inRow sites that show nothing; 0: the last one shows something. */
function messageOf(inRow: number, channel: string | undefined): string {
  const where = channel === undefined ? "" : ` in ${channel}`;
  if (inRow === 0) return `A site${where} shows something again`;
  return `The last ${inRow} sites${where} show nothing to focus on, others before them did: is the lamp on, the shutter open, the plate there?`;
}
