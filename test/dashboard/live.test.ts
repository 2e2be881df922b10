import { describe, expect, test } from "vitest";
import type { RunList, StatusView } from "../../src/dashboard/wire.js";
import { EPOCH_HEADER, SEQUENCE_HEADER } from "../../src/dashboard/wire.js";
import type { RunSnapshot } from "../../src/runs/run-snapshot.js";
import { RunTable } from "../../src/runs/run-table.js";
import { sleep, until } from "../agent/helpers.js";
import { ask, serve, TestPage } from "./helpers.js";

const SITE = { name: "B3-Site_0", well: "B3", plate: "P1", row: 1, column: 2 };

describe("a page that is open", () => {
  test("gets the records that are published, as they are on file", async () => {
    const { host, controller, results } = await serve();
    const page = new TestPage(host);
    await page.first("status");

    await controller.ask(4, { site: SITE, attempt: 0, zUm: 10 });
    await controller.ask(0, { site: SITE, attempt: 1, zUm: 18 });

    const records = await until(() => page.records().length === 3 && page.records());
    expect(records.map(({ type }) => type)).toEqual(["verdict", "verdict", "outcome"]);
    expect(records).toEqual(await until(async () => (await results()).length === 3 && (await results())));
  });

  test("gets a flood in ten messages a second at most", async () => {
    const { host, controller } = await serve({}, { queue: { size: 1024, observePerController: 1024 } });
    const page = new TestPage(host);
    await page.first("hello");
    const startMs = performance.now();

    for (let i = 0; i < 400; i++) await controller.sendFrame({ mode: "observe", site: { name: `S${i}` } });

    await until(() => page.records().length === 400);
    const tenths = (performance.now() - startMs) / 100;
    // One more than fits, for the first that is not waited for.
    expect(page.of("records").length).toBeLessThanOrEqual(tenths + 1);
  });

  test("hears every second how the agent does", async () => {
    const { host, controller } = await serve();
    const page = new TestPage(host);
    await page.first("status");

    await controller.ask(0, { site: SITE });

    const status = await until(() =>
      page.of("status").find(({ status: { liveRun } }) => liveRun === "session"),
    );
    expect(status.status).toMatchObject({
      kind: "agent",
      version: "1.2.3",
      engine: "a test",
      health: { state: "running", received: 1, verdicts: { accept: 1 } },
      rules: { maxLevel: 1, minCertainty: 0.25 },
    });
  });

  test("is told that the agent stops", async () => {
    const { host, agent } = await serve();
    const page = new TestPage(host);
    await page.first("hello");
    const closed = new Promise<number>((resolve) => page.socket.on("close", resolve));

    await agent.stop();

    expect(await closed).toBe(1001);
  });
});

describe("a page that comes back", () => {
  test("gets exactly what it missed", async () => {
    const { host, controller } = await serve();
    const first = new TestPage(host);
    const { epoch } = await first.first("hello");
    await controller.ask(0, { site: { name: "seen" } });
    const { sequence } = await until(
      () => first.of("records").at(-1)?.sequence === 2 && first.of("records").at(-1)!,
    );
    first.socket.terminate();
    await controller.ask(0, { site: { name: "missed" } });

    const back = new TestPage(host, `?epoch=${epoch}&since=${sequence}`);
    await controller.ask(0, { site: { name: "new" } });

    await until(() => back.records().length === 4);
    expect(back.records().map((record) => record.frame?.site.name ?? "site" in record)).toEqual([
      "missed",
      true,
      "new",
      true,
    ]);
    expect(back.of("gap")).toEqual([]);
  });

  test.each(["?epoch=another&since=0", "?epoch=EPOCH&since=7"])(
    "is told to begin anew where that cannot be had: %s",
    async (query) => {
      const { host } = await serve();
      const { epoch } = await new TestPage(host).first("hello");

      const back = new TestPage(host, query.replace("EPOCH", epoch));

      expect(await back.first("gap")).toEqual({ type: "gap", epoch, sequence: 0 });
    },
  );

  test.each(["?epoch=x&since=-1", "?epoch=x&since=many", "?since=1", "?epoch=x"])(
    "is taken as a new one with %s",
    async (query) => {
      const { host } = await serve();

      const page = new TestPage(host, query);

      await page.first("status");
      expect(page.of("gap")).toEqual([]);
    },
  );

  test("has the whole run from a snapshot and the records since, in whatever order they overlap", async () => {
    const { host, controller } = await serve();
    const page = new TestPage(host);
    await page.first("hello");
    for (let i = 0; i < 5; i++) {
      await controller.ask(i % 2 === 0 ? 0 : 4, { site: { ...SITE, name: `S${i}` }, zUm: 0 });
    }
    const reply = await ask(host, "/api/runs/session");
    const sequence = Number(reply.headers[SEQUENCE_HEADER]);
    await controller.ask(0, { site: { ...SITE, name: "S1" }, attempt: 1, zUm: 7 });

    const back = new TestPage(host, `?epoch=${reply.headers[EPOCH_HEADER]}&since=${sequence - 3}`);
    await until(() => back.records().length === 5);
    const table = RunTable.from(reply.json<RunSnapshot>());
    for (const record of back.records()) table.apply(record);

    const whole = (await ask(host, "/api/runs/session")).json<RunSnapshot>();
    expect(JSON.parse(JSON.stringify(table.snapshot()))).toEqual(whole);
    expect(whole).toMatchObject({
      run: { id: "session", plates: ["P1"], sites: 5, frames: 6 },
      outcomes: expect.arrayContaining([expect.objectContaining({ recovered: "yes", levelBefore: 4 })]),
    });
  });
});

describe("the addresses of the page", () => {
  test("list runs, the newest first, and say when there is none", async () => {
    const { host, controller } = await serve();
    await controller.ask(0, { session: "one" });
    await sleep(5);
    await controller.ask(0, { session: "two", id: "two/0" });

    const { runs } = (await ask(host, "/api/runs")).json<RunList>();

    expect(runs.map(({ id }) => id)).toEqual(["two", "one"]);
    expect((await ask(host, "/api/runs/three")).status).toBe(404);
    expect((await ask(host, "/api/status")).json<StatusView>().liveRun).toBe("two");
  });

  test("answer HEAD without a body", async () => {
    const { host } = await serve();

    const reply = await ask(host, "/api/runs", { method: "HEAD" });

    expect(reply).toMatchObject({ status: 200, headers: { "content-length": "11" } });
    expect(reply.body).toHaveLength(0);
  });
});
