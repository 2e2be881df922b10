import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { VerdictMessage } from "../../src/protocol/messages.js";
import type { ResultRecord } from "../../src/records/record.js";
import { RunSummariser } from "../../src/runs/run-summary.js";
import { frame } from "../refocus/helpers.js";
import type { State } from "./protocol-model.js";

const ACCEPT = JSON.parse(
  readFileSync(join(import.meta.dirname, "../contract/verdict-accept.json"), "utf8"),
) as VerdictMessage;
const known = new Map<string, string | undefined>();

/** What is wrong with how the product adds these records up: each frame counts once, however often it was answered. */
export function countedWrong(records: State["records"]): string | undefined {
  const key = JSON.stringify(records);
  if (!known.has(key)) known.set(key, wrongOf(records));
  return known.get(key);
}

function wrongOf(records: State["records"]): string | undefined {
  const runs = new Map<string, RunSummariser>();
  for (const [id, end] of records) {
    const session = id.split("/")[0]!;
    const run = runs.get(session) ?? new RunSummariser();
    runs.set(session, run);
    run.apply(recordOf(id, end));
  }
  const frames = new Set(records.map(([id]) => id));
  const judged = new Set(records.flatMap(([id, end]) => (end === "verdict" ? [id] : [])));
  const sums = [...runs.values()].map((run) => run.summary());
  const scored = sums.reduce((sum, run) => sum + run.scored, 0);
  const unscored = sums.reduce((sum, run) => sum + run.unscored, 0);
  if (scored === judged.size && scored + unscored === frames.size) return undefined;
  return `${frames.size} frames, ${judged.size} judged, are counted as ${scored} and ${unscored}: ${records.join("; ")}`;
}

/** The line that the agent writes when a frame ends so. */
function recordOf(id: string, end: string): ResultRecord {
  const [session, site, attempt] = id.split("/") as [string, string, string];
  const header = frame({ id, session, site: { name: site }, attempt: Number(attempt) });
  const beside = { recordedMs: 0, source: "zeromq", frame: header } as const;
  if (end === "verdict") return { ...ACCEPT, id, session, ...beside } as ResultRecord;
  if (end === "late") return { ...ACCEPT, id, session, ...beside, late: true } as ResultRecord;
  return { v: 1, type: "drop", id, session, why: end, ...beside } as ResultRecord;
}
