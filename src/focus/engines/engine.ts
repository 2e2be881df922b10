import type { Frame } from "../../frames/frame.js";
import type { FocusModel } from "../model.js";

/** What a network says about patches, in their order, and about all of them together. */
export interface PatchScores {
  /** [patches, 11] */
  readonly probabilities: Float32Array;
  /** [patches], 0 to 1 */
  readonly certainties: Float32Array;
  /** [11] */
  readonly distribution: Float32Array;
  readonly aggregateCertainty: number;
  readonly meanCertainty: number;
  readonly maxCertainty: number;
  /** Of a model with a content reading: log odds that each patch shows structure, [patches]. */
  readonly structures?: Float32Array;
  /** Of a model with a content reading: distance of each patch from those of the training, 1 for an average one, [patches]. */
  readonly strangenesses?: Float32Array;
}

/** A model made ready to run. */
export interface FocusEngine {
  /** One line for the user: what runs where, and why not something faster. */
  readonly description: string;
  /** Scores all patches of a frame, or of a strip that `patchStrip` made. */
  run(frame: Frame): Promise<PatchScores>;
  dispose(): Promise<void>;
}

export interface EngineOptions {
  /** Where to compute; each engine says which it knows. Default `auto`: the fastest that starts. */
  readonly device?: string;
  /** kserve: address of the server, http or https. */
  readonly server?: string;
  /** CPU threads; default: one a core. */
  readonly threads?: number;
  /**
   * Other work shares the cores and frames come one by one: threads sleep between frames, where they would otherwise wait
   * busily for the next one. Default false, a few percent faster in one long run.
   */
  readonly sharesCores?: boolean;
}

/** Makes a model ready. @throws EngineError when the engine or the device does not start. */
export type StartEngine = (model: FocusModel, options: EngineOptions) => Promise<FocusEngine>;
