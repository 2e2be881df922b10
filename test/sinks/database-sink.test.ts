import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFile, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RunList, StatusView } from "../../src/dashboard/wire.js";
import { systemClock } from "../../src/protocol/clock.js";
import { recordText } from "../../src/records/record-line.js";
import { DatabaseSink } from "../../src/sinks/database-sink.js";
import { ResultsStore } from "../../src/store/results-store.js";
import { openSqlite } from "../../src/store/sqlite.js";
import {
  jsonLines,
  recordingLog,
  TestController,
  temporaryFolder,
  testConfig,
  until,
} from "../agent/helpers.js";
import { ask, serve } from "../dashboard/helpers.js";
import { freePorts, startAgentProcess } from "../helpers/agent-process.js";
import { missingPostgres, PostgresServer } from "../store/postgres-server.js";
import { verdict } from "../store/records.js";

const missing = missingPostgres();
const inCi = process.env.CI === "true";
let server: PostgresServer | undefined;

beforeAll(async () => {
  if (missing !== undefined) {
    if (inCi) throw new Error(missing);
    return;
  }
  server = new PostgresServer();
  await server.create();
});

afterAll(() => server?.remove());

/** A sink that has been started. */
async function started(url?: string, database: Record<string, unknown> = {}) {
  const folder = await temporaryFolder();
  const { log, lines } = recordingLog();
  const config = testConfig(folder, {
    database: { batchMs: 5, ...(url !== undefined && { url }), ...database },
  });
  const sink = new DatabaseSink(config, { log, clock: systemClock });
  const place = await sink.start(new AbortController().signal);
  onTestFinished(() => sink.stop());
  return {
    sink,
    place,
    folder,
    lines,
    says: (words: string) => until(() => lines.find(({ msg }) => String(msg).includes(words))),
  };
}

async function framesIn(url: string, run = "run-1"): Promise<number> {
  const store = new ResultsStore(url);
  await store.start();
  const runs = await store.listRuns();
  await store.stop();
  return runs.find(({ id }) => id === run)?.frames ?? 0;
}

function query(path: string, sql: string): unknown[] {
  const sqlite = openSqlite(path);
  try {
    const statement = sqlite.prepare(sql);
    if (statement.reader) return statement.all([]);
    statement.run([]);
    return [];
  } finally {
    sqlite.close();
  }
}

const verdictAt = (i: number) => verdict({ site: `A1-Site_${i}`, ms: 1_000_000 + i });

const write = (sink: DatabaseSink, count: number, from = 0) => {
  for (let i = from; i < from + count; i++) sink.write(verdictAt(i));
};

describe("the database sink", () => {
  test("makes a database again that was removed during the run", async () => {
    const { sink, place, folder, says } = await started();
    await until(() => sink.problem === undefined);
    write(sink, 3);
    await until(() => sink.counts().written === 3);
    await rm(folder, { recursive: true, maxRetries: 20, retryDelay: 10 });
    await mkdir(folder);

    write(sink, 2, 3);

    await says("was removed during the run");
    await until(() => sink.counts().written === 5 && sink.problem === undefined);
    expect(await framesIn(`file:${place}`)).toBe(2);
  });

  test.each([
    ["moved to its place", rename],
    ["written over it", copyFile],
  ])("goes on with a backup that is %s, and adds what it lacks", async (_, restore) => {
    const { sink, place, folder, says } = await started();
    let written = 0;
    const record = async (count: number, from: number) => {
      const lines = Array.from({ length: count }, (_, i) => verdictAt(from + i));
      await appendFile(join(folder, "results.jsonl"), lines.map((line) => `${recordText(line)}\n`).join(""));
      for (const line of lines) sink.write(line);
      written += count;
      await until(() => sink.counts().written === written);
    };
    await until(() => sink.problem === undefined);
    await record(30, 0);
    const backup = join(folder, "backup");
    query(place, `vacuum into '${backup}'`);
    // More than fits into SQLite's log: some of it is in the file.
    await record(900, 30);
    await restore(backup, place);

    await record(5, 930);

    await says("was replaced during the run");
    await until(() => sink.problem === undefined);
    expect(await (await sink.store())?.listRuns()).toMatchObject([{ frames: 935 }]);
    await sink.stop();
    expect(await framesIn(`file:${place}`)).toBe(935);
    expect(query(place, "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  });

  test("gives what can still be read without another try, while another program keeps it from writing", async () => {
    const { sink, place, says } = await started();
    await until(() => sink.problem === undefined);
    const other = openSqlite(place);
    other.exec("begin immediate");
    write(sink, 1);
    await says("cannot be used");

    const { failures } = sink.counts();
    expect(await (await sink.store())?.listRuns()).toEqual([]);
    expect(sink.counts().failures).toBe(failures);

    other.close();
    await until(() => sink.counts().written === 1);
  });

  test("does not let a page wait for a long results.jsonl: it says what it is doing, and gives the runs once it has", async () => {
    const folder = await temporaryFolder();
    const lines = Array.from({ length: 4500 }, (_, i) =>
      recordText(verdict({ site: `A1-Site_${i}`, ms: i })),
    );
    await writeFile(join(folder, "results.jsonl"), `${lines.join("\n")}\n`);
    const { log } = recordingLog();
    // The time that a page waits is over at once.
    const clock = { ...systemClock, after: (_: number, call: () => void) => systemClock.after(0, call) };
    const sink = new DatabaseSink(testConfig(folder), { log, clock });
    await sink.start(new AbortController().signal);
    onTestFinished(() => sink.stop());

    expect(await sink.store()).toBeUndefined();
    await until(() => /is reading results\.jsonl, [24]000 lines so far/.test(sink.problem ?? ""), 60_000);
    await until(() => sink.problem === undefined, 60_000);
    expect(await (await sink.store())?.listRuns()).toMatchObject([{ id: "run-1", frames: 4500 }]);
  });

  test("acknowledges what the database has, and writes the rest when it is stopped", async () => {
    const { sink, place, folder } = await started(undefined, { batchMs: 60_000 });
    await until(() => sink.problem === undefined);
    write(sink, 1203);
    await until(() => sink.counts().written >= 1000);

    await sink.stop();

    expect(place).toBe(join(folder, "parfocal.db"));
    expect(sink.counts()).toEqual({ written: 1203, failures: 0, lost: 0 });
    expect(await framesIn(`file:${place}`)).toBe(1203);
  });

  test("has all of a run that was over before it was open", async () => {
    const { sink, place, lines } = await started();
    write(sink, 3);

    await sink.stop();

    expect(lines.filter(({ level }) => Number(level) > 30)).toEqual([]);
    expect(sink.counts()).toEqual({ written: 3, failures: 0, lost: 0 });
    expect(await framesIn(`file:${place}`)).toBe(3);
  });

  test("deletes runs at the start that are older than it is to keep", async () => {
    const { sink, place, folder } = await started();
    write(sink, 2);
    await sink.stop();
    const config = testConfig(folder, { database: { keepDays: 30, url: `file:${place}` } });
    const again = new DatabaseSink(config, { log: recordingLog().log, clock: systemClock });

    await again.start(new AbortController().signal);
    await until(() => again.problem === undefined);
    await again.stop();

    expect(await framesIn(`file:${place}`)).toBe(0);
  });

  test("is no reason not to start: a damaged file is reported, moved away by somebody, and made anew", async () => {
    const path = join(await temporaryFolder(), "runs.db");
    await writeFile(path, "no database".repeat(1000));
    const { sink, says } = await started(`file:${path}`);
    write(sink, 3);

    expect(await says("cannot be used")).toMatchObject({ reason: expect.stringContaining("move it away") });
    expect(sink.problem).toContain(path);
    await rm(path);
    await says("takes records again");

    expect(sink.counts()).toMatchObject({ written: 3, lost: 0 });
    expect(sink.problem).toBeUndefined();
  });

  test.skipIf(process.getuid?.() !== 0 && !inCi)(
    "keeps records while the disk is full, says so, and writes them once there is room",
    async () => {
      const disk = join(await temporaryFolder(), "disk");
      await mkdir(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
      onTestFinished(() => void execFileSync("umount", ["-l", disk]));
      const { sink, says } = await started(`file:${join(disk, "runs.db")}`);
      await until(() => sink.problem === undefined);
      await writeFile(join(disk, "ballast"), Buffer.alloc(600_000));

      write(sink, 2000);

      expect(await says("cannot be used")).toMatchObject({ reason: expect.stringMatching(/full|I\/O/i) });
      expect(sink.problem).toMatch(/full|I\/O/i);
      const { written } = sink.counts();
      expect(written).toBeLessThan(2000);
      execFileSync("mount", ["-o", "remount,size=64m", disk]);
      await says("takes records again");
      await until(() => sink.counts().written === 2000);
      expect(sink.counts()).toMatchObject({ written: 2000, lost: 0 });
      await sink.stop();
      expect(await framesIn(`file:${join(disk, "runs.db")}`)).toBe(2000);
    },
  );

  test.skipIf(missing !== undefined)("loses nothing while PostgreSQL is restarted", async () => {
    const url = server!.database("restarted");
    const { sink, place, says } = await started(url);
    write(sink, 100);
    await until(() => sink.counts().written === 100);

    await server!.stop();
    write(sink, 100, 100);
    await says("cannot be used");
    expect(sink.counts()).toMatchObject({ written: 100, lost: 0 });
    await server!.start();
    await says("takes records again");

    await until(() => sink.counts().written === 200);
    expect(place).not.toContain("secret");
    expect(await framesIn(url)).toBe(200);
  });

  test.skipIf(missing !== undefined)(
    "lets the agent start while PostgreSQL is away, and the page says so",
    async () => {
      const url = server!.database("away");
      await server!.stop();
      const { host, controller } = await serve({}, { database: { url, batchMs: 5 } });

      expect(await controller.ask(0, {})).toMatchObject({ decision: "accept" });
      await until(async () =>
        (await ask(host, "/api/status")).json<StatusView>().storeProblem?.includes("database.url"),
      );
      expect((await ask(host, "/api/runs")).json<RunList>().runs).toMatchObject([
        { id: "session", frames: 1 },
      ]);
      await server!.start();

      await until(async () => (await ask(host, "/api/status")).json<StatusView>().storeProblem === undefined);
      expect((await ask(host, "/api/runs")).json<RunList>().runs).toMatchObject([
        { id: "session", frames: 1 },
      ]);
    },
  );
});

describe("an agent whose database another program holds for writing", () => {
  test("shows the page what is there and the run that has begun since, at once, and writes all of it later", async () => {
    const { host, controller, folder } = await serve({}, { database: { batchMs: 5 } });
    const status = async () => (await ask(host, "/api/status")).json<StatusView>();
    const runs = async () => (await ask(host, "/api/runs")).json<RunList>().runs;
    await until(async () => (await status()).storeProblem === undefined);
    await controller.ask(0, { session: "before" });
    await until(async () => (await runs())[0]?.frames === 1);
    const other = openSqlite(join(folder, "parfocal.db"));
    other.exec("begin immediate");

    await controller.ask(0, { session: "before" });
    await until(async () => (await status()).storeProblem?.includes("another program is changing it"));
    await controller.ask(0, { session: "since" });

    expect(await runs()).toMatchObject([{ id: "since" }, { id: "before", frames: 1 }]);
    expect((await ask(host, "/api/runs/since")).json()).toMatchObject({ run: { id: "since" } });
    other.exec("rollback");
    other.close();
    await until(async () => (await status()).storeProblem === undefined);
    const frames = (await runs()).map(({ id, frames }) => [id, frames]);
    expect(frames).toEqual([
      ["since", 1],
      ["before", 2],
    ]);
  });
});

describe.skipIf(process.getuid?.() !== 0 && !inCi)("an agent whose disk is full", () => {
  test("goes on scoring, says so, and has every record once there is room", async () => {
    const disk = join(await temporaryFolder(), "disk");
    await mkdir(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const { host, controller, agent } = await serve(
      { previews: { enabled: false } },
      { results: { folder: disk, csvMs: 20 }, database: { batchMs: 5 } },
    );
    await until(async () => (await ask(host, "/api/status")).json<StatusView>().storeProblem === undefined);
    await writeFile(join(disk, "ballast"), Buffer.alloc(2 ** 20)).catch(() => undefined);

    for (let i = 0; i < 40; i++)
      expect(await controller.ask(0, { site: { name: `S${i}` } })).toMatchObject({ decision: "accept" });

    await until(
      () => agent.health().sinks.jsonl!.failures > 0 && agent.health().sinks.database!.failures > 0,
    );
    expect((await ask(host, "/readyz")).json<{ status: string }>().status).toBe("warn");
    expect((await ask(host, "/api/status")).json<StatusView>().storeProblem).toBeDefined();
    execFileSync("mount", ["-o", "remount,size=64m", disk]);
    await until(async () => {
      const { runs } = (await ask(host, "/api/runs")).json<RunList>();
      return runs?.[0]?.frames === 40;
    });
    await until(async () => (await jsonLines(join(disk, "results.jsonl"))).length === 80);
    expect(agent.health().sinks).toMatchObject({ jsonl: { lost: 0 }, database: { lost: 0 } });
  });
});

describe("an agent that is killed in the middle of a run", () => {
  test("has lost no record that was acknowledged, and after the next start none of results.jsonl", async () => {
    const results = await temporaryFolder();
    const args = ["agent", ...freePorts(), "--results", results];
    const options = ["--device", "cpu", "--log-level", "warn", "--set", "database.batchMs=20"];
    const agent = await startAgentProcess([...args, ...options]);
    const { host } = new URL(agent.addresses.dashboard);
    const controller = new TestController(agent.addresses.zeromq, "killed");
    const pixels = new Uint8Array(100 * 100).map((_, i) => i % 251);
    let isSending: boolean = true;
    const sending = (async () => {
      for (let i = 0; isSending; i++) {
        const { id } = await controller.sendFrame({ site: { name: `S${i}` } }, pixels);
        await Promise.race([controller.answerTo(id), agent.finished]);
      }
    })();
    const acknowledged = async () =>
      (await ask(host, "/api/status")).json<StatusView>().health.sinks.database!.written;
    const written = await until(async () => {
      const count = await acknowledged();
      return count > 60 && count;
    }, 20_000);

    agent.child.kill("SIGKILL");
    await once(agent.child, "exit");
    isSending = false;
    await sending.catch(() => undefined);

    const store = new ResultsStore(`file:${join(results, "parfocal.db")}`);
    await store.start();
    let records = 0;
    for await (const _ of store.records("killed")) records++;
    await store.stop();
    expect(records).toBeGreaterThanOrEqual(written);

    const again = await startAgentProcess([...args, ...options]);
    const text = await readFile(join(results, "results.jsonl"), "utf8");
    const frames = text.split("\n").filter((line) => line.includes('"type":"verdict"')).length;
    const restored = await until(async () => {
      const { runs } = (await ask(new URL(again.addresses.dashboard).host, "/api/runs")).json<RunList>();
      return runs?.find(({ id, frames: count }) => id === "killed" && count === frames);
    }, 20_000);
    await again.stop();

    expect(restored).toMatchObject({ sites: frames, frames });
    // Every verdict that the controller got is on file, but for the one that was under way.
    const verdicts = controller.received.filter(({ type }) => type === "verdict");
    expect(frames).toBeGreaterThanOrEqual(verdicts.length - 1);
  });
});
