import type { Frame } from "../frames/frame.js";
import type { Coverage, FocusReport } from "./report.js";

/** Which model answered: goes into every record. */
export interface ModelIdentity {
  readonly name: string;
  /** SHA-256 of model.onnx, hex. */
  readonly sha256: string;
}

export interface ScoreOptions {
  readonly signal?: AbortSignal;
  /**
   * Patches that are judged: those that decide the frame, or all. The verdict is the same; all are for maps and overlays.
   * @default "sample"
   */
  readonly coverage?: Coverage;
  /** Pixels a side that are judged as one, 1 and up: see `binningFor`. @default 1 */
  readonly binning?: number;
}

/** From frame to report. The real one is `Scorer`; whoever only needs to score takes this. */
export interface FrameScorer {
  readonly model: ModelIdentity;
  /** @throws FrameShapeError when the frame cannot be cut into patches. */
  score(frame: Frame, options?: ScoreOptions): Promise<FocusReport>;
  /** The report of a frame with the patches judged that did not decide it. */
  completed(frame: Frame, report: FocusReport, signal?: AbortSignal): Promise<FocusReport>;
  dispose(): Promise<void>;
}
