/**
 * Tables of the results store; docs/results-store.md describes them. One schema for SQLite and PostgreSQL.
 * @module
 */
import type { Generated } from "kysely";

/** Every record as it was logged, in the order of arrival; the other tables are drawn from it. */
interface RecordsTable {
  id: Generated<number>;
  /** SHA-256 of the line, so that the same record written again is the same row. */
  key: string;
  /** Null for what concerns the agent as a whole. */
  run_id: string | null;
  type: string;
  recorded_ms: number;
  /** The line of results.jsonl. */
  record: string;
}

/** One run of one controller (a session), with counts of its frames. */
interface RunsTable {
  id: string;
  /** Who ran it, as it called itself. */
  controller: string | null;
  started_ms: number;
  last_ms: number;
  frames: number;
  accepted: number;
  retried: number;
  flagged: number;
  abstained: number;
  unscored: number;
}

interface SitesTable {
  run_id: string;
  site_key: string;
  name: string;
  plate: string | null;
  well: string | null;
  row_index: number | null;
  column_index: number | null;
  site_index: number | null;
  /** Number of the position in the controller's plan. */
  position: number | null;
  x_um: number | null;
  y_um: number | null;
}

interface FramesTable {
  record_key: string;
  run_id: string;
  site_key: string;
  frame_id: string;
  channel: string;
  time_index: number;
  z_index: number;
  attempt: number;
  mode: string;
  /** 1 for a slice of a z-stack that is judged by its last slice. */
  is_slice: number;
  /** `verdict`, `drop`, `error`, or `late` for a verdict after the deadline. */
  frame_end: string;
  /** Reason of a drop, code of an error. */
  why: string | null;
  condition: string | null;
  level: number | null;
  expected_level: number | null;
  aggregate_certainty: number | null;
  mean_certainty: number | null;
  max_certainty: number | null;
  confidence: number | null;
  /** 1 for a frame unlike all that the model was trained on, 0 for others. */
  unfamiliar: number | null;
  decision: string | null;
  z_um: number | null;
  planned_z_um: number | null;
  z_source: string | null;
  pixel_um: number | null;
  exposure_ms: number | null;
  model_sha256: string | null;
  queue_ms: number | null;
  score_ms: number | null;
  total_ms: number | null;
  recorded_ms: number;
}

/** One acquisition of a site, channel and time point; of a z-stack, its last slice. */
interface AttemptsTable {
  run_id: string;
  site_key: string;
  channel: string;
  time_index: number;
  attempt: number;
  frame_id: string;
  z_um: number | null;
}

interface ActionsTable {
  record_key: string;
  run_id: string;
  frame_id: string;
  kind: string;
  by_um: number | null;
  via_um: number | null;
}

interface OutcomesTable {
  record_key: string;
  run_id: string;
  site_key: string;
  channel: string;
  time_index: number;
  recovered: string;
  decision: string;
  attempts: number;
  level_before: number;
  level_after: number;
  z_before_um: number | null;
  z_after_um: number | null;
  travel_um: number;
  keep_frame_id: string;
  keep_attempt: number;
  why: string;
  recorded_ms: number;
}

/** How a controller says that a site ended. */
interface AbandonsTable {
  record_key: string;
  run_id: string;
  site_key: string;
  channel: string;
  time_index: number;
  why: string;
  reason: string;
  recorded_ms: number;
}

/** What became of each site, channel and time point, from all of its records. */
interface SiteStatesTable {
  run_id: string;
  site_key: string;
  channel: string;
  time_index: number;
  /** One of `SITE_STATUSES`. */
  status: string;
  recovered: string | null;
  /** Expected level of the first frame, and of the one to keep. */
  level_before: number | null;
  level: number | null;
  z_um: number | null;
  attempts: number;
  why: string | null;
}

interface ModelsTable {
  sha256: string;
  name: string;
}

/** Judgements by eye. */
interface LabelsTable {
  record_key: string;
  run_id: string;
  site_key: string;
  channel: string;
  time_index: number;
  frame_id: string;
  mark: string;
  image: string | null;
  recorded_ms: number;
}

/** How far each results.jsonl has been read. */
interface JournalsTable {
  path: string;
  bytes: number;
}

export interface StoreTables {
  records: RecordsTable;
  runs: RunsTable;
  sites: SitesTable;
  frames: FramesTable;
  attempts: AttemptsTable;
  actions: ActionsTable;
  outcomes: OutcomesTable;
  abandons: AbandonsTable;
  site_states: SiteStatesTable;
  models: ModelsTable;
  labels: LabelsTable;
  journals: JournalsTable;
}

/** Tables whose rows belong to a run, in an order in which they can be deleted. */
export const RUN_TABLES = [
  "actions",
  "attempts",
  "labels",
  "site_states",
  "abandons",
  "outcomes",
  "frames",
  "sites",
  "records",
] as const;
