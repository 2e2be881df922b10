import { Push } from "zeromq";
import { type Frame, type PixelType, pixelTypeOf } from "./frames/frame.js";
import { WorkerThread } from "./worker-thread.js";

/** Threads that were started in this process: each has an address of its own. */
let started = 0;

/** What a script that is given frames finds in its `workerData`. */
export interface FrameWorkerData {
  /** Where the pixels come from. */
  readonly address: string;
}

/** A frame without its pixels, which come under the same number. */
export interface FrameShape {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly dtype: PixelType;
  readonly bitDepth?: number;
}

/**
 * A worker thread that is given frames (`FrameReceiver` there). Pixels go there by reference: a ZeroMQ socket within the
 * process passes the memory of a message on, which Node's own channels would copy.
 */
export class FrameThread {
  readonly #thread: WorkerThread;
  readonly #pixels: Push;
  #count = 0;

  private constructor(thread: WorkerThread, pixels: Push) {
    this.#thread = thread;
    this.#pixels = pixels;
  }

  /** @param script file name with .js beside the module whose `import.meta.url` is `base`. */
  static async start(script: string, base: string, data: object = {}): Promise<FrameThread> {
    const address = `inproc://frames-${process.pid}-${started++}`;
    // Frames are limited before they come here: no limit of messages may hold one back.
    const pixels = new Push({ sendHighWaterMark: 0, linger: 0 });
    await pixels.bind(address);
    const workerData: FrameWorkerData = { ...data, address };
    return new FrameThread(new WorkerThread(script, base, { workerData }), pixels);
  }

  /** Whether no call can succeed any more. */
  get hasEnded(): boolean {
    return this.#thread.hasEnded;
  }

  call(name: string, argument?: unknown): Promise<unknown> {
    return this.#thread.call(name, argument);
  }

  /** Calls a function with `{ ...argument, shape }`; the pixels must not be changed meanwhile. Gives the frame's number. */
  callWithFrame(
    name: string,
    frame: Frame,
    argument: object = {},
  ): { number: number; answer: Promise<unknown> } {
    const number = this.#count++;
    const { width, height, bitDepth, pixels } = frame;
    const shape: FrameShape = {
      ...{ number, width, height, dtype: pixelTypeOf(frame) },
      ...(bitDepth !== undefined && { bitDepth }),
    };
    const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    // First, so that they are there when the call is. The thread may have ended; that is told by the answer.
    if (!this.#pixels.closed) this.#pixels.send([String(number), bytes]).catch(() => undefined);
    return { number, answer: this.#thread.call(name, { ...argument, shape }) };
  }

  async stop(): Promise<void> {
    await this.#thread.stop();
    if (!this.#pixels.closed) this.#pixels.close();
  }
}
