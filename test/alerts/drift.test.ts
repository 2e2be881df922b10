import { describe, expect, test } from "vitest";
import { driftOf, type FocusPoint } from "../../src/alerts/drift.js";
import { DriftRule } from "../../src/alerts/drift-rule.js";
import { Random } from "../../src/optics/random.js";
import type { ResultRecord } from "../../src/records/record.js";
import { times } from "../helpers/campaign.js";
import { verdict } from "../store/records.js";

interface Plate {
  readonly driftUmPerHour: number;
  readonly passes: number;
  readonly seed: number;
  readonly noiseUm?: number;
}

/** Sites of a tilted, bowed plate, imaged row by row, again and again, a minute a site. */
function points({ driftUmPerHour, passes, seed, noiseUm = 0.4 }: Plate): FocusPoint[] {
  const random = new Random(seed);
  const tilt = [random.normal() * 10, random.normal() * 10, random.normal() * 4] as const;
  const list: FocusPoint[] = [];
  for (let pass = 0; pass < passes; pass++) {
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 6; column++) {
        const hours = list.length / 60;
        const [u, v] = [column / 5 - 0.5, row / 3 - 0.5];
        const shape = tilt[0] * u + tilt[1] * v + tilt[2] * (u * u + v * v);
        const offsetUm = shape + driftUmPerHour * hours + noiseUm * random.normal();
        list.push({ xUm: 19_300 * column, yUm: 19_300 * row, offsetUm, hours });
      }
    }
  }
  return list;
}

const seeds = Array.from({ length: 200 }, (_, i) => i + 1);

describe("drift", () => {
  test("is found beneath tilt and bow where sites are visited again", () => {
    const errors = seeds.map((seed) => {
      const drift = driftOf(points({ driftUmPerHour: 10, passes: 3, seed }))!;
      return Math.abs(drift.umPerHour - 10) / drift.standardError;
    });

    // As errors should lie if the standard error is right: 95 % within two, nearly all within three.
    expect(errors.filter((error) => error < 2).length / errors.length).toBeGreaterThan(0.9);
    expect(errors.filter((error) => error < 3.5).length / errors.length).toBeGreaterThan(0.98);
  });

  test("is not told from tilt by a single pass over the plate: nothing is said", () => {
    for (const seed of seeds)
      expect(driftOf(points({ driftUmPerHour: 10, passes: 1, seed }))).toBeUndefined();
  });

  test("is not led astray by a few sites that are far off", () => {
    const list = points({ driftUmPerHour: 10, passes: 3, seed: 1 }).map((point, i) =>
      i % 12 === 5 ? { ...point, offsetUm: point.offsetUm + 40 } : point,
    );

    expect(driftOf(list)?.umPerHour).toBeCloseTo(10, -0.5);
  });
});

/** Runs a rule over outcomes at these points; gives what it said. */
function said(list: readonly FocusPoint[], umPerHour = 6): string[] {
  const rule = new DriftRule({ umPerHour, minSites: 16 });
  return list.flatMap(({ xUm, yUm, offsetUm, hours }, i) => {
    const record = verdict({ site: `A${(i % 12) + 1}-Site_${i}` });
    const frame = { ...record.frame!, xUm, yUm, zUm: 100 + offsetUm, plannedZUm: 100 };
    const outcome = {
      ...{
        v: 1,
        type: "outcome",
        session: "run-1",
        recovered: "not-needed",
        keepId: frame.id,
        recordedMs: 0,
      },
    } as unknown as ResultRecord;
    const nowMs = hours * 3_600_000;
    return [{ ...record, frame } as ResultRecord, outcome].flatMap((each) =>
      rule.observe(each, nowMs).map(({ state, message }) => `${state}: ${message}`),
    );
  });
}

describe("the alert for drift", () => {
  test("is never raised by tilt, bow and noise", () => {
    for (const seed of seeds.slice(0, times(60, 200))) {
      expect(said(points({ driftUmPerHour: 0, passes: 3, seed }))).toEqual([]);
    }
  });

  test("is raised by a steady drift, once", () => {
    for (const seed of seeds.slice(0, times(20, 50))) {
      expect(said(points({ driftUmPerHour: 15, passes: 3, seed }))).toEqual([
        expect.stringMatching(/^raised: Focus drifts by 1\d\.\d um an hour/),
      ]);
    }
  });

  test("is over when the drift is", () => {
    const drifting = points({ driftUmPerHour: 15, passes: 3, seed: 3 });
    const last = drifting.at(-1)!;
    const steady = points({ driftUmPerHour: 0, passes: 4, seed: 3 }).map((point) => ({
      ...point,
      hours: point.hours + last.hours,
      offsetUm: point.offsetUm + 15 * last.hours,
    }));

    expect(said([...drifting, ...steady])).toEqual([
      expect.stringContaining("raised"),
      expect.stringContaining("cleared"),
    ]);
  });

  test("can be switched off", () => {
    expect(said(points({ driftUmPerHour: 15, passes: 3, seed: 1 }), 0)).toEqual([]);
  });
});
