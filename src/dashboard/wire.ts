/**
 * What the dashboard's page and its server say to each other. `docs/dashboard.md` lists the addresses.
 * @module
 */

import type { Mark, RuleValues } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import type { Health } from "../sinks/agent-health.js";

/** How the agent does: GET /api/status, and pushed every second. */
export interface StatusView {
  /** "agent", or "replay" where finished data are shown and nothing can be changed. */
  readonly kind: "agent" | "replay";
  readonly version: string;
  readonly model: { readonly name: string; readonly sha256: string };
  /** One line: what computes, and where. */
  readonly engine: string;
  readonly health: Health;
  /** Wall clock of the agent's machine, ms since 1970 UTC: a browser's may differ. */
  readonly nowMs: number;
  /** The run that the last frame belonged to. */
  readonly liveRun: string | undefined;
  /** Whether the page may change anything; it then needs the token. */
  readonly control: boolean;
  /** Frames that went without a picture. */
  readonly skippedPictures: number;
  /** Whether gated frames may lead to actions. */
  readonly gating: boolean;
  readonly rules: RuleValues;
  /** Rules of channels that have their own. */
  readonly channels: Readonly<Record<string, RuleValues>>;
  /** Why finished runs cannot be shown at present, if so. */
  readonly storeProblem: string | undefined;
}

/** GET /api/runs, the newest first. */
export interface RunList {
  readonly runs: readonly RunEntry[];
}

/**
 * GET /api/runs/ID answers a `RunSnapshot` (src/runs) with these headers: the place in the live stream up to which
 * the snapshot is complete. Records after it are asked for with /ws?epoch=E&since=N.
 */
export const EPOCH_HEADER = "x-parfocal-epoch";
export const SEQUENCE_HEADER = "x-parfocal-sequence";

/** One frame in detail: GET /api/runs/RUN/frames/ID; its picture is below it, at preview.png. */
export interface FrameDetail {
  readonly id: string;
  /** Shape of the frame, px. */
  readonly width: number;
  readonly height: number;
  /** Whether there is a picture; the oldest are deleted. It covers the whole frame, `previewScale` px a pixel. */
  readonly hasPreview: boolean;
  readonly previewScale: number;
  /** Counts shown as black and as white. */
  readonly displayRange: readonly [number, number];
  /** Side of a patch, px of the frame. */
  readonly patchPx: number;
  /** Left and top edges of the columns and rows of patches, px of the frame. */
  readonly lefts: readonly number[];
  readonly tops: readonly number[];
  /** Most likely level and certainty of each patch, row by row; null where a patch was not judged. */
  readonly levels: readonly (number | null)[];
  readonly certainties: readonly (number | null)[];
  /** Frame distribution, 11 probabilities. */
  readonly distribution: readonly number[];
}

/** Server to page over /ws, JSON text; at most ten of them a second. */
export type ServerMessage =
  /** First message. `epoch` is another after each start of the agent. */
  | { readonly type: "hello"; readonly epoch: string; readonly sequence: number }
  /** The records up to number `sequence`; the same as on the ZeroMQ PUB socket. */
  | { readonly type: "records"; readonly sequence: number; readonly records: readonly ResultRecord[] }
  /** What was asked for with `since` is no longer held: take a new snapshot. */
  | { readonly type: "gap"; readonly epoch: string; readonly sequence: number }
  | { readonly type: "status"; readonly status: StatusView };

/** POST /api/control, only where control is enabled, with `authorization: Bearer TOKEN`. */
export type ControlRequest =
  | { readonly what: "gating"; readonly on: boolean }
  | { readonly what: "rules"; readonly channel?: string | undefined; readonly rules: RuleValues }
  | { readonly what: "label"; readonly run: string; readonly frameId: string; readonly mark: Mark };

/** Answer to a request that failed. */
export interface ErrorBody {
  /** One sentence: what is wrong and what to do. */
  readonly error: string;
}
