import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { createAgent } from "../../src/agent/create-agent.js";
import { AgentConfig } from "../../src/config/schema.js";
import { report } from "../refocus/helpers.js";
import type { Target } from "./target.js";

/** Longest wait for an answer to what may be half a request, ms: an answer comes within one. */
const PATIENCE_MS = 20;
/** A request that must be answered after so many others. */
const EACH = 50;

/** The page's server of a real agent, over a real connection: whatever it is sent, the next request is answered. */
export async function httpTarget(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-fuzz-"));
  const config = AgentConfig.parse({
    sources: { zeromq: { address: "tcp://127.0.0.1:0" } },
    publish: { enabled: false },
    results: { folder },
    dashboard: { port: 0, control: true },
  });
  const scorer = {
    model: { name: "none", sha256: "0".repeat(64) },
    score: async () => report(0),
    completed: async (_: unknown, known: ReturnType<typeof report>) => known,
    dispose: async () => undefined,
  };
  const agent = await createAgent(config, { scorer, log: pino({ level: "silent" }), version: "1" });
  const { dashboard } = await agent.start();
  const { host, port } = new URL(dashboard!);
  const head = `HTTP/1.1\r\nHost: ${host}\r\n`;
  const requests = [
    `GET /api/status ${head}\r\n`,
    `GET /api/runs/a%2Fb/frames/x/preview.png ${head}Accept: */*\r\n\r\n`,
    `GET /metrics?a=b ${head}Connection: close\r\n\r\n`,
    `POST /api/control ${head}Content-Type: application/json\r\nAuthorization: Bearer x\r\nContent-Length: 27\r\n\r\n{"what":"gating","on":true}`,
    `GET /ws ${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n`,
  ];
  let count = 0;
  return {
    name: "HTTP",
    corpus: requests.map((text) => Buffer.from(text)),
    take: async (input) => {
      await sent(Number(port), input);
      if (++count % EACH > 0) return;
      const { status } = await fetch(`${dashboard}livez`);
      if (status !== 200) throw new Error(`the next request got ${status}`);
    },
    stop: () => agent.stop(AbortSignal.abort()),
  };
}

/** Resolves once something has come back, the connection has ended, or nothing comes. */
function sent(port: number, input: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    socket.on("error", end).on("data", end).on("close", end);
    socket.write(input);
  });
}
