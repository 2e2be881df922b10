import { execFileSync } from "node:child_process";
import {
  access,
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, onTestFinished, test } from "vitest";
import { AgentConfig } from "../../src/config/schema.js";
import { OutputError, UnknownNameError } from "../../src/errors.js";
import { systemClock } from "../../src/protocol/clock.js";
import type { OutcomeMessage } from "../../src/protocol/messages.js";
import { CsvSink } from "../../src/sinks/csv-sink.js";
import { JsonlSink, type LineFile } from "../../src/sinks/jsonl-sink.js";
import { PendingLines } from "../../src/sinks/pending-lines.js";
import { createSink } from "../../src/sinks/registry.js";
import { jsonLines, recordingLog, sleep, temporaryFolder, until } from "../agent/helpers.js";
import { frame } from "../refocus/helpers.js";
import { verdict } from "./helpers.js";

const signal = new AbortController().signal;
const results = (folder: string, fields: object = {}) =>
  AgentConfig.parse({ results: { folder, csvMs: 10, ...fields } }).results;

async function jsonlSink(
  folder: string,
  fields: object = {},
  openFile?: (path: string) => Promise<LineFile>,
) {
  const { log, lines } = recordingLog();
  const sink = new JsonlSink(results(folder, fields), { log, clock: systemClock }, openFile);
  const path = await sink.start(signal);
  onTestFinished(() => sink.stop());
  return { sink, path, logged: lines };
}

interface Faults {
  readonly isFull?: () => boolean;
  readonly onSync?: () => void;
}

/** A real file on a disk that can be full: it takes a part of the bytes first. */
function lineFile(file: FileHandle, { isFull, onSync }: Faults): LineFile {
  return {
    write: (async (bytes: Buffer, offset: number, length: number) => {
      if (!isFull?.()) return file.write(bytes, offset, length, null);
      await file.write(bytes, offset, Math.min(30, length), null);
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    }) as LineFile["write"],
    datasync: () => {
      onSync?.();
      return file.datasync();
    },
    truncate: (size) => file.truncate(size),
    stat: (() => file.stat()) as LineFile["stat"],
    close: () => file.close(),
  };
}

describe.skipIf(process.platform === "win32")("a results folder of other programs", () => {
  const started = (Sink: typeof JsonlSink | typeof CsvSink, folder: string) =>
    new Sink(results(folder), { log: recordingLog().log, clock: systemClock }).start(signal);

  test("with a pipe in the place of a file is refused, and waits for nobody at its other end", async () => {
    const folder = await temporaryFolder();
    for (const name of ["results.jsonl", "sites.csv"]) execFileSync("mkfifo", [join(folder, name)]);

    await expect(started(JsonlSink, folder)).rejects.toThrow(/results.jsonl: .*a pipe or a device/);
    await expect(started(CsvSink, folder)).rejects.toThrow(/sites.csv: .*a pipe or a device/);
  });

  test("with something else in the place of its lock says what to remove", async () => {
    const [withFolder, withFile] = [await temporaryFolder(), await temporaryFolder()];
    await mkdir(join(withFolder, ".agent.lock"));
    await writeFile(join(withFile, ".agent.lock"), "locked by somebody");

    for (const folder of [withFolder, withFile])
      await expect(started(JsonlSink, folder)).rejects.toThrow(/.agent.lock in it .* remove it/);
  });
});

describe("results.jsonl", () => {
  test("counts what comes after it was stopped as lost", async () => {
    const { sink, path } = await jsonlSink(await temporaryFolder());
    void sink.write(verdict());
    await sink.stop();
    void sink.write(verdict());

    expect(sink.counts()).toMatchObject({ written: 1, lost: 1 });
    expect(await jsonLines(path)).toHaveLength(1);
  });

  test.each(["every-line", "interval", "never"])("holds one line a record with fsync %s", async (fsync) => {
    const { sink, path } = await jsonlSink(await temporaryFolder(), { fsync, fsyncMs: 5 });
    for (let i = 0; i < 100; i++) void sink.write(verdict({ id: `f${i}` }));
    await sleep(20);
    await sink.stop();

    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, i) => `f${i}`),
    );
    expect(sink.counts()).toEqual({ written: 100, failures: 0, lost: 0 });
  });

  test("is forced to the disk as often as configured", async () => {
    let syncs = 0;
    const counted = async (path: string): Promise<LineFile> => {
      return lineFile(await open(path, "a"), { onSync: () => void syncs++ });
    };
    const { sink } = await jsonlSink(await temporaryFolder(), { fsync: "interval", fsyncMs: 50 }, counted);

    for (let i = 0; i < 20; i++) {
      void sink.write(verdict());
      await sleep(1);
    }
    await until(() => syncs > 0);

    expect(syncs).toBeLessThanOrEqual(2);
  });

  test("is made with its folder, and appended to", async () => {
    const folder = join(await temporaryFolder(), "a", "b");
    for (const id of ["first", "second"]) {
      const { sink } = await jsonlSink(folder);
      void sink.write(verdict({ id }));
      await sink.stop();
    }

    expect((await jsonLines(join(folder, "results.jsonl"))).map(({ id }) => id)).toEqual(["first", "second"]);
  });

  test("has its torn last line moved away on start, and says so", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "results.jsonl");
    const torn = `{"v":1,"meta":"${"x".repeat(100_000)}`;
    await writeFile(path, `{"id":"whole"}\n${torn}`);

    const { sink, logged } = await jsonlSink(folder);
    void sink.write(verdict({ id: "next" }));
    await sink.stop();

    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(["whole", "next"]);
    expect(await readFile(`${path}.torn`, "utf8")).toBe(`${torn}\n`);
    expect(logged[0]).toMatchObject({ msg: expect.stringContaining("cut off"), bytes: torn.length });
  });

  test("with a hole of any length at its end is repaired, and the hole is kept nowhere", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "results.jsonl");
    await writeFile(path, '{"id":"whole"}\n{"id":"torn');
    await truncate(path, 2 ** 28);

    await jsonlSink(folder);

    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(["whole"]);
    const torn = await readFile(`${path}.torn`);
    expect(torn.toString("utf8", 0, 11)).toBe('{"id":"torn');
    expect(torn.length).toBeLessThan(2 ** 21);
  });

  test.each([
    { what: "a whole last line without line break", text: '{"id":"a"}\n{"id":"b"}', ids: ["a", "b"] },
    { what: "nothing but a torn line", text: '{"id":', ids: [] },
    { what: "nothing", text: "", ids: [] },
  ])("that holds $what is repaired", async ({ text, ids }) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "results.jsonl"), text);

    const { path } = await jsonlSink(folder);

    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(ids);
  });

  test("on a full disk says so once, counts, and holds every line once when there is room again", async () => {
    let isFull = false;
    const limited = async (path: string): Promise<LineFile> => {
      return lineFile(await open(path, "a"), { isFull: () => isFull });
    };
    const { sink, path, logged } = await jsonlSink(await temporaryFolder(), { fsync: "never" }, limited);
    void sink.write(verdict({ id: "0" }));
    await until(() => sink.counts().written === 1);
    isFull = true;
    for (const id of ["1", "2", "3"]) void sink.write(verdict({ id }));
    await until(() => sink.counts().failures >= 2);
    isFull = false;
    await until(() => sink.counts().written === 4);

    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(["0", "1", "2", "3"]);
    expect(logged.filter(({ level }) => level === 50)).toMatchObject([{ reason: "the disk is full" }]);
  });

  test("resolves a record once its line is in the file, or at once while the disk refuses it", async () => {
    let isFull = false;
    const limited = async (path: string): Promise<LineFile> => {
      return lineFile(await open(path, "a"), { isFull: () => isFull });
    };
    const { sink, path } = await jsonlSink(await temporaryFolder(), {}, limited);

    for (const id of ["a", "b"]) {
      await sink.write(verdict({ id }));
      expect((await jsonLines(path)).at(-1)).toMatchObject({ id });
    }
    isFull = true;
    await sink.write(verdict({ id: "c" }));
    await sink.write(verdict({ id: "d" }));
    expect(await jsonLines(path)).toHaveLength(2);
    isFull = false;
    await until(async () => (await jsonLines(path)).length === 4);
  });

  test("that is removed or moved during the run is told and made again, with the line that found it out", async () => {
    const folder = join(await temporaryFolder(), "results");
    const { sink, path, logged } = await jsonlSink(folder);
    await sink.write(verdict({ id: "before" }));
    await rm(folder, { recursive: true });

    await sink.write(verdict({ id: "removed" }));
    await until(async () => (await jsonLines(path)).map(({ id }) => id).join() === "removed");
    await until(() => sink.counts().written === 2);
    await rename(path, `${path}.1`);
    await sink.write(verdict({ id: "moved" }));

    await until(async () => (await jsonLines(path)).map(({ id }) => id).join() === "moved");
    await until(() => sink.counts().written === 3);
    expect(sink.counts()).toMatchObject({ written: 3, failures: 2, lost: 0 });
    expect(logged.filter(({ msg }) => /removed or moved/.test(String(msg)))).toHaveLength(2);
  });

  test("that another program empties during the run is told, and goes on without a gap", async () => {
    let isFull = false;
    const onSmallDisk = async (path: string): Promise<LineFile> =>
      lineFile(await open(path, "a"), { isFull: () => isFull });
    const { sink, path, logged } = await jsonlSink(await temporaryFolder(), {}, onSmallDisk);
    for (const id of ["a", "b", "c"]) await sink.write(verdict({ id }));
    await truncate(path);
    await sink.write(verdict({ id: "d" }));
    await until(() => logged.some(({ msg }) => /cut results off/.test(String(msg))));
    isFull = true;
    await sink.write(verdict({ id: "e" }));
    await until(() => sink.counts().failures > 1);
    isFull = false;

    await until(() => sink.counts().written === 5);
    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(["d", "e"]);
    expect(await readFile(path, "utf8")).not.toContain("\0");
    await sink.stop();
  });

  test("belongs to one agent: the next one can have it once that has stopped or died", async () => {
    const folder = await temporaryFolder();
    const { sink } = await jsonlSink(folder);

    await expect(jsonlSink(folder)).rejects.toThrow(/another agent writes its results here/);
    await sink.stop();
    await (await jsonlSink(folder)).sink.stop();
  });

  test("still belongs to one agent where its folder, or its lock, was removed", async () => {
    const folder = join(await temporaryFolder(), "results");
    const { sink, path } = await jsonlSink(folder);
    for (const gone of [folder, join(folder, ".agent.lock")]) {
      await rm(gone, { recursive: true });
      await sink.write(verdict({ id: gone }));
      await until(async () => (await jsonLines(path)).at(-1)?.id === gone);
      await until(() =>
        access(join(folder, ".agent.lock")).then(
          () => true,
          () => false,
        ),
      );

      await expect(jsonlSink(folder)).rejects.toThrow(/another agent writes its results here/);
    }
  });

  test("that another agent took when the lock was removed is told, left alone, and written once it is free", async () => {
    const folder = await temporaryFolder();
    const { sink, path, logged } = await jsonlSink(folder, { fsync: "never" });
    await rm(join(folder, ".agent.lock"));
    const { sink: other } = await jsonlSink(folder, { fsync: "never" });
    await other.write(verdict({ id: "other" }));

    await sink.write(verdict({ id: "first" }));
    await until(() => sink.counts().failures > 0);
    await sink.write(verdict({ id: "second" }));
    await other.write(verdict({ id: "another" }));
    await until(() => sink.counts().failures > 1);
    expect((await jsonLines(path)).map(({ id }) => id)).toEqual(["other", "first", "another"]);
    expect(logged.at(-1)).toMatchObject({
      reason: expect.stringContaining("another agent writes its results here"),
    });
    await other.stop();

    await until(() => sink.counts().written === 2);
    expect((await jsonLines(path)).map(({ id }) => id)).toEqual([
      "other",
      "first",
      "another",
      "first",
      "second",
    ]);
  });

  test("gives up the oldest lines when what the disk refuses grows beyond its limit in bytes", () => {
    const lines = new PendingLines(10);

    expect(["aaaa", "bbbb", "cccc", "d"].map((line) => lines.add(line))).toEqual([0, 0, 1, 0]);
    const taken = lines.take(1);
    expect(taken).toEqual(["bbbb"]);
    expect(lines.add("eeee")).toBe(0);
    expect(lines.putBack(taken)).toBe(1);
    expect(lines.take()).toEqual(["cccc", "d", "eeee"]);
  });

  test("in a folder that cannot be made is a clear error", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");

    await expect(jsonlSink(join(folder, "file", "results"))).rejects.toThrow(OutputError);
    await expect(jsonlSink(join(folder, "file", "results"))).rejects.toThrow(
      /cannot be written.*set results\.folder/,
    );
  });
});

describe("sites.csv", () => {
  async function csvSink(folder: string, clock = systemClock) {
    const { log, lines } = recordingLog();
    const sink = new CsvSink(results(folder), { log, clock });
    const path = await sink.start(signal);
    onTestFinished(() => sink.stop());
    return {
      sink,
      path,
      logged: lines,
      rows: async () => parse(await readFile(path, "utf8"), { columns: true }),
    };
  }

  test("misses no record while it is so long that it is seldom written", async () => {
    // A first write that took a quarter of an hour.
    const times = [0, 0, 0];
    const { sink, rows } = await csvSink(await temporaryFolder(), {
      ...systemClock,
      now: () => times.shift() ?? 1e6,
    });
    sink.write(verdict());
    await until(() => sink.counts().written === 1);
    const reason = "x".repeat(2 ** 20);
    for (let i = 0; i < 80; i++) {
      sink.write(verdict({ reason, frame: frame({ site: { name: `S${i}` } }) }));
      await sleep(20);
    }

    expect(sink.counts()).toMatchObject({ written: 1, lost: 0 });
    expect(await rows()).toHaveLength(1);
    await sink.stop();
    expect(await rows()).toHaveLength(81);
  });

  test("has one row a site and channel, that of the last acquisition", async () => {
    const { sink, rows } = await csvSink(await temporaryFolder());
    sink.write(verdict());
    sink.write(verdict({ frame: frame({ zUm: 2, channel: "Cy5" }) }));
    const last = {
      decision: "accept",
      acquireAgain: false,
      level: 0,
      expectedLevel: 0.3,
      keepAttempt: 1,
    } as const;
    sink.write(
      verdict({
        ...last,
        action: undefined,
        frame: frame({ attempt: 1, zUm: 10.4, zSource: "measured", channel: "DAPI" }),
      }),
    );
    await sink.stop();

    expect(await rows()).toMatchObject([
      {
        site: "A1",
        channel: "DAPI",
        first_level: "4",
        last_level: "0",
        first_expected_level: "4.2",
        last_expected_level: "0.3",
        kept_expected_level: "0.3",
        kept_attempt: "1",
        decision: "accept",
        attempts: "2",
        planned_z_um: "2",
        first_z_um: "2",
        asked_z_um: "10.4",
        reported_z_um: "10.4",
        z_source: "measured",
        updated: "2025-10-09T08:53:20.000Z",
      },
      { site: "A1", channel: "Cy5", first_level: "4", decision: "retry", attempts: "1", reported_z_um: "2" },
    ]);
  });

  test("says at the end of a site what was tried, what it gained and why it ended", async () => {
    const { sink, rows } = await csvSink(await temporaryFolder());
    const outcome = JSON.parse(await readFile("test/contract/outcome.json", "utf8")) as OutcomeMessage;
    const { session, site, channel } = outcome;
    sink.write(verdict({ session, frame: frame({ session, site, channel, zUm: 12.5, plannedZUm: 10 }) }));
    sink.write({ ...outcome, recordedMs: 0 });
    await sink.stop();

    expect(await rows()).toMatchObject([
      {
        planned_z_um: "10",
        kept_z_um: "16.7",
        gained_levels: "5.99",
        travel_um: "4.2",
        tried: "0@12.5=6.30 1@16.7=0.31",
        recovered: "yes",
        why: "sharp",
      },
    ]);
  });

  test("takes the slices of a z-stack as one attempt, by the sharpest", async () => {
    const { sink, rows } = await csvSink(await temporaryFolder());
    const slice = { stack: { size: 3 }, channel: "DAPI" };
    for (const zIndex of [0, 1]) {
      sink.write(
        verdict({
          frame: frame({ ...slice, zIndex, mode: "observe" }),
          acquireAgain: false,
          decision: "flag",
        }),
      );
    }
    const stack = { judged: 3, sharpestZIndex: 1, sharpestZUm: 1, sharpestLevel: 0.4, edge: "none" } as const;
    sink.write(verdict({ frame: frame({ ...slice, zIndex: 2 }), stack }));
    await sink.stop();

    expect(await rows()).toMatchObject([{ attempts: "1", first_expected_level: "0.4", first_level: "0" }]);
  });

  test("counts frames that got no verdict", async () => {
    const { sink, rows } = await csvSink(await temporaryFolder());
    const drop = {
      v: 1,
      type: "drop",
      id: "a",
      session: "s",
      why: "deadline",
      recordedMs: 0,
      frame: frame(),
    } as const;
    sink.write(drop);
    await sink.stop();

    expect(await rows()).toMatchObject([{ site: "A1", attempts: "1", unscored: "1", decision: "" }]);
  });

  test("comes back from results.jsonl after a restart, whatever else is in there", async () => {
    const folder = await temporaryFolder();
    const before = await jsonlSink(folder);
    void before.sink.write(verdict());
    await before.sink.stop();
    await appendFile(before.path, 'nonsense\n{"type":"later"}\n');

    const { sink, rows } = await csvSink(folder);
    sink.write(
      verdict({ level: 1, expectedLevel: 1.2, frame: frame({ attempt: 1, zUm: 9, channel: "DAPI" }) }),
    );
    await sink.stop();

    expect(await rows()).toMatchObject([
      { site: "A1", channel: "DAPI", first_expected_level: "4.2", last_expected_level: "1.2" },
    ]);
  });

  test("is rewritten as a whole, and nothing else stays in the folder", async () => {
    const folder = await temporaryFolder();
    const { sink, rows } = await csvSink(folder);
    for (let i = 0; i < 50; i++) {
      sink.write(verdict({ frame: frame({ site: { name: `A${i}` } }) }));
      await sleep(1);
    }
    await until(async () => (await rows()).length === 50);

    expect(sink.counts().written).toBeLessThan(20);
    await until(async () => (await readdir(folder)).join() === "sites.csv");
  });

  test("holds no formula, whatever a controller calls its sites, and leaves numbers alone", async () => {
    const { sink, rows } = await csvSink(await temporaryFolder());
    const site = { name: "=cmd|' /C calc'!A0", plate: "@SUM(1)", well: "+1" };
    sink.write(verdict({ frame: frame({ site, channel: "-2", zUm: -3 }) }));
    await sink.stop();

    expect(await rows()).toMatchObject([
      { site: "'=cmd|' /C calc'!A0", plate: "'@SUM(1)", well: "'+1", channel: "'-2", first_z_um: "-3" },
    ]);
  });

  test("is made again with its folder when that is removed during the run", async () => {
    const folder = join(await temporaryFolder(), "results");
    const { sink, rows } = await csvSink(folder);
    await until(async () => (await readFile(join(folder, "sites.csv"), "utf8")).includes("plate"));
    await rm(folder, { recursive: true });

    sink.write(verdict());

    await until(async () => (await rows().catch(() => [])).length === 1);
    expect(sink.counts()).toMatchObject({ failures: 0 });
  });

  test("that a stop does not wait for is said to come with the next start, and stays as it was", async () => {
    const folder = await temporaryFolder();
    const { log, lines } = recordingLog();
    const path = join(folder, "sites.csv");
    await writeFile(path, "as it was");
    // Reading so many lines takes longer than a stop waits.
    await writeFile(join(folder, "results.jsonl"), `${JSON.stringify(verdict())}\n`.padEnd(2 ** 25, "\n"));
    const impatient = { ...systemClock, after: (_: number, then: () => void) => systemClock.after(0, then) };
    const sink = new CsvSink(results(folder), { log, clock: impatient });

    await sink.start(signal);
    await sink.stop();
    await sleep(50);

    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining("the next start makes it again")]);
    expect(await readFile(path, "utf8")).toBe("as it was");
    expect(sink.counts().failures).toBe(0);
  });

  test("that cannot be rewritten is said once and tried again", async () => {
    const folder = await temporaryFolder();
    const { sink, rows, logged } = await csvSink(folder);
    // Its thread has begun: what fails is tried again after the longer, the longer it took.
    sink.write(verdict());
    await until(() => sink.counts().written > 0);
    await rm(folder, { recursive: true });
    await writeFile(folder, "in the way");
    sink.write(verdict());
    await until(() => sink.counts().failures >= 2);
    await rm(folder);

    const { written } = sink.counts();
    await until(async () => sink.counts().written > written && (await rows()).length === 1);
    expect(logged.filter(({ level }) => level === 50)).toHaveLength(1);
  });
});

test("an unknown sink is named with the known ones", async () => {
  const { log } = recordingLog();
  const making = createSink("tape", AgentConfig.parse({}), { log, clock: systemClock });

  await expect(making).rejects.toThrow(UnknownNameError);
  await expect(making).rejects.toThrow("known: jsonl, csv, publish");
});
