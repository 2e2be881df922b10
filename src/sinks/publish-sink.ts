import { Publisher } from "zeromq";
import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import { bindError } from "../protocol/bind-error.js";
import { assertNobodyListens, socketOptions } from "../protocol/socket-address.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import type { Sink, SinkContext, SinkCounts } from "./sink.js";

/** Records that may wait for a subscriber that does not read; it loses those beyond. */
const SEND_HIGH_WATER_MARK = 1000;
/** How long the last records may take to leave after an orderly stop, ms. */
const LAST_WORDS_MS = 250;

/** Every record to whoever subscribes (ZeroMQ PUB): [topic `parfocal.v1.<type>`, JSON]. Made to be lossy. */
export class PublishSink implements Sink {
  readonly #config: AgentConfig["publish"];
  readonly #context: SinkContext;
  #publisher: Publisher | undefined;
  #written = 0;
  #failures = 0;

  constructor(config: AgentConfig["publish"], context: SinkContext) {
    this.#config = config;
    this.#context = context;
  }

  async start(signal: AbortSignal): Promise<string> {
    const { address } = this.#config;
    const publisher = new Publisher({
      ...socketOptions(address),
      ...{ sendHighWaterMark: SEND_HIGH_WATER_MARK, sendTimeout: 0, linger: 0 },
    });
    this.#publisher = publisher;
    try {
      await assertNobodyListens(address);
      await publisher.bind(address);
      signal.throwIfAborted();
    } catch (error) {
      publisher.close();
      if (signal.aborted) throw error;
      throw bindError(address, error, "publish.address");
    }
    return publisher.lastEndpoint ?? address;
  }

  write(record: ResultRecord): void {
    this.#publisher?.send([`parfocal.v1.${record.type}`, recordText(record)]).then(
      () => {
        this.#written++;
      },
      (error: unknown) => {
        this.#failures++;
        this.#context.log.debug({ reason: reasonOf(error) }, "A record could not be published");
      },
    );
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#failures };
  }

  async stop(): Promise<void> {
    const publisher = this.#publisher;
    this.#publisher = undefined;
    if (publisher === undefined || publisher.closed) return;
    publisher.linger = LAST_WORDS_MS;
    publisher.close();
  }
}
