import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { decodeMessage } from "../../src/protocol/codec.js";
import { ABANDON_REASONS, Index } from "../../src/protocol/messages.js";

const CONTRACT = "test/contract";
const FOLDER = join(CONTRACT, "transcripts");

const Answer = z.union([
  z.null(),
  z.strictObject({ drop: z.string() }),
  z.strictObject({ error: z.string() }),
  z.looseObject({ decision: z.string() }),
]);
const Transcript = z.strictObject({
  says: z.string().min(1),
  needs: z.array(z.string()),
  given: z.looseObject({ zUm: z.number(), limitsUm: z.tuple([z.number(), z.number()]) }),
  conversation: z.array(
    z.union([
      z.strictObject({
        frame: z.strictObject({ attempt: Index, zUm: z.number() }),
        answer: Answer,
        meanwhile: z.literal("cancel").optional(),
      }),
      z.strictObject({ noFrame: z.strictObject({ attempt: Index }) }),
    ]),
  ),
  end: z.strictObject({
    visitedUm: z.array(z.number()).optional(),
    zUm: z.number().optional(),
    keepAttempt: Index,
    abandon: z.enum(ABANDON_REASONS).nullable(),
  }),
});

const accept: object = JSON.parse(readFileSync(join(CONTRACT, "verdict-accept.json"), "utf8"));
const names = readdirSync(FOLDER);

test.each(names)("%s is a conversation that the protocol allows", (name) => {
  const { conversation, end, needs } = Transcript.parse(JSON.parse(readFileSync(join(FOLDER, name), "utf8")));
  for (const step of conversation) {
    if (!("answer" in step) || step.answer === null || !("decision" in step.answer)) continue;
    const message = Buffer.from(JSON.stringify({ ...accept, ...step.answer }));
    if (needs.includes("later-version")) continue;
    expect(decodeMessage([message])).toMatchObject({ kind: "plain", message: { type: "verdict" } });
  }
  expect(end.visitedUm ?? end.zUm).toBeDefined();
});

test("there are transcripts", () => {
  expect(names.length).toBeGreaterThan(20);
});
