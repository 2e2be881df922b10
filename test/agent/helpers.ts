import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { onTestFinished } from "vitest";
import { Dealer, Subscriber } from "zeromq";
import { AgentConfig } from "../../src/config/schema.js";
import type { FocusReport } from "../../src/focus/report.js";
import type { FrameScorer } from "../../src/focus/scorer-types.js";
import type { Frame } from "../../src/frames/frame.js";
import { decodeMessage, encodeFrame, encodeMessage, type Pixels } from "../../src/protocol/codec.js";
import type { FrameMessage, PlainMessage } from "../../src/protocol/messages.js";
import { frame as frameHeader, report } from "../refocus/helpers.js";

export const silent: Logger = pino({ level: "silent" });

/** A logger that keeps what it is told. */
export function recordingLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: pino({ level: "debug" }, { write }), lines };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "parfocal-test-"));
}

/** A configuration with free ports and results in `folder`. */
export function testConfig(folder: string, overrides: Record<string, unknown> = {}): AgentConfig {
  return AgentConfig.parse({
    sources: { zeromq: { address: "tcp://127.0.0.1:0" } },
    publish: { address: "tcp://127.0.0.1:0" },
    results: { folder, csvMs: 20 },
    dashboard: { enabled: false },
    database: { enabled: false },
    // Levels that a test makes up follow no curve: what is sharp is set.
    policy: { sharp: "absolute", maxLevel: 1, retries: 3 },
    ...overrides,
  });
}

/** Stands in for the scorer where a fault is needed that the real one does not produce on demand. */
export function faultyScorer(
  score: (frame: Frame, signal?: AbortSignal) => Promise<FocusReport>,
): FrameScorer {
  return {
    model: { name: "faulty", sha256: "0".repeat(64) },
    score: (frame, options) => score(frame, options?.signal),
    completed: async (_, report) => report,
    dispose: async () => undefined,
  };
}

/** A stand-in that finishes no frame before `release()`. */
export function heldScorer(level: number): { scorer: FrameScorer; release: () => void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { scorer: faultyScorer(() => released.then(() => report(level))), release: () => release() };
}

/** A stand-in that reads the expected level, times ten, from the first pixel. */
export const pixelScorer: FrameScorer = faultyScorer(async ({ pixels }) => report(pixels[0]! / 10));

export const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

/** Waits until `check` gives something, so long at most, where looking takes no time: a busy machine gets more. */
export async function until<T>(
  check: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  // What takes long need not be noticed at once, and looking costs the time that it takes.
  for (let waitedMs = 0, pauseMs = 10; waitedMs < limitMs; pauseMs = Math.min(pauseMs + 1, 50)) {
    const value = await check();
    if (value) return value;
    await sleep(pauseMs);
    waitedMs += pauseMs;
  }
  throw new Error(`waited ${limitMs / 1000} s in vain`);
}

/** A controller on a real socket, closed when the test ends. */
export class TestController {
  readonly socket: Dealer;
  readonly received: PlainMessage[] = [];
  #sequence = 0;

  constructor(
    address: string,
    readonly session: string = "session",
    options: ConstructorParameters<typeof Dealer>[0] = {},
  ) {
    this.socket = new Dealer({ linger: 0, ...options });
    this.socket.connect(address);
    onTestFinished(() => {
      if (!this.socket.closed) this.socket.close();
    });
    void this.#receive();
  }

  send(message: PlainMessage): Promise<void> {
    return this.socket.send(encodeMessage(message));
  }

  /** Sends a frame of 100 x 100 px unless told otherwise; gives its header. */
  async sendFrame(fields: Partial<FrameMessage> = {}, pixels?: Pixels): Promise<FrameMessage> {
    const sequence = this.#sequence++;
    const id = `${this.session}/${sequence}`;
    const header = { ...frameHeader(), id, session: this.session, sequence, deadlineMs: 20_000, ...fields };
    const [height, width] = header.shape;
    await this.socket.send(encodeFrame(header, pixels ?? new Uint8Array(height * width)));
    return header;
  }

  /** Sends a frame that `pixelScorer` finds at this level and waits for its answer. */
  async ask(level: number, fields: Partial<FrameMessage> = {}): Promise<PlainMessage> {
    const { id } = await this.sendFrame(fields, new Uint8Array(100 * 100).fill(level * 10));
    return this.answerTo(id);
  }

  answerTo(id: string): Promise<PlainMessage> {
    return until(() => this.received.find((message) => "id" in message && message.id === id));
  }

  first<T extends PlainMessage["type"]>(type: T): Promise<Extract<PlainMessage, { type: T }>> {
    return until(() =>
      this.received.find((message): message is Extract<PlainMessage, { type: T }> => message.type === type),
    );
  }

  async #receive(): Promise<void> {
    for await (const parts of this.socket) {
      const incoming = decodeMessage(parts);
      if (incoming.kind === "plain") this.received.push(incoming.message);
    }
  }
}

export interface Published {
  readonly topic: string;
  readonly message: Record<string, unknown>;
}

/**
 * What an agent publishes at `address`, growing. A new subscription misses what comes before it is known, so `poke` has
 * something published until it arrives.
 */
export async function published(
  address: string,
  poke: () => Promise<unknown>,
): Promise<readonly Published[]> {
  const subscriber = new Subscriber({ linger: 0 });
  onTestFinished(() => subscriber.close());
  subscriber.connect(address);
  subscriber.subscribe("parfocal.v1.");
  const received: Published[] = [];
  void (async () => {
    for await (const [topic, json] of subscriber) {
      received.push({ topic: String(topic), message: JSON.parse(String(json)) as Record<string, unknown> });
    }
  })();
  await until(async () => {
    await poke();
    return received.length > 0;
  });
  return received;
}

export async function jsonLines(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return (
    text
      .split("\n")
      // What follows the last line break is still being written.
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  );
}
