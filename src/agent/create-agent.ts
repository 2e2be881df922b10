import type { Logger } from "pino";
import { AlertsSink } from "../alerts/alerts-sink.js";
import type { AgentConfig } from "../config/schema.js";
import type { Dashboard } from "../dashboard/dashboard.js";
import { MemoryHistory, type RunHistory } from "../dashboard/run-history.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import { type Clock, systemClock } from "../protocol/clock.js";
import type { DatabaseSink } from "../sinks/database-sink.js";
import { createSink } from "../sinks/registry.js";
import type { Sink } from "../sinks/sink.js";
import { createSource } from "../sources/registry.js";
import type { FrameSource, IncomingFrame } from "../sources/source.js";
import { Agent } from "./agent.js";

export interface AgentParts {
  readonly scorer: FrameScorer;
  readonly log: Logger;
  /** Version of the program, for `welcome`. */
  readonly version: string;
  /** One line: what computes, and where. */
  readonly engine?: string;
  readonly clock?: Clock;
}

/** An agent with the sources and sinks that the configuration enables; none is started. */
export async function createAgent(config: AgentConfig, parts: AgentParts): Promise<Agent> {
  const { scorer, log, version, engine = "", clock = systemClock } = parts;
  const agent = () => made;
  const sources = new Map<string, FrameSource>();
  const context = { log, clock, agent: { name: "parfocal", version }, model: scorer.model };
  for (const [name, { enabled }] of Object.entries(config.sources)) {
    if (enabled) sources.set(name, await createSource(name, config.sources, context));
  }
  const sinks = new Map<string, Sink>();
  // The table of sites is restored from results.jsonl, which must be repaired first.
  for (const name of ["jsonl", "csv", ...(config.publish.enabled ? ["publish"] : [])]) {
    sinks.set(name, await createSink(name, config, { log, clock }));
  }
  let database: DatabaseSink | undefined;
  if (config.database.enabled) {
    const { DatabaseSink } = await import("../sinks/database-sink.js");
    database = new DatabaseSink(config, { log, clock });
    sinks.set("database", database);
  }
  let dashboard: Dashboard | undefined;
  if (config.dashboard.enabled) {
    const { createDashboard } = await import("./create-dashboard.js");
    const { MetricsSink } = await import("../sinks/metrics-sink.js");
    const history = database === undefined ? new MemoryHistory() : storeHistory(database);
    const metrics = new MetricsSink({
      ...{ version, model: scorer.model, health: () => made.health() },
      gating: () => !made.policy.settings.dryRun,
      clients: () => dashboard?.clients ?? 0,
      skippedPictures: () => dashboard?.skippedPictures ?? 0,
    });
    const context = { log, clock, version, model: scorer.model, engine, history, metrics, agent };
    dashboard = createDashboard(config, context);
    sinks.set("metrics", metrics);
    sinks.set("dashboard", dashboard);
  }
  sinks.set("alerts", new AlertsSink(config.alerts, { log, clock, onAlert: (alert) => made.note(alert) }));
  const made = new Agent({
    ...{ config, scorer, sources, sinks, log, clock },
    ...(dashboard !== undefined && {
      onScored: ({ header, frame }: IncomingFrame, report: FocusReport) =>
        dashboard.scored(header.session, header.id, frame, report),
    }),
  });
  return made;
}

/** The results store as the page reads it. */
function storeHistory(database: DatabaseSink): RunHistory {
  return {
    get problem() {
      return database.problem;
    },
    listRuns: async () => (await database.store()).listRuns(),
    snapshot: async (runId) => (await database.store()).snapshot(runId),
    frame: async (runId, frameId) => (await database.store()).frame(runId, frameId),
  };
}
