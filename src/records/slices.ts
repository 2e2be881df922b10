import type { FrameMessage } from "../protocol/messages.js";

/** Whether a frame is a slice of a z-stack that is judged with the others, by the verdict on the last one. */
export function isSlice({ mode, stack }: Pick<FrameMessage, "mode" | "stack">): boolean {
  return mode === "observe" && stack !== undefined && stack.last !== true;
}
