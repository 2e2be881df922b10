import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { Sample } from "./focus-evidence.js";

/** What is said where moving shows no change of level. */
export const CHANGED_NOTHING =
  "moving the focus drive changed nothing: is the drive connected, the lamp on, the plate in place?";

/** Levels of one site that differ by less show no response to the moves between them. */
const RESPONSE_LEVELS = 0.3;
/** Two frames may lie alike on either side of focus, and near it levels are flat: it takes three, so many levels apart. */
const MIN_SAMPLES = 3;
export const RESPONSE_SPAN_LEVELS = 3;
/** Channels of sessions for which searches without a response are counted. */
const MAX_CHANNELS = 10_000;

/** Whether the level changed at all with the moves of a site: else the drive, the light or the sample is not there. */
export function hasResponded(samples: readonly Sample[]): boolean {
  const levels = samples.map(({ level }) => level);
  return Math.max(...levels) - Math.min(...levels) >= RESPONSE_LEVELS;
}

/** Whether a search shows that moving changes nothing. */
export function provesNoResponse(samples: readonly Sample[], umPerLevel: number): boolean {
  const zs = samples.map(({ zUm }) => zUm);
  const spanLevels = (Math.max(...zs) - Math.min(...zs)) / umPerLevel;
  return samples.length >= MIN_SAMPLES && spanLevels >= RESPONSE_SPAN_LEVELS && !hasResponded(samples);
}

type Channel = Pick<FrameMessage, "session" | "channel">;

/** Counts, by channel, the searches in a row in which moving changed nothing. */
export class UnresponsiveDrives {
  readonly #inARow = new BoundedMap<string, number>(MAX_CHANNELS);

  /** Takes in a search that has ended. @param isFocused whether it ended in focus. */
  note(channel: Channel, samples: readonly Sample[], umPerLevel: number, isFocused: boolean): void {
    if (samples.length < 2) return;
    const key = keyOf(channel);
    if (!isFocused && provesNoResponse(samples, umPerLevel)) this.#inARow.set(key, this.inARow(channel) + 1);
    else if (hasResponded(samples)) this.#inARow.delete(key);
  }

  inARow(channel: Channel): number {
    return this.#inARow.get(keyOf(channel)) ?? 0;
  }
}

function keyOf({ session, channel }: Channel): string {
  return JSON.stringify([session, channel]);
}
