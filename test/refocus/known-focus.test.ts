import { describe, expect, test } from "vitest";
import { KnownFocus, type MapPoint } from "../../src/refocus/known-focus.js";

/** A tilted plate of 3 x 4 wells; well B02 lies 6 um higher than its neighbours, seen at two points. */
const map: MapPoint[] = ["A", "B", "C"].flatMap((row, y) =>
  [1, 2, 3, 4].flatMap((column) =>
    [5, 7].map((high) => ({
      ...{ xUm: 9000 * column, yUm: 9000 * y, sdUm: 0.1, channel: undefined, region: `${row}0${column}` },
      zUm: 2 * column + (row === "B" && column === 2 ? high : 0),
    })),
  ),
);
const site = (well: string | undefined, name = "Pos1") => ({ name, ...(well !== undefined && { well }) });

describe("a map of where a plate was in focus", () => {
  test("says of a place what the surface has there, and adds what its well is off it", () => {
    const known = new KnownFocus(map);
    const at = (well: string | undefined) => known.at({ xUm: 18_000, yUm: 9000, site: site(well) })!.zUm;

    expect(at(undefined)).toBeCloseTo(4, 0);
    expect(at("B2")).toBeCloseTo(4 + 6, 0);
    expect(at("B02")).toBe(at("B2"));
    expect(known.at({ xUm: 18_000, yUm: 9000, site: site(undefined, "B02") })!.zUm).toBe(at("B2"));
  });

  test("says nothing of a place without x or y", () => {
    const known = new KnownFocus(map);

    expect(known.at({ yUm: 9000, site: site("B02") })).toBeUndefined();
    expect(known.at({ xUm: 9000, site: site("B02") })).toBeUndefined();
  });

  test("takes the region of the channel before that of any channel", () => {
    const ofCy5 = map.map((point) => ({ ...point, channel: "Cy5", zUm: point.zUm + 3 }));
    const known = new KnownFocus([...map, ...ofCy5.filter(({ region }) => region !== "B02")]);
    const at = (channel: string | undefined) =>
      known.at({ xUm: 18_000, yUm: 9000, channel, site: site("B02") })!.zUm;

    expect(at("Cy5") - at(undefined)).toBeCloseTo(3, 0);
  });
});
