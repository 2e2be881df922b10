import type { Frame } from "../../frames/frame.js";
import { summaryOf } from "../certainty.js";
import { patchStrip } from "../patch-strip.js";
import type { PatchGrid } from "../tiling.js";
import type { FocusEngine, PatchScores } from "./engine.js";

/**
 * Patches that an engine is given at once: few enough to stay in a processor's cache, so that memory does not grow with the
 * frame, and between two such strips other frames are scored.
 */
const PATCHES_AT_ONCE = 64;

/** Scores patches of a frame, strip by strip. @param patches numbers of patches in row order, at least one; scores come in their order. */
export async function scoresOfPatches(
  engine: FocusEngine,
  frame: Frame,
  grid: PatchGrid,
  patches: readonly number[],
  signal?: AbortSignal,
): Promise<PatchScores> {
  const scores: PatchScores[] = [];
  for (let first = 0; first < patches.length; first += PATCHES_AT_ONCE) {
    scores.push(await engine.run(patchStrip(frame, grid, patches.slice(first, first + PATCHES_AT_ONCE))));
    signal?.throwIfAborted();
  }
  return joinedScores(scores);
}

/** Scores of patches of one frame, and what all of them together say. @param scores at least one. */
export function joinedScores(scores: readonly PatchScores[]): PatchScores {
  if (scores.length === 1) return scores[0]!;
  const probabilities = joined(scores.map((score) => score.probabilities));
  const certainties = joined(scores.map((score) => score.certainties));
  return { probabilities, certainties, ...summaryOf(probabilities, certainties), ...joinedContent(scores) };
}

/** Of strips that all have it. */
function joinedContent(scores: readonly PatchScores[]): Pick<PatchScores, "structures" | "strangenesses"> {
  const structures = scores.flatMap((score) => score.structures ?? []);
  const strangenesses = scores.flatMap((score) => score.strangenesses ?? []);
  const isWhole = structures.length === scores.length && strangenesses.length === scores.length;
  return isWhole ? { structures: joined(structures), strangenesses: joined(strangenesses) } : {};
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
