import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import sirv from "sirv";
import type { WebSocket } from "ws";
import type { FocusReport } from "../focus/report.js";
import type { Frame } from "../frames/frame.js";
import type { Clock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import type { Sink, SinkCounts } from "../sinks/sink.js";
import { Control, type ControlParts } from "./control.js";
import { KeptHeaders } from "./kept-headers.js";
import type { PreviewKeeper } from "./previews/preview-keeper.js";
import type { RunHistory } from "./run-history.js";
import { ControlGuard } from "./server/control-guard.js";
import { HttpServer } from "./server/http-server.js";
import { LiveStream, MAX_CLIENTS } from "./server/live-stream.js";
import { answer, type Probes, type RouteParts } from "./server/routes.js";
import type { StatusView } from "./wire.js";

/** The page as it was built. */
const PAGE = fileURLToPath(new URL("../../dist/dashboard/web", import.meta.url));

export type PartialStatus = Omit<
  StatusView,
  "nowMs" | "liveRun" | "storeProblem" | "control" | "skippedPictures"
>;

export interface ControlOptions extends Pick<ControlParts, "policy" | "labels" | "note" | "watchedFolder"> {
  readonly token: string;
  /** Nobody knows the token yet, so the address tells it. */
  readonly isTokenNew: boolean;
}

export interface DashboardParts {
  readonly port: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly history: RunHistory;
  readonly previews: PreviewKeeper;
  readonly probes?: Probes;
  /** All of the status that the dashboard does not know itself. */
  readonly status: () => PartialStatus;
  /** Where the page may change things: the secret it needs, and what it acts upon. */
  readonly control?: ControlOptions;
}

/** Headers of the last frames, for marks, bytes; the history knows the others. */
const MAX_HEADER_BYTES = 4 * 2 ** 20;

/** The page on a port of this machine. As a sink it passes the records on to the pages that are open. */
export class Dashboard implements Sink {
  readonly #parts: DashboardParts;
  readonly #stream: LiveStream;
  readonly #server: HttpServer;
  readonly #headers = new KeptHeaders(MAX_HEADER_BYTES);
  #liveRun: string | undefined;
  #written = 0;

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    this.#stream = new LiveStream(parts.clock, () => this.#status());
    const routes = this.#routes();
    const file = existsSync(PAGE) ? sirv(PAGE, { etag: true }) : noPage;
    this.#server = new HttpServer(
      parts.port,
      MAX_CLIENTS,
      {
        answer: (path, request) => answer(path, request, routes),
        file,
        connected: (client, query) => this.#connected(client, query),
      },
      parts.log,
    );
  }

  /** Pages that are open. */
  get clients(): number {
    return this.#stream.clients;
  }

  /** Frames that went without a picture: there were more than could be drawn, or they cannot be kept. */
  get skippedPictures(): number {
    return this.#parts.previews.skipped;
  }

  /** @returns the address of the page; a new token stands behind the #, which browsers keep to themselves. */
  async start(): Promise<string> {
    const { previews, control } = this.#parts;
    previews.start();
    const address = await this.#server.start();
    this.#stream.start();
    return control?.isTokenNew ? `${address}#token=${control.token}` : address;
  }

  write(record: ResultRecord): void {
    if (record.frame !== undefined) {
      if (this.#parts.control !== undefined) this.#headers.add(record.frame);
      this.#liveRun = record.session;
    }
    this.#parts.history.apply?.(record);
    this.#stream.write(record);
    this.#written++;
  }

  /** Keeps the picture of a frame that was scored. */
  scored(run: string, id: string, frame: Frame, report: FocusReport): void {
    this.#parts.previews.keep({ run, id }, frame, report, this.clients > 0);
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: 0, lost: 0 };
  }

  async stop(): Promise<void> {
    this.#stream.stop();
    await this.#server.stop();
    this.#stream.terminate();
    await this.#parts.previews.stop();
  }

  #routes(): RouteParts {
    const { history, previews, probes, control } = this.#parts;
    const frame: ControlParts["frame"] = async (run, id) =>
      this.#headers.get(run, id) ?? (await history.frame(run, id));
    return {
      status: () => this.#status(),
      history,
      previews,
      stream: this.#stream,
      probes,
      control: control && {
        guard: new ControlGuard(control.token),
        does: new Control({ ...control, previews, frame }),
      },
    };
  }

  #status(): StatusView {
    const { clock, status, history, control } = this.#parts;
    return {
      ...status(),
      nowMs: clock.wallMs(),
      liveRun: this.#liveRun,
      control: control !== undefined,
      skippedPictures: this.skippedPictures,
      storeProblem: history.problem,
    };
  }

  #connected(client: WebSocket, query: URLSearchParams): void {
    const [epoch, since] = [query.get("epoch"), query.get("since")];
    const sequence = Number(since);
    const isBack = epoch !== null && since !== null && Number.isSafeInteger(sequence) && sequence >= 0;
    this.#stream.add(client, isBack ? { epoch, sequence } : undefined);
  }
}

function noPage(_request: unknown, _response: unknown, next: () => void): void {
  next();
}
