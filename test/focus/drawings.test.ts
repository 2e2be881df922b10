import { describe, expect, it, test } from "vitest";
import { certaintyOf, frameDistribution } from "../../src/focus/certainty.js";
import { levelColour, type Rgb } from "../../src/focus/colours.js";
import { LEVELS } from "../../src/focus/levels.js";
import { drawMasks } from "../../src/focus/masks.js";
import { drawOverlay } from "../../src/focus/overlay.js";
import { overlayLegend } from "../../src/focus/overlay-legend.js";
import type { FocusReport } from "../../src/focus/report.js";
import type { Frame } from "../../src/frames/frame.js";

const WIDTH = 100;
const HEIGHT = 90;

/** Four patches on 100 x 90 px, at the corners; each as sure of its level as asked. */
function reportOf(patches: readonly { level: number; share: number }[]): FocusReport {
  const probabilities = Float32Array.from(
    patches.flatMap(({ level, share }) =>
      Array.from({ length: LEVELS }, (_, k) => (k === level ? share : (1 - share) / (LEVELS - 1))),
    ),
  );
  const certainties = Float32Array.from(patches, (_, i) =>
    certaintyOf(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
  );
  const distribution = frameDistribution(probabilities, certainties);
  return {
    binning: 1,
    rows: 2,
    columns: 2,
    coverage: "full",
    probabilities,
    certainties,
    distribution,
    level: distribution.indexOf(Math.max(...distribution)),
    defocusLevels: 0,
    expectedLevel: 0,
    sharpestLevel: 0,
    levelSd: 0.1,
    brightness: 500,
    contrast: 0,
    aggregateCertainty: 0,
    meanCertainty: 0,
    maxCertainty: 0,
    confidences: new Float32Array(0),
    confidence: 0,
    saturatedFraction: 0,
    condition: "mixed",
    unfamiliar: false,
  };
}

const frame: Frame = {
  width: WIDTH,
  height: HEIGHT,
  pixels: Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => 500 + (i % 97)),
};
const report = reportOf([
  { level: 0, share: 0.999 },
  { level: 4, share: 0.999 },
  { level: 7, share: 0.4 },
  { level: 10, share: 0.999 },
]);

function hueOf([red, green, blue]: Rgb): number {
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const sector =
    high === red
      ? (green - blue) / (high - low)
      : high === green
        ? 2 + (blue - red) / (high - low)
        : 4 + (red - green) / (high - low);
  return (60 * sector + 360) % 360;
}

describe("levelColour", () => {
  it("goes from red over green to violet, a hue further with each level", () => {
    const hues = Array.from({ length: LEVELS }, (_, level) => hueOf(levelColour(level, 1)));
    expect(hues[0]).toBe(0);
    expect(hues[10]).toBeCloseTo(280, 0);
    for (let level = 1; level < LEVELS; level++) expect(hues[level]! - hues[level - 1]!).toBeCloseTo(28, 0);
  });

  it("is as bright as it is certain, black without certainty", () => {
    expect(levelColour(6, 0)).toEqual([0, 0, 0]);
    for (const brightness of [0.2, 0.5, 1])
      expect(Math.max(...levelColour(6, brightness))).toBe(Math.round(255 * brightness));
  });
});

describe("drawOverlay", () => {
  const { width, height, rgb } = drawOverlay(frame, report);
  const at = (x: number, y: number) => [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];

  it("is the frame's size plus a bar of 8 px", () => {
    expect([width, height, rgb.length]).toEqual([WIDTH, HEIGHT + 8, 3 * WIDTH * (HEIGHT + 8)]);
  });

  it("frames each patch in the hue of its level, as bright as its certainty", () => {
    const corners = [
      [0, 0],
      [WIDTH - 1, 0],
      [0, HEIGHT - 1],
      [WIDTH - 1, HEIGHT - 1],
    ] as const;
    for (const [patch, [x, y]] of corners.entries()) {
      const level = [0, 4, 7, 10][patch]!;
      expect(at(x, y)).toEqual([...levelColour(level, report.certainties[patch]!)]);
    }
    expect(Math.max(...at(0, HEIGHT - 1))).toBeLessThan(0.5 * Math.max(...at(0, 0)));
  });

  it("shows the frame in grey within, from dark to bright, and the frame's level in the bar", () => {
    const [red, green, blue] = at(50, 45);
    expect([green, blue]).toEqual([red, red]);
    const greys = Array.from({ length: 11 * 60 }, (_, i) => at(20 + (i % 60), 40 + Math.floor(i / 60))[0]!);
    expect(Math.max(...greys)).toBe(255);
    expect(Math.min(...greys)).toBe(0);
    for (const [x, y] of [
      [0, HEIGHT],
      [WIDTH - 1, HEIGHT + 7],
    ] as const)
      expect(at(x, y)).toEqual([...levelColour(report.level, 1)]);
  });

  it("draws a frame of one value without failing", () => {
    expect(
      drawOverlay({ ...frame, pixels: new Uint16Array(WIDTH * HEIGHT).fill(7) }, report).rgb.length,
    ).toBe(rgb.length);
  });
});

describe("overlayLegend", () => {
  it("shows the colour that each level has in an overlay, and black for no certainty", () => {
    const fills = [...overlayLegend().matchAll(/fill="rgb\(([\d ]+)\)"/g)].map((match) =>
      match[1]!.split(" ").map(Number),
    );
    const levels = Array.from({ length: LEVELS }, (_, level) => [...levelColour(level, 1)]);
    expect(fills.slice(0, LEVELS)).toEqual(levels);
    expect([fills[LEVELS], fills.at(-1)]).toEqual([[0, 0, 0], levels[4]]);
  });
});

describe("drawMasks", () => {
  it("maps level, certainty times 65535 and validity onto the frame's pixels, the later patch on top", () => {
    const masks = drawMasks(frame, report);
    for (const mask of Object.values(masks) as Frame[])
      expect([mask.width, mask.height]).toEqual([WIDTH, HEIGHT]);
    const at = (mask: Frame, x: number, y: number) => mask.pixels[y * WIDTH + x];
    const corners = [
      [0, 0],
      [WIDTH - 1, 0],
      [0, HEIGHT - 1],
      [WIDTH - 1, HEIGHT - 1],
    ] as const;
    expect(corners.map(([x, y]) => at(masks.level, x, y))).toEqual([0, 4, 7, 10]);
    expect(corners.map(([x, y]) => at(masks.certainty, x, y))).toEqual(
      [...report.certainties].map((c) => Math.round(65_535 * c)),
    );
    expect(at(masks.level, 50, 45)).toBe(10);
    expect(new Set(masks.valid.pixels)).toEqual(new Set([65_535]));
  });

  it("marks as not valid what the original's tiling does not judge", () => {
    const single: FocusReport = { ...report, rows: 1, columns: 1 };
    const { valid } = drawMasks(frame, single);
    expect(valid.pixels.filter((value) => value === 65_535).length).toBe(84 * 84);
    expect([valid.pixels[0], valid.pixels[84], valid.pixels[84 * WIDTH]]).toEqual([65_535, 0, 0]);
  });

  it("covers twice as many pixels a side with each patch of a frame that was judged in 2 x 2", () => {
    const large = {
      width: 2 * WIDTH + 1,
      height: 2 * HEIGHT,
      pixels: new Uint16Array((2 * WIDTH + 1) * 2 * HEIGHT),
    };
    const masks = drawMasks(large, { ...report, binning: 2 });
    const at = (x: number, y: number) => masks.level.pixels[y * large.width + x];
    expect([at(0, 0), at(2 * WIDTH - 1, 0), at(0, 2 * HEIGHT - 1)]).toEqual([0, 4, 7]);
    expect(at(2 * WIDTH - 1, 2 * HEIGHT - 1)).toBe(10);
    expect(masks.valid.pixels.filter((value) => value === 65_535).length).toBe(4 * WIDTH * HEIGHT);
    expect(masks.valid.pixels[large.width - 1]).toBe(0);
  });
});

test("patches that were not judged are left out of overlay and masks", () => {
  const certainties = report.certainties.map((certainty, patch) => (patch === 3 ? Number.NaN : certainty));
  const sample = { ...report, certainties };
  const corner = 3 * (WIDTH * HEIGHT - 1);
  const [red, green, blue] = drawOverlay(frame, sample).rgb.subarray(corner, corner + 3);
  expect([green, blue]).toEqual([red, red]);
  const { valid } = drawMasks(frame, sample);
  expect([valid.pixels[0], valid.pixels.at(-1)]).toEqual([65535, 0]);
});
