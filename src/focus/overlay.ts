import type { Frame } from "../frames/frame.js";
import { mostProbableLevel } from "./certainty.js";
import { levelColour, type Rgb } from "./colours.js";
import { displayGrey } from "./display-range.js";
import { LEVELS } from "./levels.js";
import type { FocusReport } from "./report.js";
import { patchesOf } from "./tiling.js";

const BORDER_PX = 2;
const BAR_PX = 8;

/**
 * The frame in grey with each patch framed: hue = level, brightness = certainty; the bar below has the colour of
 * the frame's level (as Fig. 2b of the paper).
 */
export function drawOverlay(
  frame: Frame,
  report: FocusReport,
): { width: number; height: number; rgb: Uint8Array } {
  const { width } = frame;
  const height = frame.height + BAR_PX;
  const rgb = new Uint8Array(3 * width * height);
  for (const [i, grey] of displayGrey(frame).entries()) rgb.fill(grey, 3 * i, 3 * i + 3);
  const paint = (x: number, y: number, colour: Rgb) => rgb.set(colour, 3 * (y * width + x));
  const { tops, lefts, sidePx } = patchesOf(frame, report);
  for (let patch = 0; patch < report.rows * report.columns; patch++) {
    if (Number.isNaN(report.certainties[patch])) continue;
    const top = tops[Math.floor(patch / report.columns)]!;
    const left = lefts[patch % report.columns]!;
    const level = mostProbableLevel(report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
    const colour = levelColour(level, report.certainties[patch]!);
    for (let along = 0; along < sidePx; along++) {
      for (let across = 0; across < BORDER_PX; across++) {
        paint(left + along, top + across, colour);
        paint(left + along, top + sidePx - 1 - across, colour);
        paint(left + across, top + along, colour);
        paint(left + sidePx - 1 - across, top + along, colour);
      }
    }
  }
  const barColour = levelColour(report.level, 1);
  for (let y = frame.height; y < height; y++) for (let x = 0; x < width; x++) paint(x, y, barColour);
  return { width, height, rgb };
}
