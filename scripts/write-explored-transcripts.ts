/** Writes the conversations of test/contract/transcripts that the model of the protocol has found. */
import { writeFileSync } from "node:fs";
import { exploredTranscripts } from "../test/model/explored-transcripts.js";

for (const [name, transcript] of exploredTranscripts()) {
  writeFileSync(`test/contract/transcripts/${name}.json`, `${JSON.stringify(transcript, null, 2)}\n`);
}
