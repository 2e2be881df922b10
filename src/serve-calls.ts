import { parentPort, type TransferListItem } from "node:worker_threads";
import { endThread } from "./end-thread.js";
import { isParfocalError, reasonOf } from "./errors.js";
import { errorCode } from "./frames/file-reasons.js";
import { giveWay } from "./give-way.js";
import type { Call, CallAnswer } from "./worker-thread.js";

/** An answer with what is handed over instead of copied. */
export class HandedOver {
  readonly value: unknown;
  readonly transfer: readonly TransferListItem[];

  constructor(value: unknown, transfer: readonly TransferListItem[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

/**
 * In a worker thread: answers the calls of its `WorkerThread`, at the same time where they wait, or one after the other. The
 * function `stop`, if there is one, is called last; the thread ends once nothing else keeps it alive. Whatever computes gives way to
 * the thread that answers.
 */
export function serveCalls(
  functions: Readonly<Record<string, ((argument: never) => unknown) | undefined>>,
  { inOrder = false, givesWay = true }: { readonly inOrder?: boolean; readonly givesWay?: boolean } = {},
): void {
  if (givesWay) giveWay();
  const port = parentPort!;
  const answer = async ({ number, name, argument }: Call): Promise<void> => {
    try {
      const value = await (name === "stop"
        ? functions.stop?.(argument as never)
        : functions[name]!(argument as never));
      if (value instanceof HandedOver) port.postMessage({ number, value: value.value }, value.transfer);
      else port.postMessage({ number, value } satisfies CallAnswer);
    } catch (error) {
      const tag = isParfocalError(error) ? error.tag : undefined;
      port.postMessage({
        number,
        failure: reasonOf(error),
        tag,
        code: errorCode(error),
      } satisfies CallAnswer);
    }
    if (name === "stop") endThread(port);
  };
  let before: Promise<void> = Promise.resolve();
  port.on("message", (call: Call) => {
    before = inOrder ? before.then(() => answer(call)) : answer(call);
  });
}
