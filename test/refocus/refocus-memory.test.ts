import { describe, expect, test } from "vitest";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { FocusEvidence, type Sample } from "../../src/refocus/focus-evidence.js";
import { KnownFocus } from "../../src/refocus/known-focus.js";
import { RefocusMemory } from "../../src/refocus/refocus-memory.js";
import { type PolicySettings, rulesFor } from "../../src/refocus/thresholds.js";
import { frame, levelSeen, settings } from "./helpers.js";

const rules = rulesFor(settings, undefined);

/** A site of a row along x, 1 mm apart. */
function siteAt(index: number, fields: Partial<FrameMessage> = {}): FrameMessage {
  const name = fields.site?.name ?? `site ${index}`;
  return frame({
    xUm: 1000 * index,
    yUm: 0,
    zUm: 0,
    plannedZUm: 0,
    ...fields,
    site: { name, ...fields.site },
  });
}

/** Frames of a site at these z, um, whose plane of focus is known. */
function samplesAt(zs: readonly number[], focusUm: number, brightness = 500): Sample[] {
  return zs.map((zUm) => ({ zUm, level: levelSeen((zUm - focusUm) / 2), levelSd: 0.05, brightness }));
}

interface Found {
  readonly site: FrameMessage;
  readonly focusUm: number;
}

/** A memory that has found sites by a search from where they were planned. */
function memoryOf(found: readonly Found[], overrides: Partial<PolicySettings> = {}, map?: KnownFocus) {
  const memory = new RefocusMemory({ ...settings, ...overrides }, map);
  for (const [i, { site, focusUm }] of found.entries()) {
    const startUm = site.zUm!;
    for (const _ of memory.learn(
      site,
      rules,
      samplesAt([startUm, focusUm + 3, focusUm], focusUm),
      2,
      1000 * i,
    ));
  }
  return memory;
}

const nextAt = (index: number, fields: object = {}) => ({
  ...{ site: { name: `site ${index}` }, xUm: 1000 * index, yUm: 0, zUm: 0 },
  ...fields,
});
const row = (count: number, focusUm: (index: number) => number) =>
  Array.from({ length: count }, (_, i) => ({ site: siteAt(i), focusUm: focusUm(i) }));

describe("where focus is expected at the next site", () => {
  test("is not said before the run has shown anything, nor where the plan was right", () => {
    expect(memoryOf([]).next(nextAt(0), 0)).toBeUndefined();
    expect(memoryOf(row(1, () => 8)).next(nextAt(1), 5000)).toBeUndefined();
    expect(memoryOf(row(6, () => 0)).next(nextAt(6), 7000)).toBeUndefined();
  });

  test("is on the surface through the last sites, in whole nanometres", () => {
    const next = memoryOf(row(8, (i) => 6 + 0.5 * i)).next(nextAt(8), 9000)!;

    expect(Math.abs(next.zUm - 10)).toBeLessThan(1);
    expect(next.basis).toBe("surface");
    expect(next.sdUm).toBeGreaterThan(0);
    for (const um of [next.zUm, next.sdUm]) expect(Math.round(um * 1000) / 1000).toBe(um);
  });

  test("is the plan and its usual offset where the planned z follow the plate", () => {
    const planned = (i: number) => 30 * Math.sin(i * 5);
    const found = Array.from({ length: 8 }, (_, i) => ({
      site: siteAt(i, { zUm: planned(i), plannedZUm: planned(i) }),
      focusUm: planned(i) + 7,
    }));

    const next = memoryOf(found).next(nextAt(8, { zUm: planned(8) }), 9000)!;

    expect(Math.abs(next.zUm - planned(8) - 7)).toBeLessThan(1.5);
  });

  test("is what was found at the same site before, at the next time point", () => {
    const uneven = [34, 20, 31, 17, 38, 25];
    const found = [0, 1, 2].flatMap(() =>
      uneven.map((focusUm, i) => ({ site: siteAt(i, { zUm: focusUm - 6 }), focusUm })),
    );

    const next = memoryOf(found).next(nextAt(3), 20_000)!;

    expect(next.basis).toBe("site");
    expect(Math.abs(next.zUm - 17)).toBeLessThan(1.5);
  });

  test("is that of the first site in the same well, from the second on", () => {
    const site = (part: number, well = "A01") => ({ site: { name: `${well} s${part}`, well } });
    const memory = memoryOf([{ site: siteAt(0, site(0)), focusUm: 8 }]);

    expect(memory.next(nextAt(0, site(1)), 1000)!.zUm).toBeCloseTo(8, 0);
    expect(memory.next(nextAt(1, site(0, "A02")), 1000)).toBeUndefined();
  });

  test("is not the plan where that was right for half of the last sites and far off for the others", () => {
    const half = memoryOf(row(8, (i) => (i < 4 ? 12 : 0)));
    const right = memoryOf(row(8, () => 0));
    const sdAt = (memory: RefocusMemory) =>
      memory.priorFor(siteAt(8), rules, 9000, undefined).expected?.sdUm ?? Number.NaN;

    expect(sdAt(right)).toBeLessThan(2);
    expect(sdAt(half)).toBeGreaterThan(2 * sdAt(right));
  });

  test("is that of the site before in the same well, where wells differ more than the sites in them", () => {
    const wells = [15, -15, 12, -12, 14, -13];
    const site = (index: number, part: number) => ({ name: `w${index} s${part}`, well: `A0${index + 1}` });
    const found = wells.flatMap((focusUm, i) =>
      [0, 1].map((part) => ({ site: siteAt(i, { site: site(i, part) }), focusUm })),
    );
    const memory = memoryOf([...found, { site: siteAt(6, { site: site(6, 0) }), focusUm: 16 }]);

    const next = memory.next(nextAt(6, { site: site(6, 1) }), 20_000)!;

    expect(Math.abs(next.zUm - 16)).toBeLessThan(1.5);
  });

  test("is where a map says, moved by what it was off at the last sites", () => {
    const points = Array.from({ length: 10 }, (_, i) => ({
      ...{ xUm: 1000 * i, yUm: 0, zUm: 40 + i, sdUm: 0.1, channel: undefined, region: undefined },
    }));
    const map = new KnownFocus(points);
    const before = memoryOf([], {}, map).next(nextAt(5), 0)!;
    const higher = [0, 1, 2, 3].map((i) => ({ site: siteAt(i, { zUm: 40 + i }), focusUm: 45 + i }));
    const off = memoryOf(higher, {}, map).next(nextAt(5), 6000)!;

    expect(before).toMatchObject({ zUm: expect.closeTo(45, 0), basis: "surface" });
    expect(before.sdUm).toBeGreaterThan(2.5);
    expect(Math.abs(off.zUm - 50)).toBeLessThan(1.2);
    expect(memoryOf([], {}, map).next({ site: { name: "nowhere" }, zUm: 0 }, 0)).toBeUndefined();
  });
});

describe("what is believed of a site before its first frame", () => {
  const prior = (memory: RefocusMemory, fields: Partial<FrameMessage> = {}) =>
    memory.priorFor(siteAt(20, fields), rules, 30_000, 500);

  test("is the side that was configured, and then the one on which the run has found focus, by channel", () => {
    const up = row(6, () => 9);
    const down = row(6, () => -9);

    expect(prior(memoryOf([])).positive).toBeCloseTo(0.55, 6);
    expect(prior(memoryOf([], { firstSide: "negative" })).positive).toBeCloseTo(0.45, 6);
    expect(prior(memoryOf(up)).positive).toBeGreaterThan(0.85);
    expect(prior(memoryOf(down)).positive).toBeLessThan(0.15);
    expect(prior(memoryOf(up), { channel: "Cy5" }).positive).toBeCloseTo(0.55, 6);
    expect(prior(memoryOf([...up, ...down])).positive).toBeLessThan(0.5);
    expect(prior(memoryOf(row(6, () => 0))).positive).toBeCloseTo(0.55, 6);
  });

  test("has an expectation only where the frame has a z, and is surer of um per level that the user gave", () => {
    const { zUm: _, ...noZ } = siteAt(20);
    const memory = memoryOf(row(8, () => 9));
    const peak = (weights: readonly number[]) => Math.max(...weights);

    const next = memory.priorFor(siteAt(8), rules, 9000, 500);

    expect(Math.abs(next.expected!.zUm - 9)).toBeLessThan(1);
    expect(memory.priorFor(noZ, rules, 30_000, 500).expected).toBeUndefined();
    const given = new RefocusMemory(settings).priorFor(siteAt(0), { ...rules, umPerLevel: 3 }, 0, 500);
    expect(given.umPerLevel).toBe(3);
    expect(peak(given.scales)).toBeGreaterThan(1.2 * peak(prior(memoryOf([])).scales));
  });

  test("is the same whether what the frames say was weighed before or not", () => {
    const [weighed, not] = [new RefocusMemory(settings), new RefocusMemory(settings)];
    for (const { site, focusUm } of row(4, (i) => 4 + i)) {
      const samples = samplesAt([0, focusUm + 3, focusUm], focusUm);
      const evidence = new FocusEvidence(samples, weighed.priorFor(site, rules, 0, 500));
      for (const _ of weighed.learn(site, rules, samples, 2, 0, evidence));
      for (const _ of not.learn(site, rules, samples, 2, 0));
    }

    expect(prior(weighed)).toEqual(prior(not));
    expect(weighed.next(nextAt(4), 0)).toEqual(not.next(nextAt(4), 0));
  });

  test("leaves out what was learned with other optics", () => {
    const memory = memoryOf(row(8, () => 9));
    const fresh = prior(memoryOf([]), { pixelUm: 0.325 });

    expect(prior(memory).scales).not.toEqual(prior(memoryOf([])).scales);
    expect(prior(memory, { pixelUm: 0.325 }).scales).toEqual(fresh.scales);
    expect(prior(memory, { optics: { na: 0.3 } }).contents).toEqual(fresh.contents);
  });
});
