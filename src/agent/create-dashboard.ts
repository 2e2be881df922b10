import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AgentConfig } from "../config/schema.js";
import { Dashboard, type PartialStatus } from "../dashboard/dashboard.js";
import { LabelSet } from "../dashboard/label-set.js";
import { PreviewKeeper } from "../dashboard/previews/preview-keeper.js";
import type { RunHistory } from "../dashboard/run-history.js";
import type { ModelIdentity } from "../focus/scorer-types.js";
import { live, ready } from "../operations/health-answer.js";
import type { Clock } from "../protocol/clock.js";
import { ruleValuesFor } from "../refocus/thresholds.js";
import type { MetricsSink } from "../sinks/metrics-sink.js";
import type { Agent } from "./agent.js";

const TOKEN_BYTES = 24;

/** Without a frame for so long, /readyz warns. */
const SILENT_MS = 300_000;

export interface AgentDashboardParts {
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  readonly model: ModelIdentity;
  /** One line: what computes, and where. */
  readonly engine: string;
  readonly history: RunHistory;
  readonly metrics: MetricsSink;
  /** Once there is one. */
  readonly agent: () => Agent;
}

/** The dashboard of an agent. */
export function createDashboard(config: AgentConfig, parts: AgentDashboardParts): Dashboard {
  const { log, clock, history, version, metrics, agent } = parts;
  const { port, control, token, previews } = config.dashboard;
  const { folder } = config.results;
  return new Dashboard({
    ...{ port, log, clock, history },
    probes: {
      metrics: () => metrics.text(),
      live: () => live(version),
      ready: () => ready(agent().health(), version, clock.wallMs(), SILENT_MS),
    },
    previews: new PreviewKeeper(previews, join(folder, "previews"), log),
    status: () => statusOf(parts),
    ...(control && {
      control: {
        token: token ?? randomBytes(TOKEN_BYTES).toString("base64url"),
        isTokenNew: token === undefined,
        policy: () => agent().policy,
        labels: new LabelSet(join(folder, "labels")),
        note: (change) => agent().note(change),
        watchedFolder: config.sources.folder.enabled ? config.sources.folder.path : undefined,
      },
    }),
  });
}

function statusOf({ version, model, engine, agent }: AgentDashboardParts): PartialStatus {
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
