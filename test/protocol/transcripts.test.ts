import { expect, test } from "vitest";
import { decodeMessage } from "../../src/protocol/codec.js";
import { ABANDON_REASONS } from "../../src/protocol/messages.js";
import { ACCEPT, CONTROLLERS, framesOf, readTranscript, transcriptNames } from "../helpers/transcripts.js";

test.each(transcriptNames)("%s is a conversation that the protocol allows", (name) => {
  const transcript = readTranscript(name);
  for (const { answer } of framesOf(transcript)) {
    if (answer === null || !("decision" in answer)) continue;
    const message = Buffer.from(JSON.stringify({ ...ACCEPT, ...answer }));
    if (transcript.needs.includes("later-version")) continue;
    expect(decodeMessage([message])).toMatchObject({ kind: "plain", message: { type: "verdict" } });
  }
  expect(transcript.end.visitedUm ?? transcript.end.zUm).toBeDefined();
});

test("there is a transcript for each reason to end a site but the one that only a plan knows", () => {
  const reasons = transcriptNames.map((name) => readTranscript(name).end.abandon);
  for (const reason of ABANDON_REASONS) if (reason !== "skipped") expect(reasons).toContain(reason);
});

test("a controller leaves out only what a transcript needs", () => {
  const needs = new Set(transcriptNames.flatMap((name) => readTranscript(name).needs));
  for (const beyond of Object.values(CONTROLLERS)) {
    for (const need of Object.keys(beyond)) expect(needs).toContain(need);
  }
});
