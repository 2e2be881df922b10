import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { z } from "zod";
import {
  AbandonMessage,
  AlertMessage,
  ChangeMessage,
  DropMessage,
  ErrorMessage,
  FrameMessage,
  OutcomeMessage,
  RuleValues,
  VerdictMessage,
} from "../protocol/messages.js";
import { linesOf } from "./json-lines.js";
import type { ResultRecord } from "./record.js";

const Context = z.object({
  recordedMs: z.number(),
  source: z.string().optional(),
  controller: z.string().optional(),
  frame: FrameMessage.optional(),
  file: z.string().optional(),
  distribution: z.array(z.number()).optional(),
  weightedCertainty: z.number().optional(),
  rules: RuleValues.optional(),
  late: z.literal(true).optional(),
});

const Reported = z.discriminatedUnion("type", [
  VerdictMessage,
  DropMessage,
  ErrorMessage,
  OutcomeMessage,
  AbandonMessage,
  ChangeMessage,
  AlertMessage,
]);

const texts = new WeakMap<ResultRecord, string>();

/** A record as it stands in results.jsonl, without the line break. It is made once, however many ask for it. */
export function recordText(record: ResultRecord): string {
  const text = texts.get(record) ?? JSON.stringify(record);
  texts.set(record, text);
  return text;
}

/** One line of results.jsonl, or undefined where it is none that this version understands. */
export function parseRecord(line: string): ResultRecord | undefined {
  let json: unknown;
  try {
    // Editors of Windows put a byte order mark before the first one.
    json = JSON.parse(line.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
  const context = Context.safeParse(json);
  const reported = Reported.safeParse(json);
  if (!context.success || !reported.success) return undefined;
  return { ...reported.data, ...context.data } as ResultRecord;
}

/** The lines of a results.jsonl that are not empty, read; undefined for each that this version does not understand. */
export function readRecords(path: string): AsyncGenerator<ResultRecord | undefined> {
  return recordsOf(createReadStream(path));
}

/** The same of a stream of its bytes. */
export async function* recordsOf(input: Readable): AsyncGenerator<ResultRecord | undefined> {
  for await (const lines of linesOf(input)) {
    for (const { text } of lines)
      if (text?.trim() !== "") yield text === undefined ? undefined : parseRecord(text);
  }
}

/** The frames of one session in a results.jsonl that got a verdict, in its order; none where there is no such file. */
export async function* framesOnRecord(path: string, session: string): AsyncGenerator<FrameMessage> {
  const mark = `"session":${JSON.stringify(session)}`;
  const input = createReadStream(path);
  try {
    for await (const lines of linesOf(input)) {
      for (const { text } of lines) {
        // Most lines may be of others: looking for text is far quicker than reading all of them.
        const record = text?.includes(mark) ? parseRecord(text) : undefined;
        if (record?.type === "verdict" && record.frame?.session === session) yield record.frame;
      }
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
