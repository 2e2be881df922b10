import { LEVELS } from "../../src/focus/levels.js";
import type { Condition, FocusReport } from "../../src/focus/report.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import type { PolicySettings } from "../../src/refocus/thresholds.js";

export const settings: PolicySettings = {
  sharp: "learned",
  maxLevel: 1,
  minCertainty: 0.25,
  plane: "majority",
  retries: 6,
  retryWith: "move-z",
  firstSide: "positive",
  backlashUm: 0,
  confidence: 0.8,
  lookBeyond: true,
  coolDown: { afterFailures: 3 },
  suggest: true,
  dryRun: false,
  optics: { na: 0.5, refractiveIndex: 1, pixelUm: 0.65 },
  channels: {},
};

export function report(expectedLevel: number, fields: Partial<FocusReport> = {}): FocusReport {
  const condition: Condition = expectedLevel <= 1 ? "in-focus" : "defocused";
  return {
    binning: 1,
    rows: 1,
    columns: 1,
    coverage: "full",
    probabilities: new Float32Array(LEVELS),
    certainties: new Float32Array(1),
    distribution: new Float32Array(LEVELS),
    level: Math.round(expectedLevel),
    defocusLevels: expectedLevel,
    expectedLevel,
    sharpestLevel: expectedLevel,
    levelSd: 0.1,
    contrast: 0,
    brightness: 500,
    aggregateCertainty: 0.6,
    meanCertainty: 0.6,
    maxCertainty: 0.9,
    confidences: new Float32Array([0.9]),
    confidence: 0.9,
    saturatedFraction: 0,
    condition,
    unfamiliar: false,
    ...fields,
  };
}

export function frame(fields: Partial<FrameMessage> = {}): FrameMessage {
  const attempt = fields.attempt ?? 0;
  return {
    v: 1,
    type: "frame",
    id: `${fields.site?.name ?? "A1"}#${attempt}`,
    session: "s",
    sequence: attempt,
    mode: "gate",
    dtype: "uint8",
    shape: [100, 100],
    site: { name: "A1" },
    attempt,
    zUm: 0,
    ...fields,
  };
}

/** What nuclei read at levels of defocus: real images, defocused by the simulated microscope (median of eight). */
const NUCLEI = [
  [0, 0.39],
  [0.5, 0.41],
  [1, 0.51],
  [1.5, 0.87],
  [2, 1.73],
  [2.5, 2.41],
  [3, 2.97],
  [4, 3.95],
  [5, 4.99],
  [6, 5.89],
  [7, 7.12],
  [8, 8.11],
  [9, 8.91],
  [10, 9.52],
] as const;

/** Level that a frame of nuclei reads so many levels from focus. */
export function levelSeen(defocusLevels: number): number {
  const distance = Math.min(Math.abs(defocusLevels), 10);
  const i = Math.max(
    1,
    NUCLEI.findIndex(([end]) => distance <= end),
  );
  const [[start, atStart], [end, atEnd]] = [NUCLEI[i - 1]!, NUCLEI[i]!];
  return atStart + ((distance - start) / (end - start)) * (atEnd - atStart);
}

/** How fine a field is so many levels from focus, that is `inFocus` fine and loses `fall` in one level: src/refocus/detail.ts. */
export function finenessSeen(defocusLevels: number, inFocus: number, fall: number): number {
  const square = defocusLevels ** 2;
  return inFocus - (fall * square) / (1 + 0.27 * (square - 1));
}

/** What a field of nuclei shows so far from focus, um, where a level is 2 um. @param texture levels that it reads more. */
export function fieldSeen(defocusUm: number, texture = 0): FocusReport {
  const fineness = finenessSeen(defocusUm / 2, -1, 0.4);
  return report(levelSeen(defocusUm / 2) + texture, { fineness, contrast: 1000 * Math.exp(fineness) });
}
