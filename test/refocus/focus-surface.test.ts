import { describe, expect, test } from "vitest";
import { FocusSurface, type FoundFocus } from "../../src/refocus/focus-surface.js";

const MINUTE_MS = 60_000;

/** A plate far from the origin of the stage, imaged row by row, a site a minute. */
function sites(
  focusUm: (site: { xMm: number; yMm: number; minute: number }) => number,
  { rows = 4, columns = 6, sdUm = 0.2, channel = (_: number): string | undefined => "DAPI" } = {},
): FoundFocus[] {
  return Array.from({ length: rows * columns }, (_, i) => {
    const [xMm, yMm] = [20 + 5 * (i % columns), 40 + 5 * Math.floor(i / columns)];
    const zUm = focusUm({ xMm, yMm, minute: i });
    return { xUm: 1000 * xMm, yUm: 1000 * yMm, timeMs: i * MINUTE_MS, channel: channel(i), zUm, sdUm };
  });
}

const place = (xMm: number, yMm: number, minute: number, channel = "DAPI") => ({
  ...{ xUm: 1000 * xMm, yUm: 1000 * yMm },
  ...{ timeMs: minute * MINUTE_MS, channel },
});

describe("the surface through what was found", () => {
  test("is the plate's: tilted in x and y, bowed, and drifting, also beyond the last site", () => {
    const focusUm = ({ xMm, yMm, minute }: { xMm: number; yMm: number; minute: number }) =>
      100 + 0.4 * xMm - 0.7 * yMm + 0.01 * (xMm - 30) ** 2 + 0.1 * minute;
    const surface = new FocusSurface(sites(focusUm));

    expect(surface.at(place(22, 51, 13)).zUm).toBeCloseTo(focusUm({ xMm: 22, yMm: 51, minute: 13 }), 0);
    const next = { xMm: 20, yMm: 60, minute: 24 };
    expect(Math.abs(surface.at(place(20, 60, 24)).zUm - focusUm(next))).toBeLessThan(1);
  });

  test("has an offset for each channel, and takes one that it has not seen for the first", () => {
    const focusUm = ({ xMm, minute }: { xMm: number; minute: number }) =>
      0.2 * xMm + (minute % 2 === 1 ? 3 : 0);
    const found = sites(focusUm, { channel: (i) => (i % 2 === 1 ? "Cy5" : "DAPI") });
    const surface = new FocusSurface(found);
    const at = (channel: string) => surface.at(place(30, 50, 12, channel)).zUm;

    expect(at("DAPI")).toBeCloseTo(6, 0);
    expect(at("Cy5") - at("DAPI")).toBeCloseTo(3, 0);
    expect(at("FITC")).toBeCloseTo(at("DAPI"), 9);
  });

  test("is not bent by a site that jumped", () => {
    const flat = () => 5;
    const jumped = sites(flat).map((site, i) => (i === 9 ? { ...site, zUm: 25 } : site));

    expect(new FocusSurface(jumped).at(place(35, 45, 9)).zUm).toBeCloseTo(5, 0);
  });

  test("is as sure of a place as sites lie on it: less where they scatter, where it is far from them, and after one site", () => {
    const smooth = new FocusSurface(sites(() => 5));
    const rough = new FocusSurface(sites(({ minute }) => 5 + (((minute * 7919) % 13) - 6) / 2));
    const [first] = sites(() => 5);
    const inside = place(32, 48, 12);

    expect(smooth.at(inside).sdUm).toBeLessThan(0.5);
    expect(rough.at(inside).sdUm).toBeGreaterThan(0.8);
    expect(smooth.at(place(90, 48, 12)).sdUm).toBeGreaterThan(10 * smooth.at(inside).sdUm);
    expect(new FocusSurface([first!]).at(inside)).toMatchObject({ zUm: 5 });
    expect(new FocusSurface([first!]).at(inside).sdUm).toBeGreaterThan(0.9);
  });

  test("follows the sites that were found last where the plate moved", () => {
    const moved = sites(({ minute }) => (minute < 12 ? 0 : 6));

    expect(new FocusSurface(moved).at(place(32, 62, 24)).zUm).toBeGreaterThan(4);
  });

  test("of a place that was in focus before says that z, and how far all have moved since", () => {
    const first = sites(({ minute }) => 10 + 0.1 * minute);
    const second = first.map((site) => ({
      ...site,
      timeMs: site.timeMs + 24 * MINUTE_MS,
      zUm: site.zUm + 2.4,
    }));
    const found = [...first, ...second];
    const own = { ...found[3]!, zUm: 14, sdUm: 0.4 };
    const again = new FocusSurface(found).atAgain(place(35, 40, 51), own);
    const alone = new FocusSurface([own]).atAgain(place(35, 40, 51), own);

    expect(again.zUm).toBeCloseTo(14 + 4.8, 0);
    expect(again.sdUm).toBeCloseTo(Math.hypot(0.4, 0.2), 1);
    expect(alone.zUm).toBe(14);
  });
});
