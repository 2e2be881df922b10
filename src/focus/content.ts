/**
 * What the patches together say of a frame's content: whether it shows structure, and whether it is anything like what the
 * model was trained on. A grain that chance makes and a bubble's rim are certain of a level here and there, as cells are; what
 * the network sees in them is something else.
 * @module
 */
import type { PatchScores } from "./engines/engine.js";

/** So many patches speak for the content: those of whose level the network is most certain, each weighted by its certainty. */
const SPEAKING_PATCHES = 6;
/** Log odds beyond this say no more. */
const MOST_LOG_ODDS = 10;
/** A patch with less certainty shows too little to be an example of structure, like anything or unlike it. */
export const SHOWS_SOMETHING = 0.2;

/** What a frame shows; without what the model does not tell. */
export interface FrameContent {
  /** Log odds that the frame shows structure. */
  readonly structure?: number;
  /** Distance of its patches from those of the training, 1 for average ones, their median; not where no patch shows anything. */
  readonly strangeness?: number;
}

export function contentOf(scores: PatchScores): FrameContent {
  const [structure, strangeness] = [frameStructure(scores), frameStrangeness(scores)];
  return { ...(structure !== undefined && { structure }), ...(strangeness !== undefined && { strangeness }) };
}

function frameStructure({ certainties, structures }: PatchScores): number | undefined {
  if (structures === undefined) return undefined;
  let [sum, weights] = [0, 0];
  for (const patch of byCertainty(certainties).slice(0, SPEAKING_PATCHES)) {
    const logOdds = Math.min(MOST_LOG_ODDS, Math.max(-MOST_LOG_ODDS, structures[patch]!));
    sum += certainties[patch]! * logOdds;
    weights += certainties[patch]!;
  }
  return weights > 0 ? sum / weights : -MOST_LOG_ODDS;
}

/**
 * Share of the network's certainty that a frame keeps, 0 to 1: where less than `least` speaks for structure, the probability
 * that it shows any; else all.
 */
export function certaintyShare({ structure }: FrameContent, least: number | undefined): number {
  if (structure === undefined || least === undefined || structure >= least) return 1;
  return 1 / (1 + Math.exp(-structure));
}

function frameStrangeness({ certainties, strangenesses }: PatchScores): number | undefined {
  if (strangenesses === undefined) return undefined;
  const shown = strangenesses.filter((_, patch) => certainties[patch]! >= SHOWS_SOMETHING).sort();
  return shown[Math.floor(shown.length / 2)];
}

/** Numbers of patches, the most certain first. */
function byCertainty(certainties: Float32Array): number[] {
  return [...certainties.keys()].sort((a, b) => certainties[b]! - certainties[a]! || a - b);
}
