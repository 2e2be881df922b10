import type { Frame } from "../frames/frame.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";

/** What is where the drive is now. */
export interface Snapshot {
  readonly frame: Frame;
  readonly metadata: FrameMetadata;
  /** Measured position of the focus drive, um. */
  readonly zUm: number;
  /** Side of a pixel in the sample, um, where known. */
  readonly pixelUm?: number | undefined;
}

/** A microscope that this program drives itself, at the position where it stands. */
export interface DrivenMicroscope {
  snap(signal?: AbortSignal): Promise<Snapshot>;
  zUm(): Promise<number>;
  /** Moves the focus drive and waits for it. A JavaExceptionError says that the drive refused. */
  moveToZ(zUm: number): Promise<void>;
  autofocus(): Promise<void>;
  /** Whether a hardware focus lock holds the drive: it must not be moved then. */
  isLocked(): Promise<boolean>;
}
