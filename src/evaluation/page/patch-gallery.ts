import { mostProbableLevel } from "../../focus/certainty.js";
import { levelColour } from "../../focus/colours.js";
import { displayGrey } from "../../focus/display-range.js";
import { LEVELS } from "../../focus/levels.js";
import { patchStrip } from "../../focus/patch-strip.js";
import type { FocusReport } from "../../focus/report.js";
import { patchesOf } from "../../focus/tiling.js";
import { type Frame, PATCH_PX } from "../../frames/frame.js";
import type { RgbImage } from "../../frames/write-png.js";
import { montage, type Tile } from "./image.js";

/** Columns of the montages. */
const COLUMNS = 10;

interface Example {
  readonly certainty: number;
  readonly tile: Tile;
}

/** Keeps patches worth showing while frames pass by: for each level by certainty, and the least and the most certain. */
export class PatchGallery {
  /** By level, then by tenth of certainty: the one nearest to the middle of it. */
  readonly #byCertainty = perLevel((): (Example | undefined)[] =>
    new Array<Example | undefined>(COLUMNS).fill(undefined),
  );
  readonly #least = perLevel((): Example[] => []);
  readonly #most = perLevel((): Example[] => []);

  /** Takes what it needs of a frame's patches. */
  add(frame: Frame, report: FocusReport): void {
    const grid = patchesOf(frame, report);
    for (const [patch, certainty] of report.certainties.entries()) {
      if (Number.isNaN(certainty)) continue;
      const level = mostProbableLevel(report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
      let example: Example | undefined;
      // Most patches are shown nowhere, and need no picture.
      const made = () => {
        example ??= {
          certainty,
          tile: {
            grey: displayGrey(patchStrip(frame, grid, [patch])),
            colour: levelColour(level, certainty),
          },
        };
        return example;
      };
      const bin = Math.min(COLUMNS - 1, Math.floor(certainty * COLUMNS));
      const distance = (value: number) => Math.abs(value - (bin + 0.5) / COLUMNS);
      const shown = this.#byCertainty[level]![bin];
      if (shown === undefined || distance(certainty) < distance(shown.certainty)) {
        this.#byCertainty[level]![bin] = made();
      }
      insert(this.#least[level]!, certainty, made, (a, b) => a - b);
      insert(this.#most[level]!, certainty, made, (a, b) => b - a);
    }
  }

  /** Rows: levels 0 to 10; columns: certainty from 0 to 1 (Fig. 6 of the paper). */
  byLevelAndCertainty(): RgbImage {
    return montage(this.#byCertainty.map(tilesOf), PATCH_PX);
  }

  /** Rows: levels; columns: the patches with the lowest, or the highest, certainty (Fig. 7 of the paper). */
  extremes(which: "least" | "most"): RgbImage {
    return montage((which === "least" ? this.#least : this.#most).map(tilesOf), PATCH_PX);
  }
}

function perLevel<T>(make: () => T): T[] {
  return Array.from({ length: LEVELS }, make);
}

function tilesOf(examples: readonly (Example | undefined)[]): (Tile | undefined)[] {
  return examples.map((example) => example?.tile);
}

/** Puts an example into its place among the first `COLUMNS`, if it has one. */
function insert(
  examples: Example[],
  certainty: number,
  made: () => Example,
  order: (a: number, b: number) => number,
): void {
  const after = examples.findIndex((example) => order(certainty, example.certainty) < 0);
  const at = after < 0 ? examples.length : after;
  if (at >= COLUMNS) return;
  examples.splice(at, 0, made());
  examples.length = Math.min(examples.length, COLUMNS);
}
