import type { Logger } from "pino";
import { reasonOf } from "../errors.js";
import type { Sink, SinkCounts } from "../sinks/sink.js";
import { HttpServer } from "./server/http-server.js";
import { answerProbe, type Probes } from "./server/routes.js";

/**
 * /metrics, /livez and /readyz without the page. Whoever has switched the page off may not expect its port to be used, so
 * that a port that is taken is a warning.
 */
export class ProbeServer implements Sink {
  readonly #server: HttpServer;
  readonly #log: Logger;

  constructor(port: number, probes: Probes, log: Logger) {
    this.#log = log;
    const handlers = {
      answer: async (path: readonly string[]) => answerProbe(path.join("/"), probes),
      file: (_request: unknown, _response: unknown, next: () => void) => next(),
      connected: () => undefined,
    };
    this.#server = new HttpServer(port, 0, handlers, log);
  }

  /** @returns the address; "off" where the port is taken. */
  async start(): Promise<string> {
    try {
      return await this.#server.start();
    } catch (error) {
      this.#log.warn({ reason: reasonOf(error) }, "Metrics and health are not served");
      return "off";
    }
  }

  write(): void {}

  counts(): SinkCounts {
    return { written: 0, failures: 0, lost: 0 };
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
