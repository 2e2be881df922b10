import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { isParfocalError, RequestError, reasonOf } from "../../errors.js";
import { bindError } from "../../protocol/bind-error.js";
import type { ErrorBody } from "../wire.js";
import { foreignRequest } from "./request-guard.js";

/** The page is served to this machine only. */
const HOST = "127.0.0.1";
/** Largest body of a request, bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** Connections that are no pages': each is an open file, and controllers and results need theirs. */
const MAX_CONNECTIONS = 256;

/** A page that does not say goodbye for so long when the agent stops is cut off, ms. */
const GOODBYE_MS = 500;

/** Sent with every answer: nothing of the page comes from elsewhere, and no other page may embed it. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

export interface HttpAnswer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpHandlers {
  /** Answers a request for `path` (decoded, without query); undefined where it is not for the handler. */
  answer(path: readonly string[], request: HttpRequest): Promise<HttpAnswer | undefined>;
  /** Serves a file of the page, or calls `next` if there is none. */
  file(request: IncomingMessage, response: ServerResponse, next: () => void): void;
  /** A page has connected to /ws. */
  connected(client: WebSocket, query: URLSearchParams): void;
}

export interface HttpRequest {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly query: URLSearchParams;
  /** @throws RequestError if it is too long. */
  body(): Promise<string>;
}

/** HTTP and WebSocket on one port of this machine. Whatever a request does, it only ends that request. */
export class HttpServer {
  readonly #port: number;
  readonly #handlers: HttpHandlers;
  readonly #maxClients: number;
  readonly #log: Logger;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  /** All that are open, those of pages among them, which Node does not count as its own. */
  readonly #connections = new Set<Duplex>();
  /** Those of them that are no page's, the oldest first. */
  readonly #requesting = new Set<Duplex>();
  /** Of each connection, when its last request so far has been answered. */
  readonly #answered = new WeakMap<Duplex, Promise<void>>();
  #server: Server | undefined;

  constructor(port: number, maxClients: number, handlers: HttpHandlers, log: Logger) {
    this.#port = port;
    this.#maxClients = maxClients;
    this.#handlers = handlers;
    this.#log = log;
  }

  /**
   * @returns the address of the page.
   * @throws AddressError if the port is taken.
   */
  async start(): Promise<string> {
    const server = createServer((request, response) => this.#take(request, response));
    this.#server = server;
    server.on("connection", (socket) => {
      this.#connections.add(socket);
      this.#requesting.add(socket);
      socket.once("close", () => {
        this.#connections.delete(socket);
        this.#requesting.delete(socket);
      });
      this.#makeRoom();
    });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(bindError(`http://${HOST}:${this.#port}`, error, "dashboard.port")),
      );
      server.listen(this.#port, HOST, resolve);
    });
    return `http://${HOST}:${(server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, GOODBYE_MS);
    await closed;
    clearTimeout(timer);
  }

  /** Whoever opens very many loses the oldest, and keeps nobody else out. */
  #makeRoom(): void {
    const [oldest] = this.#requesting;
    if (oldest === undefined || this.#requesting.size <= MAX_CONNECTIONS) return;
    this.#requesting.delete(oldest);
    oldest.destroy();
  }

  /** One request of a connection after the other, and others between: a client may send thousands at once. */
  #take(request: IncomingMessage, response: ServerResponse): void {
    const before = this.#answered.get(request.socket);
    const answered = (async () => {
      await before;
      if (before !== undefined) await setImmediate();
      await this.#serve(request, response);
    })();
    this.#answered.set(request.socket, answered);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    try {
      const foreign = foreignRequest(request);
      if (foreign !== undefined) return sendError(response, 403, foreign);
      const { path, query } = targetOf(request);
      if (path === undefined) return sendError(response, 400, "the address cannot be read");
      const { method = "GET", headers } = request;
      const answer = await this.#handlers.answer(path, {
        method,
        headers,
        query,
        body: () => bodyOf(request),
      });
      if (answer !== undefined) return send(response, answer, method);
      if (method !== "GET" && method !== "HEAD")
        return sendError(response, 405, `${method} is not for this address`);
      this.#handlers.file(request, response, () =>
        sendError(response, 404, "there is nothing at this address"),
      );
    } catch (error) {
      if (isParfocalError(error, "RequestError")) {
        sendError(response, (error as RequestError).status, error.message);
        return;
      }
      this.#log.error({ url: request.url, reason: reasonOf(error) }, "A request of the dashboard failed");
      sendError(response, 500, reasonOf(error));
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const { path, query } = targetOf(request);
    const isWanted = path?.length === 1 && path[0] === "ws";
    const refusal =
      foreignRequest(request) !== undefined ? "403 Forbidden" : isWanted ? undefined : "404 Not Found";
    if (refusal !== undefined || this.#sockets.clients.size >= this.#maxClients) {
      const answer = `HTTP/1.1 ${refusal ?? "503 Service Unavailable"}\r\nconnection: close\r\n\r\n`;
      // Nobody reads from it any more, so that it would not end by itself.
      socket.end(answer, () => socket.destroy());
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      this.#requesting.delete(socket);
      this.#handlers.connected(client, query);
    });
  }
}

/** Segments of the path, decoded one by one so that an id may hold a slash; undefined if that cannot be done. */
function targetOf({ url = "/" }: IncomingMessage): { path: string[] | undefined; query: URLSearchParams } {
  const [target = "", query = ""] = url.split(/\?(.*)/s);
  try {
    const path = target.split("/").filter((segment) => segment !== "");
    return { path: path.map(decodeURIComponent), query: new URLSearchParams(query) };
  } catch {
    return { path: undefined, query: new URLSearchParams() };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read to its end, but not kept: the client would not see the answer otherwise.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw new RequestError(413, `the request is longer than ${MAX_BODY_BYTES} bytes`);
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, answer: HttpAnswer, method: string): void {
  const { status = 200, type, body, headers = {} } = answer;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { "content-type": type, "content-length": bytes.length, ...headers });
  response.end(method === "HEAD" ? undefined : bytes);
}

function sendError(response: ServerResponse, status: number, error: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body: ErrorBody = { error };
  send(response, { status, type: "application/json", body: JSON.stringify(body) }, "GET");
}
