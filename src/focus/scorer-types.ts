import type { Frame } from "../frames/frame.js";
import type { FocusReport } from "./report.js";

/** Which model answered: goes into every record. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of model.onnx, hex. */
  readonly sha256: string;
}

export interface ScoreOptions {
  readonly signal?: AbortSignal;
  /** Pixels a side that are judged as one, 1 and up: see `binningFor`. @default 1 */
  readonly binning?: number;
}

/** From frame to report. The real one is `Scorer`; whoever only needs to score takes this. */
export interface FrameScorer {
  readonly model: ModelIdentity;
  /** @throws FrameShapeError when the frame cannot be cut into patches. */
  score(frame: Frame, options?: ScoreOptions): Promise<FocusReport>;
  dispose(): Promise<void>;
}
