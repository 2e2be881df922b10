import { once } from "node:events";
import { appendFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { StoreError } from "../../src/errors.js";
import type { ResultRecord } from "../../src/records/record.js";
import { RunNames } from "../../src/runs/run-name.js";
import type { RunSnapshot } from "../../src/runs/run-snapshot.js";
import { RunTable } from "../../src/runs/run-table.js";
import { median } from "../../src/statistics.js";
import { openDatabase, storePlace } from "../../src/store/open-database.js";
import { ResultsStore } from "../../src/store/results-store.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { StoreClient } from "../../src/store/store-client.js";
import { temporaryFolder } from "../agent/helpers.js";
import { times } from "../helpers/campaign.js";
import { hasOpenssl, ownCertificate } from "../helpers/own-certificate.js";
import { missingPostgres, PostgresServer } from "./postgres-server.js";
import { anyRecord, stored, verdict } from "./records.js";

const missing = missingPostgres();
let server: PostgresServer | undefined;

beforeAll(async () => {
  if (missing !== undefined) {
    if (process.env.CI === "true") throw new Error(missing);
    return;
  }
  server = new PostgresServer();
  await server.create();
});

afterAll(() => server?.remove());

let databases = 0;
const freshUrl = {
  sqlite: async () => `file:${join(await temporaryFolder(), "parfocal.db")}`,
  postgres: () => Promise.resolve(server!.database(`store_${++databases}`)),
};

describe.each(["sqlite", "postgres"] as const)("the results store on %s", (kind) => {
  const isMissing = kind === "postgres" && missing !== undefined;

  async function open(): Promise<{ store: ResultsStore; url: string }> {
    const url = await freshUrl[kind]();
    const store = new ResultsStore(url);
    await store.start();
    onTestFinished(() => store.stop());
    return { store, url };
  }

  async function records(store: ResultsStore, run: string): Promise<ResultRecord[]> {
    const all: ResultRecord[] = [];
    for await (const record of store.records(run)) all.push(record);
    return all;
  }

  test.skipIf(isMissing)(
    "takes as long for a record of one of twenty runs at a time as for one of one",
    async () => {
      const runsOf = [1, 20];
      const stores = await Promise.all(runsOf.map(async () => (await open()).store));
      const took: number[][] = [[], []];
      // In turn, so that whatever else the machine does falls on both.
      for (let i = 0; i < 60; i++) {
        for (const [which, store] of stores.entries()) {
          const batch = Array.from({ length: 40 }, (_, k) =>
            verdict({ run: `run-${k % runsOf[which]!}`, site: `A1-Site_${i}_${k}`, ms: 1_000_000 + i }),
          );
          const startMs = performance.now();
          await store.write(batch.map(stored));
          took[which]!.push(performance.now() - startMs);
        }
      }
      const [ofOne, ofTwenty] = took.map((times) => median(times.slice(-20)));
      // Read again for each of its records, a run would take longer and longer.
      expect(ofTwenty).toBeLessThan(3 * ofOne!);
    },
  );

  test.skipIf(isMissing)("gives back what was written, in its order, after it was opened again", async () => {
    const { store, url } = await open();
    const written = [verdict({ decision: "retry" }), verdict({ attempt: 1, ms: 1_000_005 })];
    await store.write(written.map(stored));
    await store.stop();
    const again = new ResultsStore(url);
    await again.start();
    onTestFinished(() => again.stop());

    expect(await records(again, "run-1")).toEqual(written);
    expect(await again.frame("run-1", written[1]!.id)).toEqual(written[1]!.frame);
    expect(await again.frame("run-1", "another")).toBeUndefined();
    expect(await again.table("another")).toBeUndefined();
  });

  test.skipIf(isMissing)("fills every table", async () => {
    const { store, url } = await open();
    const site = verdict().frame!.site;
    await store.write(
      [
        verdict({ decision: "retry" }),
        { ...verdict({ attempt: 1 }), unfamiliar: true },
        {
          ...{
            v: 1,
            type: "outcome",
            session: "run-1",
            site,
            channel: "DAPI",
            timeIndex: 0,
            recovered: "yes",
          },
          ...{
            decision: "accept",
            attempts: 2,
            levelBefore: 4.2,
            levelAfter: 0.3,
            zBeforeUm: 1,
            zAfterUm: 8.5,
          },
          ...{ travelUm: 7.5, keepId: "k", keepAttempt: 1, actions: [], tried: [], why: "sharp", reason: "" },
          recordedMs: 5,
        },
        {
          ...{ v: 1, type: "change", session: "run-1", by: "dashboard", message: "", recordedMs: 6 },
          change: { what: "label", site, channel: "DAPI", frameId: "k", mark: "bad", image: "k.tif" },
        },
      ].map((record) => stored(record as ResultRecord)),
    );

    const { db } = await openDatabase(url);
    const all = async (table: string) => (await sql`select * from ${sql.table(table)}`.execute(db)).rows;
    const place = { run_id: "run-1", channel: "DAPI", time_index: 0, site_key: '["P1","A01","A1-Site_0"]' };
    expect(await all("models")).toEqual([{ name: "default", sha256: "ab".repeat(32) }]);
    expect(await all("sites")).toMatchObject([
      { name: "A1-Site_0", plate: "P1", well: "A01", x_um: 10, y_um: 20 },
    ]);
    expect(await all("frames")).toMatchObject([
      {
        ...place,
        attempt: 0,
        decision: "retry",
        expected_level: 0.3,
        z_um: 1.5,
        total_ms: 8.2,
        unfamiliar: 0,
      },
      { ...place, attempt: 1, decision: "accept", unfamiliar: 1 },
    ]);
    expect(await all("attempts")).toMatchObject([
      { ...place, attempt: 0 },
      { attempt: 1, z_um: 1.5 },
    ]);
    expect(await all("actions")).toMatchObject([{ kind: "move-z", by_um: 7.5, via_um: null }]);
    expect(await all("outcomes")).toMatchObject([
      { ...place, level_before: 4.2, z_after_um: 8.5, why: "sharp" },
    ]);
    expect(await all("labels")).toMatchObject([{ ...place, mark: "bad", image: "k.tif" }]);
    expect(await all("runs")).toMatchObject([
      { id: "run-1", frames: 2, retried: 1, accepted: 1, started_ms: 1_000_000 },
    ]);
    await db.destroy();
  });

  test.skipIf(isMissing)("counts a frame once that was sent again, whatever it was told first", async () => {
    const { store, url } = await open();
    const { id, session, frame } = verdict();
    const drop = { v: 1, type: "drop", id, session, why: "overload", source: "zeromq", frame, recordedMs: 1 };
    await store.write([stored(drop as ResultRecord)]);
    await store.write([stored(verdict({ ms: 2 })), stored(verdict({ ms: 3 }))]);

    const { db } = await openDatabase(url);
    const runs = await sql`select frames, accepted, unscored from runs`.execute(db);
    expect(runs.rows).toEqual([{ frames: 1, accepted: 1, unscored: 0 }]);
    await db.destroy();
  });

  test.skipIf(isMissing)(
    "has the same run as its records have, whatever they hold and however often they come",
    async () => {
      const { store } = await open();
      let rounds = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 30 }), async (list) => {
          rounds++;
          // Runs of their own each time.
          const own = list.map((record) =>
            record.session === undefined
              ? record
              : (JSON.parse(
                  JSON.stringify(record).replaceAll(`"session":"`, `"session":"${rounds}/`),
                ) as ResultRecord),
          );
          await store.write(own.map(stored));
          await store.write(own.slice(0, 7).map(stored));

          const once = [...new Map(own.map((record) => [JSON.stringify(record), record])).values()];
          for (const { id, frames, states, startedMs } of await store.listRuns()) {
            const mine = once.filter(({ session }) => session?.replaceAll("\0", "\uFFFD") === id);
            if (mine.length === 0) continue;
            const table = new RunTable(id);
            for (const record of mine) table.apply(record);
            const got = await store.table(id);
            const { run, sites, outcomes, labels } = table.snapshot();
            expect(got!.snapshot()).toMatchObject({ sites, outcomes, labels, frames: table.frames });
            expect(Math.abs(startedMs - run.startedMs)).toBeLessThanOrEqual(1);
            expect(frames).toBe(run.frames);
            expect(states).toEqual(run.states);
          }
        }),
        { numRuns: 30 },
      );
    },
  );

  test.skipIf(isMissing)("gives the newest records of a long run, and counts all", async () => {
    const { store } = await open();
    const written = Array.from({ length: 25 }, (_, i) => verdict({ site: `A1-Site_${i}`, ms: 1000 + i }));
    await store.write(written.map(stored));

    const table = (await store.table("run-1", 10))!;

    expect(table.frames.map(({ id }) => id)).toEqual(written.slice(15).map(({ id }) => id));
    expect(table.entry()).toMatchObject({ frames: 25, sites: 10, startedMs: 1000, lastMs: 1024 });
    expect(RunTable.from(table.snapshot()).entry()).toEqual(table.entry());
    expect(table.counts).toMatchObject({ frames: 25, accepted: 25 });
  });

  test.skipIf(isMissing)(
    "has one name of a run, and the order of runs, although the clock was set back",
    async () => {
      const { store, url } = await open();
      const during = (message: string, recordedMs: number) =>
        ({ v: 1, type: "error", code: "bad-json", message, recordedMs }) as const;
      const written = [
        ...[during("before", 8000), verdict({ run: "first", ms: 9000 })],
        ...[during("set back", 1000), verdict({ run: "first", site: "A2-Site_0", ms: 2000 })],
        during("between", 3000),
        verdict({ run: "second", ms: 4000 }),
      ];
      await store.write(written.slice(0, 3).map(stored));
      await store.stop();
      const again = new ResultsStore(url);
      await again.start();
      onTestFinished(() => again.stop());
      await again.write(written.slice(3).map(stored));

      const names = new RunNames();
      for (const record of written) names.apply(record);
      const named = [...names.all()].reverse().map(({ id, startedMs }) => ({ id, startedMs }));
      expect(await again.listRuns()).toMatchObject(named);
      const table = await again.table("first");
      expect(table!.startedMs).toBe(9000);
      expect(table!.events.map(({ text }) => text)).toEqual([expect.stringContaining("set back")]);
      expect(await records(again, "first")).toEqual(written.slice(1, 4));
    },
  );

  test.skipIf(isMissing)("tells places of one name apart after it was opened again", async () => {
    const { store, url } = await open();
    const at = (xUm: number, id: string) => {
      const record = verdict();
      return { ...record, id, frame: { ...record.frame!, id, xUm } };
    };
    await store.write([at(0, "a"), at(500, "b"), at(1000, "c")].map(stored));
    // More than are read again.
    const others = Array.from({ length: 4000 }, (_, i) => verdict({ site: "A2-Site_0", ms: 2000 + i }));
    await store.write(others.map(stored));
    await store.stop();
    const again = new ResultsStore(url);
    await again.start();
    onTestFinished(() => again.stop());
    await again.write([at(500, "b again"), at(1500, "d")].map(stored));

    const { db } = await openDatabase(url);
    const { rows } = await sql<{
      frame_id: string;
      site_key: string;
    }>`select * from frames where frame_id not like '%A2%'`.execute(db);
    const keys = Object.fromEntries(rows.map(({ frame_id, site_key }) => [frame_id, site_key]));
    await db.destroy();
    expect(keys["b again"]).toBe(keys.b);
    expect(new Set([keys.a, keys.b, keys.c, keys.d]).size).toBe(4);
  });

  test.skipIf(isMissing)(
    "is brought up to date once, and refuses what a newer version has made",
    async () => {
      const { store, url } = await open();
      await store.start();
      await new ResultsStore(url).start();
      const { db } = await openDatabase(url);
      await sql`insert into kysely_migration (name, timestamp) values ('2099-01-later', 'then')`.execute(db);
      await db.destroy();

      const opening = new ResultsStore(url).start();

      await expect(opening).rejects.toThrow(StoreError);
      await expect(opening).rejects.toThrow(/newer version/);
    },
  );

  test.skipIf(isMissing)("takes records of two agents at the same time", async () => {
    const url = await freshUrl[kind]();
    const agents = [new StoreClient(url), new StoreClient(url)];
    onTestFinished(async () => {
      for (const agent of agents) await agent.stop();
    });
    for (const agent of agents) await agent.start();
    const many = (run: string) =>
      Array.from(
        { length: 300 },
        (_, i) => stored(verdict({ run, site: `A${(i % 12) + 1}-Site_${i}`, ms: i })).line,
      );

    const shared = many("shared");
    // As a sink does it: the other one may be busy for longer than this one waits.
    const write = async (agent: StoreClient, lines: readonly string[]): Promise<void> => {
      await agent.write(lines).catch((error: Error) => {
        if (!error.message.includes("is locked")) throw error;
        return write(agent, lines);
      });
    };
    await Promise.all(agents.flatMap((agent, i) => [write(agent, many(`run-${i}`)), write(agent, shared)]));

    const runs = await agents[0]!.listRuns();
    expect(Object.fromEntries(runs.map(({ id, frames }) => [id, frames]))).toEqual({
      "run-0": 300,
      "run-1": 300,
      shared: 300,
    });
    const snapshot = JSON.parse(new TextDecoder().decode(await agents[1]!.snapshot("shared"))) as RunSnapshot;
    expect(snapshot.frames).toHaveLength(300);
    await agents[1]!.write([stored(verdict({ run: "shared", site: "P24-Site_0" })).line]);
    const later = JSON.parse(new TextDecoder().decode(await agents[1]!.snapshot("shared"))) as RunSnapshot;
    expect(later.frames).toHaveLength(301);
    expect(await agents[0]!.snapshot("unknown")).toBeUndefined();
  });

  test.skipIf(isMissing)("deletes old runs whole, and only those", async () => {
    const { store, url } = await open();
    await store.write([
      stored(verdict({ run: "old", ms: 1000, decision: "retry" })),
      stored(verdict({ run: "going on", ms: 1000 })),
      stored(verdict({ run: "going on", ms: 9000, site: "A2-Site_0" })),
      stored({ v: 1, type: "error", code: "bad-json", message: "old", recordedMs: 1000 }),
    ]);

    expect(await store.deleteOlderThan(5000)).toBe(1);

    expect((await store.listRuns()).map(({ id }) => id)).toEqual(["going on"]);
    expect(await records(store, "going on")).toHaveLength(2);
    const { db } = await openDatabase(url);
    for (const table of ["records", "sites", "frames", "attempts", "actions"]) {
      const { rows } = await sql`select * from ${sql.table(table)} where run_id = 'old'`.execute(db);
      expect(rows).toEqual([]);
    }
    expect((await sql`select * from records where run_id is null`.execute(db)).rows).toEqual([]);
    await db.destroy();
  });

  test.skipIf(isMissing)("catches up from results.jsonl, a line cut off left for the next time", async () => {
    const { store } = await open();
    const path = join(await temporaryFolder(), "results.jsonl");
    const lines = Array.from(
      { length: 1203 },
      (_, i) => stored(verdict({ site: `A1-Site_${i}`, ms: i })).line,
    );
    const [last] = lines.splice(-1);
    await writeFile(path, `${lines.join("\n")}\n\nnot a record\n${last!.slice(0, 50)}`);
    await store.write([stored(verdict({ site: "A1-Site_7", ms: 7 }))]);

    expect(await store.catchUp(path)).toBe(1203);
    expect((await store.listRuns())[0]!.frames).toBe(1202);
    await appendFile(path, `${last!.slice(50)}\n`);
    expect(await store.catchUp(path)).toBe(1);
    expect((await store.listRuns())[0]!.frames).toBe(1203);
    expect(await store.catchUp(path)).toBe(0);
  });

  test.skipIf(isMissing)("reads a results.jsonl anew that was replaced by a shorter one", async () => {
    const { store } = await open();
    const path = join(await temporaryFolder(), "results.jsonl");
    await writeFile(
      path,
      `${[1, 2, 3].map((ms) => stored(verdict({ ms, run: "first" })).line).join("\n")}\n`,
    );
    await store.catchUp(path);
    await writeFile(path, `${stored(verdict({ run: "second" })).line}\n`);

    expect(await store.catchUp(path)).toBe(1);
    expect((await store.listRuns()).map(({ id }) => id)).toContain("second");
    expect(await store.catchUp(`${path}.nowhere`)).toBe(0);
  });

  test.skipIf(isMissing)("says that it is not open", async () => {
    const { store } = await open();
    await store.stop();

    await expect(store.listRuns()).rejects.toThrow(/is not open/);
  });
});

describe("a results store that is opened again", () => {
  async function opened(): Promise<{ store: ResultsStore; url: string }> {
    const url = await freshUrl.sqlite();
    const store = new ResultsStore(url);
    await store.start();
    return { store, url };
  }

  test("goes on with a run as if it had not been closed", async () => {
    const rows = async (url: string) => {
      const { db } = await openDatabase(url);
      const all = [
        await sql`select * from runs order by id`.execute(db),
        await sql`select * from site_states order by run_id, site_key, channel, time_index`.execute(db),
        await sql`select run_id, site_key, record_key from frames order by record_key`.execute(db),
        await sql`select run_id, site_key, record_key from outcomes order by record_key`.execute(db),
      ];
      await db.destroy();
      return all.map(({ rows }) => rows);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 1, max: 39 }),
        async (records, at) => {
          const [whole, parts] = [await opened(), await opened()];
          await whole.store.write(records.map(stored));
          await whole.store.stop();
          await parts.store.write(records.slice(0, at).map(stored));
          await parts.store.stop();
          const again = new ResultsStore(parts.url);
          await again.start();
          await again.write(records.slice(at).map(stored));
          await again.stop();

          expect(await rows(parts.url)).toEqual(await rows(whole.url));
        },
      ),
      { numRuns: times(50, 500) },
    );
  });
});

describe("a database that another program is changing", () => {
  test("is written to again as soon as that one has finished", async () => {
    const path = join(await temporaryFolder(), "runs.db");
    const store = new ResultsStore(`file:${path}`, { busyMs: 1 });
    await store.start();
    onTestFinished(() => store.stop());
    const other = openSqlite(path);
    other.exec("begin immediate");

    await expect(store.write([stored(verdict())])).rejects.toThrow(
      /is locked; another program is changing it/,
    );
    other.close();

    await store.write([stored(verdict())]);
    expect(await store.listRuns()).toMatchObject([{ frames: 1 }]);
  });
});

describe.skipIf(missing !== undefined)("a PostgreSQL behind a network that goes away", () => {
  test("is given up with its connections, and written to again once it is back", async () => {
    const direct = new URL(server!.database("silent"));
    let isAway: boolean = false;
    const network = createServer((client) => {
      const target = connect(Number(direct.port), direct.hostname);
      client.on("data", (bytes) => isAway || target.write(bytes));
      target.on("data", (bytes) => isAway || client.write(bytes));
      for (const [one, other] of [
        [client, target],
        [target, client],
      ] as const)
        one.on("error", () => undefined).on("close", () => other.destroy());
    });
    await once(network.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void network.close());
    const { port } = network.address() as AddressInfo;
    const url = Object.assign(new URL(direct), { port: String(port) }).href;
    const store = new ResultsStore(url, { silentMs: 500 });
    await store.start();
    onTestFinished(() => store.stop());

    isAway = true;
    await expect(store.write([stored(verdict())])).rejects.toThrow(
      "cannot be written: no answer within 0.5 s",
    );
    isAway = false;

    await store.write([stored(verdict())]);
    expect(await store.listRuns()).toMatchObject([{ frames: 1 }]);
  });
});

describe("a database that cannot be opened", () => {
  test("is named with what to do: a file that is none", async () => {
    const path = join(await temporaryFolder(), "parfocal.db");
    await writeFile(path, "this is no database, but it is long enough to be taken for one".repeat(20));

    await expect(new ResultsStore(`file:${path}`).start()).rejects.toThrow(
      new RegExp(`${path}: cannot be opened: .*move it away`),
    );
  });

  test("is named with what to do: a folder", async () => {
    const folder = await temporaryFolder();

    await expect(new ResultsStore(`file:${folder}`).start()).rejects.toThrow(
      `${folder}: cannot be opened: this is a folder, not a file`,
    );
  });

  test("is named with what to do: a server that is not there, without its password", async () => {
    const opening = new ResultsStore("postgres://parfocal:secret@127.0.0.1:1/runs").start();

    await expect(opening).rejects.toThrow(
      /postgres:\/\/parfocal@127.0.0.1:1\/runs: cannot be opened: .*database.url/,
    );
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  test.each([
    ["postgres://parfocal:sec#ret@127.0.0.1/runs", /no postgres:\/\/.* write # as %23/],
    ["postgres://parfocal:secret@127.0.0.1:99999/runs", /no postgres:\/\/USER:PASSWORD@HOST:PORT\/NAME/],
  ])("is named with what to do: an address that cannot be read, %s", async (url, message) => {
    const opening = new ResultsStore(url).start();

    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(/ret/);
  });

  test.skipIf(!hasOpenssl)("is named with what to do: a server with a certificate of its own", async () => {
    const certificate = await ownCertificate();
    const listening = createServer((socket) => {
      // To the question whether it takes TLS.
      socket.once("data", () => {
        socket.write("S");
        new TLSSocket(socket, { isServer: true, ...certificate }).on("error", () => socket.destroy());
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void listening.close());
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;

    await expect(
      new ResultsStore(`postgres://parfocal@127.0.0.1:${port}/runs?sslmode=verify-full`).start(),
    ).rejects.toThrow(/self-signed certificate; to trust it, set NODE_EXTRA_CA_CERTS/);
  });

  test("is told without a secret of its address", () => {
    expect(storePlace("postgres://me:secret@127.0.0.1/runs?password=secret")).toBe(
      "postgres://me@127.0.0.1/runs",
    );
    expect(storePlace("postgres://me:sec ret@@/::")).not.toContain("ret");
  });
});
