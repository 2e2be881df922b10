import { Dealer } from "zeromq";

const DEADLINE_MS = 1000;
/** What a controller waits beyond its deadline before it goes on without a verdict, ms. */
const PATIENCE_MS = 200;
/** A controller that is held up longer by one frame than its deadline and its patience has stalled, ms. */
const STALLED_MS = 1500;
/** Time of an acquisition, ms. */
const PAUSE_MS = 50;
const SIDE = 128;

/** How one frame of a controller ended. */
export interface FrameEnd {
  readonly id: string;
  readonly end: "verdict" | "drop" | "error" | "not sent" | "none";
  /** Time that it held the controller up, ms. */
  readonly heldMs: number;
}

/** What has become of the frames of one controller. */
export class Account {
  readonly session: string;
  /** Ids of the frames that it got a verdict on, and when the last one came, ms. */
  readonly told = new Set<string>();
  lastVerdictMs = performance.now();
  sent = 0;
  unanswered = 0;
  stalled = 0;
  /** Longest time that it was held up by one frame, ms. */
  longestMs = 0;

  constructor(session: string) {
    this.session = session;
  }

  take({ id, end, heldMs }: FrameEnd): void {
    this.sent++;
    this.longestMs = Math.max(this.longestMs, heldMs);
    if (heldMs > STALLED_MS) this.stalled++;
    if (end === "verdict") {
      this.told.add(id);
      this.lastVerdictMs = performance.now();
    } else if (end !== "drop") this.unanswered++;
  }
}

/** A well-behaved controller: asks about one frame after the other and goes on without a verdict where none comes. */
export class SteadyController {
  readonly session: string;
  readonly #onEnd: (end: FrameEnd) => void;
  #sequence: number;
  readonly #socket = new Dealer({
    linger: 0,
    immediate: true,
    sendHighWaterMark: 4,
    sendTimeout: 0,
    reconnectInterval: 50,
  });
  readonly #pixels = new Uint8Array(SIDE * SIDE).map((_, i) => (i * 7919) % 251);
  readonly #answers = new Map<string, (type: FrameEnd["end"]) => void>();
  #isStopped: boolean = false;

  /** @param first number of its first frame. */
  constructor(address: string, session: string, onEnd: (end: FrameEnd) => void, first = 0) {
    this.session = session;
    this.#onEnd = onEnd;
    this.#sequence = first;
    this.#socket.connect(address);
  }

  /** Number of the frame that comes next. */
  get sequence(): number {
    return this.#sequence;
  }

  async run(): Promise<void> {
    void this.#receive();
    while (!this.#isStopped) {
      this.#onEnd(await this.#ask());
      await pause(PAUSE_MS);
    }
    this.#socket.close();
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #ask(): Promise<FrameEnd> {
    const sequence = this.#sequence++;
    const { session } = this;
    const id = `${session}/${sequence}`;
    const header = {
      ...{ v: 1, type: "frame", id, session, sequence, mode: "gate", deadlineMs: DEADLINE_MS },
      ...{ dtype: "uint8", shape: [SIDE, SIDE], site: { name: `S${sequence}` }, attempt: 0, zUm: 1 },
    };
    const startMs = performance.now();
    const answer = new Promise<FrameEnd["end"]>((resolve) => void this.#answers.set(id, resolve));
    const sending = this.#socket.send([JSON.stringify(header), this.#pixels]).then(
      () => answer,
      () => "not sent" as const,
    );
    const end = await Promise.race([sending, pause(DEADLINE_MS + PATIENCE_MS).then(() => "none" as const)]);
    this.#answers.delete(id);
    return { id, end, heldMs: performance.now() - startMs };
  }

  async #receive(): Promise<void> {
    for await (const [json] of this.#socket) {
      const message = JSON.parse(String(json)) as { id?: string; type: FrameEnd["end"] };
      if (message.id !== undefined) this.#answers.get(message.id)?.(message.type);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
