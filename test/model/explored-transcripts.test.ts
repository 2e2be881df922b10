import { expect, test } from "vitest";
import { readTranscript, transcriptNames } from "../helpers/transcripts.js";
import { exploredTranscripts } from "./explored-transcripts.js";

test("the conversations that every controller is tried with hold a sample of the model's (scripts/write-explored-transcripts.ts)", () => {
  const explored = exploredTranscripts();

  expect(transcriptNames.filter((name) => name.startsWith("explored-"))).toEqual([...explored.keys()]);
  for (const [name, transcript] of explored) expect(readTranscript(name)).toEqual(transcript);
});
