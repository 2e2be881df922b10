import type { MessagePort } from "node:worker_threads";

/**
 * How long a thread that ends rests first, ms. Node 20 aborts the whole process if V8 still compiles what was just hot while the
 * thread's isolate is taken down (`NodePlatform::ForIsolate`, `(data.first) != nullptr`).
 */
const REST_MS = 50;

/** In a worker thread: takes no more messages, and ends once nothing else keeps it alive. */
export function endThread(port: MessagePort): void {
  setTimeout(() => port.close(), REST_MS);
}
