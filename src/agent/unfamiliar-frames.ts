import type { Logger } from "pino";
import type { FocusReport } from "../focus/report.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage } from "../protocol/messages.js";

/** What is put behind the reason of a verdict on such a frame. */
export const UNFAMILIAR = "unlike anything the model was trained on, so the level may be wrong";

/** Channels of sessions that it was said of. */
const MAX_SAID = 1000;

/** Says once of each channel of a session that its frames are unlike all that the model was trained on. */
export class UnfamiliarFrames {
  readonly #log: Logger;
  readonly #said = new BoundedMap<string, true>(MAX_SAID);

  constructor(log: Logger) {
    this.#log = log;
  }

  note({ session, channel, site }: FrameMessage, { unfamiliar }: FocusReport): void {
    const key = JSON.stringify([session, channel]);
    if (!unfamiliar || this.#said.get(key)) return;
    this.#said.set(key, true);
    this.#log.warn({ session, channel, site: site.name }, `Frames are ${UNFAMILIAR}`);
  }
}
