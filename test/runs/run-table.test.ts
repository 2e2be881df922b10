import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RunTable } from "../../src/runs/run-table.js";
import { times } from "../helpers/campaign.js";
import { anyRecord, verdict } from "../store/records.js";

const rules = (maxLevel: number) => ({ maxLevel, minCertainty: 0.3 });

describe("the table of a run", () => {
  test("knows the thresholds of the last verdict of each channel, also after it was sent as a whole", () => {
    const table = new RunTable("run-1");
    table.apply({ ...verdict({ channel: "GFP" }), rules: rules(3) });
    table.apply({ ...verdict({ channel: "DAPI" }), rules: rules(1) });
    table.apply({ ...verdict({ channel: "GFP", site: "A2-Site_0" }), rules: rules(2) });

    for (const each of [table, RunTable.from(JSON.parse(JSON.stringify(table.snapshot())))]) {
      expect(each.rulesOf("DAPI")).toEqual(rules(1));
      expect(each.rulesOf("GFP")).toEqual(rules(2));
      expect(each.rulesOf(undefined)).toEqual(rules(2));
      expect(each.rulesOf("Cy5")).toBeUndefined();
    }
  });

  test("lists channels as they were first seen, and time points in order", () => {
    const table = new RunTable("run-1");
    for (const [channel, timeIndex] of [
      ["GFP", 7],
      ["DAPI", 0],
      ["GFP", 2],
    ] as const) {
      const { frame, ...record } = verdict({ channel });
      table.apply({ ...record, frame: { ...frame!, id: `${channel}/${timeIndex}`, timeIndex } });
    }

    expect(table.channels).toEqual(["GFP", "DAPI"]);
    expect(table.timePoints).toEqual([0, 2, 7]);
    expect(RunTable.from(table.snapshot()).timePoints).toEqual([0, 2, 7]);
  });

  test("lets go of its oldest frames beyond 50,000, and says how many there were, also when sent as a whole", () => {
    const table = new RunTable("run-1");
    const { frame, ...record } = verdict();
    for (let i = 0; i < 50_001; i++) {
      if (i === 50_000) expect(table.withinLimit()).toBe(table);
      table.apply({ ...record, id: `${i}`, frame: { ...frame!, id: `${i}`, sequence: i, timeIndex: i } });
    }
    const part = table.withinLimit();

    expect(part.frames).toHaveLength(40_000);
    expect(part.frames.at(-1)!.id).toBe("50000");
    expect(RunTable.from(part.snapshot()).counts.frames).toBe(50_001);
    expect(part.entry().frames).toBe(50_001);
  });

  test("with its newest frames only says of these and of their sites what the whole says, and counts all", () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 40 }),
        fc.integer({ min: 1, max: 10 }),
        (records, most) => {
          const table = new RunTable("run-1");
          for (const record of records) if (record.session === "run-1") table.apply(record);
          const part = table.recent(most);

          expect(part.frames.map(({ id, ms }) => [id, ms])).toEqual(
            table.frames.slice(-most).map(({ id, ms }) => [id, ms]),
          );
          expect(part.counts).toEqual(table.counts);
          const counted = new RunTable("run-1", { ...table.snapshot() }).counts;
          expect(counted).toEqual(table.counts);
          for (const { site, channel, timeIndex } of part.frames) {
            const number = table.sites.findIndex((_, i) => table.keyOfSite(i) === part.keyOfSite(site));
            expect(part.sites[site]).toEqual(table.sites[number]);
            const [own, whole] = [part, table].map(({ states }, i) =>
              states.get(i === 0 ? site : number, channel, timeIndex),
            );
            expect(own?.outcome?.keepId).toEqual(whole?.outcome?.keepId);
            expect(own?.end?.why).toEqual(whole?.end?.why);
            expect(own?.mark).toEqual(whole?.mark);
          }
        },
      ),
      { numRuns: times(100, 2000) },
    );
  });

  test("with its newest frames only knows places of one name apart, and gives no key twice", () => {
    const at = (xUm: number, id: string) => {
      const record = verdict();
      return { ...record, id, frame: { ...record.frame!, id, xUm } };
    };
    const table = new RunTable("run-1");
    for (const [i, xUm] of [0, 500, 1000].entries()) table.apply(at(xUm, `f${i}`));
    const part = table.recent(1);
    for (const each of [table, part]) {
      each.apply(at(1500, "next"));
      each.apply(at(1000, "again"));
    }

    expect(part.frames.map(({ site }) => part.keyOfSite(site))).toEqual(
      [2, 3, 2].map((number) => table.keyOfSite(number)),
    );
  });

  test("counts a frame once that was dropped and then judged", () => {
    const record = verdict({ decision: "flag" });
    const { id, session, frame, recordedMs } = record;
    const table = new RunTable("run-1");
    table.apply({ v: 1, type: "drop", id, session, why: "deadline", frame: frame!, recordedMs });
    expect(table.counts).toMatchObject({ frames: 1, unscored: 1, flagged: 0 });
    table.apply(record);

    expect(table.counts).toMatchObject({ frames: 1, unscored: 0, flagged: 1 });
  });
});
