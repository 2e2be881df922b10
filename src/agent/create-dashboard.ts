import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { AgentConfig } from "../config/schema.js";
import { Dashboard, type PartialStatus } from "../dashboard/dashboard.js";
import type { WatchedFolder } from "../dashboard/frame-file.js";
import { LabelSet } from "../dashboard/label-set.js";
import { PreviewKeeper } from "../dashboard/previews/preview-keeper.js";
import { MemoryHistory } from "../dashboard/run-history.js";
import type { Probes } from "../dashboard/server/routes.js";
import { live, ready } from "../operations/health-answer.js";
import { ruleValuesFor } from "../refocus/thresholds.js";
import type { DatabaseSink } from "../sinks/database-sink.js";
import { MetricsSink } from "../sinks/metrics-sink.js";
import type { PartContext } from "./agent-parts.js";
import { StoreHistory } from "./store-history.js";

const TOKEN_BYTES = 24;

/** Without a frame for so long, /readyz warns. */
const SILENT_MS = 300_000;

export interface AgentDashboardParts extends PartContext {
  /** Where finished runs are, if they are kept. */
  readonly database: DatabaseSink | undefined;
  readonly probes: Probes;
}

/** The metrics of an agent. @param dashboard once there is one, if there is to be one. */
export function createMetrics(context: PartContext, dashboard: () => Dashboard | undefined): MetricsSink {
  const { version, scorer, agent } = context;
  return new MetricsSink({
    ...{ version, model: scorer.model, health: () => agent().health() },
    gating: () => !agent().policy.settings.dryRun,
    clients: () => dashboard()?.clients ?? 0,
    skippedPictures: () => dashboard()?.skippedPictures ?? 0,
  });
}

/** What an agent answers to whoever watches it from outside. */
export function createProbes({ version, clock, agent }: PartContext, metrics: MetricsSink): Probes {
  return {
    metrics: () => metrics.text(),
    live: () => live(version),
    ready: () => ready(agent().health(), version, clock.wallMs(), SILENT_MS),
  };
}

/** The dashboard of an agent. */
export function createDashboard(config: AgentConfig, parts: AgentDashboardParts): Dashboard {
  const { log, clock, database, probes, agent, scorer } = parts;
  const { port, control, token, previews } = config.dashboard;
  const { folder } = config.results;
  return new Dashboard({
    ...{ port, log, clock, probes },
    history: database === undefined ? new MemoryHistory() : new StoreHistory(database),
    previews: new PreviewKeeper({
      // Without control nobody can mark a frame.
      ...{
        config: control ? previews : { ...previews, holdMib: 0 },
        folder: join(folder, "previews"),
        log,
        clock,
      },
      complete: (frame, report) => scorer.completed(frame, report),
    }),
    status: () => statusOf(parts),
    ...(control && {
      control: {
        token: token ?? randomBytes(TOKEN_BYTES).toString("base64url"),
        isTokenNew: token === undefined,
        policy: () => agent().policy,
        labels: new LabelSet(join(folder, "labels")),
        note: (change) => agent().note(change),
        watchedFolder: watchedFolderOf(config),
      },
    }),
  });
}

function watchedFolderOf({ sources }: AgentConfig): WatchedFolder | undefined {
  const { enabled, path, colour } = sources.folder;
  return enabled && path !== undefined ? { path, colour } : undefined;
}

function statusOf({ version, scorer: { model }, engine, agent }: PartContext): PartialStatus {
  const { settings } = agent().policy;
  const channels = Object.keys(settings.channels).map(
    (name) => [name, ruleValuesFor(settings, name)] as const,
  );
  return {
    kind: "agent",
    version,
    model: { name: model.name, sha256: model.sha256 },
    engine,
    health: agent().health(),
    gating: !settings.dryRun,
    rules: ruleValuesFor(settings, undefined),
    channels: Object.fromEntries(channels),
  };
}
