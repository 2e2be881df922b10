import type { Frame } from "../../frames/frame.js";
import { summaryOf } from "../certainty.js";
import type { FocusEngine, RawScores } from "./engine.js";

/** Scores a frame band by band and puts the answers together. @param bands from `bandsOf`, at least one. */
export async function scoresOfBands(
  engine: FocusEngine,
  bands: readonly Frame[],
  signal?: AbortSignal,
): Promise<RawScores> {
  const scores: RawScores[] = [];
  for (const band of bands) {
    scores.push(await engine.run(band));
    signal?.throwIfAborted();
  }
  if (scores.length === 1) return scores[0]!;
  const probabilities = joined(scores.map((score) => score.probabilities));
  const certainties = joined(scores.map((score) => score.certainties));
  return {
    rows: scores.reduce((sum, { rows }) => sum + rows, 0),
    columns: scores[0]!.columns,
    probabilities,
    certainties,
    ...summaryOf(probabilities, certainties),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
