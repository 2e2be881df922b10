import { workerData } from "node:worker_threads";
import { Pull } from "zeromq";
import type { FrameShape, FrameWorkerData } from "./frame-thread.js";
import type { Frame } from "./frames/frame.js";

/** In a worker thread: the frames that its `FrameThread` was called with. */
export class FrameReceiver {
  readonly #pull = new Pull({ receiveHighWaterMark: 0, linger: 0 });
  /** Pixels that have come before their call, and calls that have come before their pixels. */
  readonly #pixels = new Map<number, Buffer>();
  readonly #waiting = new Map<number, (bytes: Buffer) => void>();

  #isReceiving: boolean = false;

  start(): void {
    this.#pull.connect((workerData as FrameWorkerData).address);
  }

  async frame({ number, dtype, ...shape }: FrameShape): Promise<Frame> {
    const bytes = this.#pixels.get(number) ?? (await this.#arrival(number));
    this.#pixels.delete(number);
    return {
      ...shape,
      pixels:
        dtype === "uint8" ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : countsOf(bytes),
    };
  }

  stop(): void {
    this.#pull.close();
  }

  #arrival(number: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      // Closed while somebody waits: the thread is ending.
      this.#receive().catch(() => undefined);
    });
  }

  /** Only while somebody waits: a thread that ends with a receive under way takes the process with it. */
  async #receive(): Promise<void> {
    if (this.#isReceiving) return;
    this.#isReceiving = true;
    while (this.#waiting.size > 0) {
      const [head, bytes] = await this.#pull.receive();
      const number = Number(head);
      const resolve = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (resolve === undefined) this.#pixels.set(number, bytes!);
      else resolve(bytes!);
    }
    this.#isReceiving = false;
  }
}

/** A message of a few bytes lies within a larger buffer, maybe at an odd place. */
function countsOf(bytes: Buffer): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}
