import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { StatusView } from "../../src/dashboard/wire.js";
import { until } from "../agent/helpers.js";
import { ask, authorised, change, raw, serve, startServing, TestPage, TOKEN } from "./helpers.js";

const status = async (host: string) => (await ask(host, "/api/status")).json<StatusView>();
const PAUSE = { what: "gating", on: false };

/** One agent for a group of tests that it refuses all they ask for. */
function oneForAll(dashboard: Record<string, unknown> = {}): Awaited<ReturnType<typeof startServing>> {
  const served = {} as Awaited<ReturnType<typeof startServing>>;
  beforeAll(async () => void Object.assign(served, await startServing(dashboard)));
  afterAll(() => served.stop());
  return served;
}

describe("a dashboard without control", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("changes nothing on %s", async (method) => {
    const { host, results, controller } = await serve();
    await controller.ask(0);
    const before = await status(host);
    const body = JSON.stringify(PAUSE);
    const addresses = [
      "/api/control",
      "/api/status",
      "/api/runs",
      "/api/runs/session",
      "/metrics",
      "/",
      "/ws",
    ];

    for (const path of addresses) {
      const { status: code } = await ask(host, path, { method, body, headers: authorised() });
      if (method !== "GET" || path === "/api/control") expect(code).toBeGreaterThanOrEqual(400);
    }

    const after = await status(host);
    // What passes by itself.
    const moving = { health: 0, nowMs: 0 };
    expect({ ...after, ...moving }).toEqual({ ...before, ...moving });
    expect(after).toMatchObject({ control: false, gating: true });
    expect((await results()).map(({ type }) => type)).toEqual(["verdict", "outcome"]);
  });

  test("says how it is enabled", async () => {
    const { host } = await serve();

    const reply = await change(host, PAUSE);

    expect(reply.status).toBe(403);
    expect(reply.json()).toEqual({ error: expect.stringContaining("dashboard.control") });
  });

  test("closes a socket that says something", async () => {
    const { host } = await serve();
    const page = new TestPage(host);
    await page.first("hello");

    page.socket.send(JSON.stringify(PAUSE));

    const [code] = await once(page.socket, "close");
    expect(code).toBe(1008);
    expect(await status(host)).toMatchObject({ gating: true });
  });
});

describe("a dashboard with control", () => {
  const control = { control: true, token: TOKEN };

  const served = oneForAll(control);

  test("does not tell its token", async () => {
    const { host } = served;

    for (const path of ["/api/status", "/api/runs", "/metrics", "/"]) {
      expect((await ask(host, path)).body.toString()).not.toContain(TOKEN);
    }
  });

  test.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["a wrong token", authorised("another-token-than-that")],
    ["a token with more behind it", authorised(`${TOKEN}x`)],
    ["an empty token", authorised("")],
    ["another way to say who one is", { authorization: `Basic ${TOKEN}` }],
  ])("refuses %s", async (_, headers) => {
    const { host, results } = served;

    const reply = await ask(host, "/api/control", { method: "POST", body: JSON.stringify(PAUSE), headers });

    expect(reply.status).toBe(401);
    expect(await status(host)).toMatchObject({ control: true, gating: true });
    expect(await results()).toEqual([]);
  });

  test.each([
    "http://evil.example",
    "null",
    "http://127.0.0.1",
    "https://HOST",
    "http://localhost.evil.example",
  ])("refuses the origin %s, with the right token or not", async (name) => {
    const { host } = served;
    const origin = name.replace("HOST", host);

    expect((await change(host, PAUSE, { origin })).status).toBe(403);
    expect((await ask(host, "/api/status", { headers: { origin } })).status).toBe(403);
    const page = new WebSocket(`ws://${host}/ws`, { origin });
    const [error] = (await once(page, "error")) as [Error];

    expect(error.message).toContain("403");
    expect(await status(host)).toMatchObject({ gating: true });
  });

  test("takes its own origin", async () => {
    const { host } = await serve(control);

    expect((await change(host, PAUSE, { origin: `http://${host}` })).status).toBe(200);
    expect(await status(host)).toMatchObject({ gating: false });
  });

  test.each([
    ["{", "not JSON"],
    [JSON.stringify({ what: "reboot" }), "what"],
    [JSON.stringify({ what: "rules", rules: { maxLevel: 11, minCertainty: 0 } }), "rules.maxLevel"],
    [JSON.stringify({ what: "gating", on: "no" }), "on"],
    [JSON.stringify({ ...PAUSE, more: 1 }), "more"],
    ["x".repeat(70_000), "longer"],
  ])("says what is wrong with %.30s", async (body, words) => {
    const { host } = served;

    const reply = await ask(host, "/api/control", { method: "POST", body, headers: authorised() });

    expect([400, 413]).toContain(reply.status);
    expect(reply.json<{ error: string }>().error).toContain(words);
  });
});

describe("the server", () => {
  const served = oneForAll();

  test.each(["evil.example", "127.0.0.1.evil.example:80", "localhost.", "10.0.0.1"])(
    "refuses a request for the host %s, as DNS rebinding makes it",
    async (name) => {
      expect((await ask(served.host, "/api/status", { headers: { host: name } })).status).toBe(403);
    },
  );

  test.each([
    "/../package.json",
    "/../../package.json",
    "/%2e%2e/%2e%2e/package.json",
    "/..%2f..%2f..%2fpackage.json",
    "/assets/../../../package.json",
    "/assets/..%5c..%5c..%5cpackage.json",
    "//package.json",
    "/%00/package.json",
    "/api/runs/session/frames/..%2F..%2Fresults.jsonl",
    "/api/runs/session/frames/..%2F..%2Fresults.jsonl/preview.png",
    "/api/runs/..%2F..%2Fpackage.json",
    "/nothing",
  ])("answers 404 for %s", async (path) => {
    expect((await ask(served.host, path)).status).toBe(404);
  });

  test("answers 400 for an address that cannot be decoded, and lives on", async () => {
    expect((await ask(served.host, "/%E0%A4%A")).status).toBe(400);
    expect(await raw(served.host, "BREW /pot HTCPCP/1.0\r\n\r\n")).toContain("400");
    expect((await ask(served.host, "/api/status")).status).toBe(200);
  });

  test("closes a connection whose upgrade it refuses, though the other side does not", {
    timeout: 5000,
  }, async () => {
    const { host } = await serve();
    const [hostname, port] = host.split(":");
    const socket = connect({ port: Number(port), host: hostname!, allowHalfOpen: true });
    const ended = once(socket, "end");
    // Only what is written to a connection shows that nobody holds its other end.
    const reset = new Promise<Error>((resolve) => socket.once("error", resolve));
    const more = setInterval(() => socket.write("more"), 20);
    onTestFinished(() => clearInterval(more));

    socket.write(
      `GET /nowhere HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    await ended;

    expect(answer.toString()).toContain("404");
    expect((await reset).message).toMatch(/ECONNRESET|EPIPE/);
  });

  test("stops within a second beside a page that does not say goodbye", async () => {
    const { host, agent } = await serve();
    const [hostname, port] = host.split(":");
    const socket = connect(Number(port), hostname!);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n",
    );
    await once(socket, "data");
    socket.pause();

    const startMs = performance.now();
    await agent.stop();

    expect(performance.now() - startMs).toBeLessThan(2000);
    socket.destroy();
  });

  test("answers others between the requests of a client that sends thousands at once", async () => {
    const { host } = served;
    const [hostname, port] = host.split(":");
    const socket = connect(Number(port), hostname!);
    onTestFinished(() => void socket.destroy());
    let answers = 0;
    socket.on("data", (data) => {
      answers += String(data).split("HTTP/1.1 200").length - 1;
    });
    socket.write(`GET /api/status HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(3000));
    await once(socket, "data");

    const before = answers;
    await ask(host, "/livez");

    expect(answers - before).toBeLessThan(300);
  });

  test("leaves files for others beside a client that opens connections without end, and keeps answering", async () => {
    const { host } = await serve();
    const [hostname, port] = host.split(":");
    const page = new TestPage(host);
    await page.first("hello");
    let open = 0;
    for (let i = 0; i < 600; i++) {
      const socket = connect(Number(port), hostname!);
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => undefined);
      socket.on("close", () => open--);
      await once(socket, "connect");
      open++;
      socket.write("GET / HTTP/1.1\r\nHost: ");
    }

    expect((await ask(host, "/livez")).status).toBe(200);
    await until(() => open <= 256);
    expect(page.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("lets no other page embed it or load from elsewhere", async () => {
    const { headers } = await ask(served.host, "/api/status");

    expect(headers["content-security-policy"]).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
  });

  test("listens on this machine only", async () => {
    const [, port] = served.host.split(":");

    const table = await readFile("/proc/net/tcp", "utf8").catch(() => undefined);

    if (table === undefined) return;
    const hex = Number(port).toString(16).toUpperCase().padStart(4, "0");
    const listening = table.split("\n").filter((line) => line.includes(`:${hex} `) && / 0A /.test(line));
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${hex}`]);
  });
});
