import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Agent } from "../../src/agent/agent.js";
import { createAgent } from "../../src/agent/create-agent.js";
import type { ServerMessage } from "../../src/dashboard/wire.js";
import type { FrameScorer } from "../../src/focus/scorer-types.js";
import {
  jsonLines,
  pixelScorer,
  silent,
  TestController,
  temporaryFolder,
  testConfig,
  until,
} from "../agent/helpers.js";

export const TOKEN = "the-token-of-this-test";

export interface Served {
  readonly agent: Agent;
  readonly folder: string;
  /** Host and port of the page. */
  readonly host: string;
  readonly controller: TestController;
  /** Where controllers connect. */
  readonly address: string;
  readonly publish: string;
  readonly results: () => Promise<Record<string, unknown>[]>;
}

/** A real agent with its dashboard on a free port. It ends with the test. */
export async function serve(...settings: Parameters<typeof startServing>): Promise<Served> {
  const { stop, ...served } = await startServing(...settings);
  onTestFinished(stop);
  return { ...served, controller: new TestController(served.address) };
}

/** The same for several tests that change nothing; whoever starts it stops it. */
export async function startServing(
  dashboard: Record<string, unknown> = {},
  overrides: Record<string, unknown> = {},
  scorer: FrameScorer = pixelScorer,
): Promise<Omit<Served, "controller"> & { readonly stop: () => Promise<void> }> {
  const folder = await temporaryFolder();
  const config = testConfig(folder, { dashboard: { port: 0, ...dashboard }, ...overrides });
  const agent = await createAgent(config, { scorer, log: silent, version: "1.2.3", engine: "a test" });
  const places = await agent.start();
  const { host } = new URL(places.dashboard!);
  const results = () => jsonLines(join(folder, "results.jsonl"));
  const stop = () => agent.stop(AbortSignal.abort());
  return { agent, folder, host, address: places.zeromq!, publish: places.publish!, results, stop };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  json<T>(): T;
}

/** One request; its path is sent as it is. */
export function ask(
  host: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const { method = "GET", headers = {}, body } = options;
  const [hostname, port] = host.split(":");
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes,
          json: <T>() => JSON.parse(bytes.toString("utf8")) as T,
        });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The header of a request that may change something. */
export function authorised(token: string = TOKEN) {
  return { authorization: `Bearer ${token}` };
}

/** A request with the token to change something. */
export function change(host: string, what: Record<string, unknown>, headers: Record<string, string> = {}) {
  const body = JSON.stringify(what);
  return ask(host, "/api/control", { method: "POST", body, headers: { ...authorised(), ...headers } });
}

/** What a page hears, closed when the test ends. */
export class TestPage {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];

  constructor(host: string, query = "", headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://${host}/ws${query}`, { headers });
    onTestFinished(() => this.socket.terminate());
    this.socket.on("message", (data) => this.messages.push(JSON.parse(String(data)) as ServerMessage));
    this.socket.on("error", () => undefined);
  }

  of<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter(
      (message): message is Extract<ServerMessage, { type: T }> => message.type === type,
    );
  }

  first<T extends ServerMessage["type"]>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    return until(() => this.of(type)[0]);
  }

  /** All records so far. */
  records() {
    return this.of("records").flatMap(({ records }) => records);
  }
}

/** What a server answers to bytes that need not be HTTP. */
export function raw(host: string, text: string): Promise<string> {
  const [hostname, port] = host.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += String(data);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.end(text);
  });
}

/**
 * A reverse proxy at /parfocal/ as people set one up: it asks the agent by the agent's own name, and passes no WebSocket.
 * @returns its host and port.
 */
export async function startReverseProxy(
  host: string,
  { passesOrigin }: { passesOrigin: boolean },
): Promise<string> {
  const server = createServer((asked, response) => {
    const headers: IncomingHttpHeaders = { ...asked.headers, host, via: "1.1 gateway" };
    if (!passesOrigin) delete headers.origin;
    const path = (asked.url ?? "").replace(/^\/parfocal/, "");
    const [hostname, port] = host.split(":");
    request({ hostname, port, path, method: asked.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
  });
  server.on("upgrade", (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
