import { type TransferListItem, Worker, type WorkerOptions } from "node:worker_threads";
import { ParfocalError, reasonOf } from "./errors.js";
import { endNativeCalls, type NativeCalls, noNativeCalls } from "./native-calls.js";
import { workerUrl } from "./worker-url.js";

/** A call to a worker thread, and its answer. */
export interface Call {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}
export type CallAnswer =
  | { readonly number: number; readonly value: unknown }
  | {
      readonly number: number;
      readonly failure: string;
      readonly tag: string | undefined;
      /** Of the system ("EADDRINUSE"). */
      readonly code: string | undefined;
    };

/** An error that was thrown in a worker thread, under the tag that it had there. */
export class ThreadError extends ParfocalError {
  readonly tag: string;
  /** The system's, if it has one ("EADDRINUSE"). */
  readonly code: string | undefined;

  constructor(tag: string, message: string, code?: string) {
    super(message);
    this.tag = tag;
    this.code = code;
  }
}

/**
 * Memory of a thread, MiB, pixels not counted. V8 lets a heap that may become large grow to four times of what is in use before it
 * looks for what is not, one that may not to less than twice; and none of the threads makes new objects fast enough to need V8's 48 MiB for them.
 */
const LIMITS = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 12 };

/** How long a thread may take to let go of what it holds, ms. */
const STOP_MS = 2000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Native calls of the threads that are there. */
const nativeCallsOfThreads = new Set<NativeCalls>();
process.once("exit", () => nativeCallsOfThreads.forEach(endNativeCalls));

/** A worker thread whose functions are called (`serveCalls` there). Whatever ends the thread, only its calls fail. */
export class WorkerThread {
  readonly #url: URL;
  readonly #options: WorkerOptions;
  readonly #nativeCalls = noNativeCalls();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  /** Why it has ended, if it has. */
  #end: string | undefined;
  #count = 0;

  /** @param script file name with .js beside the module whose `import.meta.url` is `base`. */
  constructor(script: string, base: string, options: WorkerOptions = {}) {
    this.#url = workerUrl(script, base);
    // In a thread without data of its own, a package that geotiff needs cannot be loaded (web-worker 1.5.0).
    const workerData = { ...(options.workerData as object | undefined), nativeCalls: this.#nativeCalls };
    this.#options = { resourceLimits: LIMITS, ...options, workerData };
  }

  /** Whether no call can succeed any more. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Calls a function of the script; the first call starts the thread. What is in `transfer` is handed over.
   * @throws ThreadError with what the function threw, or saying that the thread ended.
   */
  call(name: string, argument?: unknown, transfer: readonly TransferListItem[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) throw endedError(this.#end);
      this.#worker ??= this.#start();
      const number = this.#count++;
      const call: Call = { number, name, argument };
      this.#worker.postMessage(call, transfer);
      this.#waiting.set(number, { resolve, reject });
      // It keeps the process alive only for somebody who waits.
      this.#worker.ref();
    });
  }

  /**
   * Asks the thread to let go of what it holds (`stop` of its functions) and to end; ends it if it does not do so in time.
   * Calls that are under way fail.
   */
  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) this.#end ??= "it was stopped";
    if (worker === undefined || this.#end !== undefined) return;
    const ended = new Promise<void>((resolve) => void worker.once("exit", () => resolve()));
    const stopping = this.call("stop").then(
      () => true,
      () => true,
    );
    const hasHeard = await Promise.race([stopping, waited(STOP_MS)]);
    this.#end ??= "it was stopped";
    worker.ref();
    const hasEnded = hasHeard && (await Promise.race([ended.then(() => true), waited(STOP_MS)]));
    if (hasEnded) return;
    endNativeCalls(this.#nativeCalls);
    await worker.terminate();
  }

  #start(): Worker {
    const worker = startWorker(this.#url, this.#options);
    nativeCallsOfThreads.add(this.#nativeCalls);
    worker.on("message", (answer: CallAnswer) => this.#answered(answer));
    worker.on("error", (error) => {
      this.#end ??= reasonOf(error);
    });
    worker.on("exit", (code) => {
      nativeCallsOfThreads.delete(this.#nativeCalls);
      this.#end ??= `exit code ${code}`;
      for (const { reject } of this.#waiting.values()) reject(endedError(this.#end));
      this.#waiting.clear();
    });
    return worker;
  }

  #answered(answer: CallAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ("value" in answer) waiting?.resolve(answer.value);
    else waiting?.reject(new ThreadError(answer.tag ?? "ThreadError", answer.failure, answer.code));
  }
}

/** @throws ThreadError where the system does not let it begin; later it may. */
function startWorker(url: URL, options: WorkerOptions): Worker {
  try {
    return new Worker(url, options);
  } catch (error) {
    if (reasonOf(error) !== "EAGAIN") throw error;
    const advice = "this user or container may have no more of them; raise its limit (ulimit -u, pids.max)";
    throw new ThreadError("ThreadError", `a thread cannot be started: ${advice}`);
  }
}

function waited(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), ms).unref());
}

function endedError(reason: string): ThreadError {
  // Of a thread that could not begin, Node gives the code alone.
  if (/failure: E[MN]FILE$/.test(reason)) return endedError(`${reason}: too many open files`);
  return new ThreadError("ThreadError", `a thread ended before its work was done: ${reason}`);
}
