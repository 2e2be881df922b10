/**
 * The records of a large run: a plate of 1536 wells, 4 sites a well, 4 channels.
 * @module
 */
import { formatWell } from "../src/frames/wells.js";
import { Random } from "../src/optics/random.js";
import type { FrameMessage } from "../src/protocol/messages.js";
import type { ResultRecord } from "../src/records/record.js";

const [ROWS, COLUMNS, SITES] = [32, 48, 4];
const CHANNELS = ["DAPI", "GFP", "Cy3", "Cy5"];
export const SESSION = "large";
export const WELLS = ROWS * COLUMNS;
/** Of one time point. */
export const FRAMES = WELLS * SITES * CHANNELS.length;

/** The records of a plate that was watched, each site once a channel and time point. */
export function* largeRun(timePoints = 1): Generator<ResultRecord> {
  const random = new Random(1);
  let recordedMs = Date.now() - 7_200_000;
  for (const { well, site, channel, timeIndex } of places(timePoints)) {
    recordedMs += 250;
    const frame = largeHeader(well, site, channel, timeIndex);
    const level = Math.min(
      10,
      Math.max(0, random.uniform() < 0.03 ? 8 * random.uniform() : 0.5 + 0.15 * random.normal()),
    );
    const certainty = Math.min(1, Math.max(0, 0.6 + 0.15 * random.normal()));
    const decision = certainty < 0.25 ? "abstain" : level > 1 ? "flag" : "accept";
    yield {
      ...{
        v: 1,
        type: "verdict",
        id: frame.id,
        session: SESSION,
        level: Math.round(level),
        expectedLevel: level,
      },
      condition: decision === "abstain" ? "blank" : level > 1 ? "defocused" : "in-focus",
      ...{ aggregateCertainty: certainty, meanCertainty: certainty, maxCertainty: certainty, decision },
      ...{ acquireAgain: false, keepAttempt: 0, attemptsLeft: 0, reason: `level ${level.toFixed(1)}` },
      ...{ model: { name: "default", sha256: "0".repeat(64) }, recordedMs, source: "zeromq", frame },
      timings: { queueMs: 0.1, scoreMs: 9, totalMs: 9.4 },
    };
  }
}

function* places(timePoints: number) {
  for (let timeIndex = 0; timeIndex < timePoints; timeIndex++) {
    for (let well = 0; well < WELLS; well++) {
      for (let site = 0; site < SITES; site++) {
        for (const channel of CHANNELS) yield { well, site, channel, timeIndex };
      }
    }
  }
}

/** A frame of that plate. */
export function largeHeader(well: number, site: number, channel: string, timeIndex: number): FrameMessage {
  const [row, column] = [Math.floor(well / COLUMNS), well % COLUMNS];
  const name = `${formatWell(row, column)}-Site_${site}`;
  return {
    ...{
      v: 1,
      type: "frame",
      id: `${SESSION}/${name}/${channel}/${timeIndex}`,
      session: SESSION,
      sequence: 0,
    },
    ...{ mode: "observe", dtype: "uint16", shape: [1024, 1024], attempt: 0, channel, timeIndex, zIndex: 0 },
    site: { name, plate: "P-1536", well: formatWell(row, column), index: site, row, column },
    ...{ xUm: column * 2250 + (site % 2) * 600, yUm: row * 2250 + (site >> 1) * 600 },
    ...{ zUm: 20 + 0.1 * column + 0.2 * row, zSource: "measured", zLimitsUm: [0, 100], pixelUm: 0.65 },
  };
}
