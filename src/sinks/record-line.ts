import { z } from "zod";
import {
  DropMessage,
  ErrorMessage,
  FrameMessage,
  OutcomeMessage,
  VerdictMessage,
} from "../protocol/messages.js";
import type { ResultRecord } from "./sink.js";

const Context = z.object({
  recordedMs: z.number(),
  source: z.string().optional(),
  frame: FrameMessage.optional(),
  file: z.string().optional(),
  late: z.literal(true).optional(),
});

const Reported = z.discriminatedUnion("type", [VerdictMessage, DropMessage, ErrorMessage, OutcomeMessage]);

/** One line of results.jsonl, or undefined where it is none that this version understands. */
export function parseRecord(line: string): ResultRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const context = Context.safeParse(json);
  const reported = Reported.safeParse(json);
  if (!context.success || !reported.success) return undefined;
  return { ...reported.data, ...context.data } as ResultRecord;
}
