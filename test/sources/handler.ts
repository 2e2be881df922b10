import type { ErrorMessage } from "../../src/protocol/messages.js";
import type { IncomingFrame, SourceHandler } from "../../src/sources/source.js";

/** A handler that passes on frames and problems, and takes no note of all else. */
export function handlerWith(
  frame: (incoming: IncomingFrame) => void | Promise<void>,
  problem: (error: ErrorMessage, path: string | undefined) => void,
): SourceHandler {
  return {
    frame: async (incoming) => frame(incoming),
    problem: (_source, error, path) => problem(error, path),
    lost: () => undefined,
    bye: () => undefined,
    abandon: () => undefined,
    acquiring: () => undefined,
    queued: () => 0,
  };
}
