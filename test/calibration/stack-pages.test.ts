import { describe, expect, test } from "vitest";
import { pagesOfOneStack, planesUm } from "../../src/calibration/stack-pages.js";
import type { FrameMetadata } from "../../src/frames/micro-manager-metadata.js";

const stack = (...pages: FrameMetadata[]) =>
  pages.map((metadata, page) => ({ path: "stack.tif", page, metadata }));
const each = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const chosen = (pages: ReturnType<typeof stack>, channel?: string) =>
  pagesOfOneStack(pages, channel).map(({ page }) => page);

describe("the pages of a stack", () => {
  test.each<[string, (i: number) => FrameMetadata]>([
    ["say nothing", () => ({})],
    ["are numbered as planes", (zIndex) => ({ zIndex, channel: "DAPI", timeIndex: 0 })],
    ["were taken as a time series", (timeIndex) => ({ timeIndex, zUm: timeIndex * 2 })],
    ["are taken for channels by ImageJ", (channelIndex) => ({ channelIndex })],
  ])("are all taken where they %s", (_, of) => {
    expect(chosen(stack(...each(7, of)))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  const numbered = stack(...each(10, (i) => ({ channelIndex: i % 2, zIndex: Math.floor(i / 2) })));

  test("of several channels are refused, and those of one are taken by its name or number", () => {
    expect(() => pagesOfOneStack(numbered)).toThrow(
      "the stack has 2 channels (channel0, channel1): choose one with --channel",
    );
    expect(chosen(numbered, "channel1")).toEqual([1, 3, 5, 7, 9]);
    const named = stack(...each(6, (i) => ({ channel: i < 3 ? "DAPI" : "Cy5", zIndex: i % 3 })));
    expect(chosen(named, "cy5")).toEqual([3, 4, 5]);
    expect(() => pagesOfOneStack(named, "GFP")).toThrow(
      "no page of the stack is of channel GFP: there are DAPI, Cy5",
    );
    expect(() => pagesOfOneStack(stack({}, {}), "GFP")).toThrow("its files name none");
  });

  test("are refused where each has a channel with a name of its own", () => {
    const names = ["DAPI", "GFP", "Cy3", "Cy5", "BF"];
    expect(() => pagesOfOneStack(stack(...names.map((channel) => ({ channel }))))).toThrow("5 channels");
  });

  test.each<[string, (i: number) => FrameMetadata, string]>([
    ["time points", (i) => ({ timeIndex: i % 2, zIndex: i >> 1 }), "2 time points (0, 1)"],
    ["positions", (i) => ({ positionName: `Pos${i >> 2}` }), "2 positions (Pos0, Pos1)"],
    ["images of a file", (i) => ({ series: `s${i >> 2}`, zIndex: i % 4 }), "2 positions (s0, s1)"],
  ])("of several %s are refused", (_, of, said) => {
    expect(() => pagesOfOneStack(stack(...each(8, of)))).toThrow(said);
  });
});

describe("planes", () => {
  test.each<[string, FrameMetadata[], (number | undefined)[]]>([
    ["by the drive", [3, 4].map((zIndex) => ({ zUm: 7 * zIndex, zIndex, zStepUm: 0.5 })), [21, 28]],
    ["in their stack", [3, 4].map((zIndex) => ({ zIndex, zStepUm: 0.5 })), [1.5, 2]],
    [
      "in their stack where the drive's place is told of some alone: it counts from elsewhere",
      [
        { zIndex: 0, zStepUm: 2 },
        ...[1, 2].map((zIndex) => ({ zUm: 5000 + 2 * zIndex, zIndex, zStepUm: 2 })),
      ],
      [0, 2, 4],
    ],
    ["nowhere that is known", [{ zIndex: 3 }], [undefined]],
  ])("lie %s", (_, pages, places) => {
    expect(planesUm(stack(...pages))).toEqual(places);
  });
});
