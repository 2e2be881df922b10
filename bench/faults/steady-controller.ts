import { Dealer } from "zeromq";

const DEADLINE_MS = 1000;
/** What a controller waits beyond its deadline before it goes on without a verdict, ms. */
const PATIENCE_MS = 200;
/** Time of an acquisition, ms. */
const PAUSE_MS = 20;
const SIDE = 128;

/** A well-behaved controller: asks about one frame after the other and goes on without a verdict where none comes. */
export class SteadyController {
  readonly session: string;
  /** Ids of the frames that it got a verdict on, and when the last one came, ms. */
  readonly told = new Set<string>();
  lastVerdictMs = performance.now();
  sent = 0;
  drops = 0;
  unanswered = 0;
  /** Longest time that it was held up by one frame, ms. */
  longestMs = 0;
  readonly #socket = new Dealer({
    linger: 0,
    immediate: true,
    sendHighWaterMark: 4,
    sendTimeout: 0,
    reconnectInterval: 50,
  });
  readonly #pixels = new Uint8Array(SIDE * SIDE).map((_, i) => (i * 7919) % 251);
  readonly #answers = new Map<string, (type: string) => void>();
  #isStopped: boolean = false;

  constructor(address: string, session: string) {
    this.session = session;
    this.#socket.connect(address);
  }

  async run(): Promise<void> {
    void this.#receive();
    while (!this.#isStopped) {
      await this.#ask();
      await pause(PAUSE_MS);
    }
    this.#socket.close();
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #ask(): Promise<void> {
    const sequence = this.sent++;
    const id = `${this.session}/${sequence}`;
    const header = {
      ...{ v: 1, type: "frame", id, session: this.session, sequence, mode: "gate", deadlineMs: DEADLINE_MS },
      ...{ dtype: "uint8", shape: [SIDE, SIDE], site: { name: `S${sequence}` }, attempt: 0, zUm: 1 },
    };
    const startMs = performance.now();
    const answer = new Promise<string>((resolve) => void this.#answers.set(id, resolve));
    const sending = this.#socket.send([JSON.stringify(header), this.#pixels]).then(
      () => answer,
      () => "not sent",
    );
    const end = await Promise.race([sending, pause(DEADLINE_MS + PATIENCE_MS).then(() => "none")]);
    this.#answers.delete(id);
    this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
    if (end === "verdict") {
      this.told.add(id);
      this.lastVerdictMs = performance.now();
    } else if (end === "drop") this.drops++;
    else this.unanswered++;
  }

  async #receive(): Promise<void> {
    for await (const [json] of this.#socket) {
      const message = JSON.parse(String(json)) as { id?: string; type: string };
      if (message.id !== undefined) this.#answers.get(message.id)?.(message.type);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
