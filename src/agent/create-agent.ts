import { AlertsSink } from "../alerts/alerts-sink.js";
import type { AgentConfig } from "../config/schema.js";
import { systemClock } from "../protocol/clock.js";
import { framesOnRecord } from "../records/record-line.js";
import { KnownFocus } from "../refocus/known-focus.js";
import { readFocusMap } from "../runs/read-focus-map.js";
import type { DatabaseSink } from "../sinks/database-sink.js";
import { createSink } from "../sinks/registry.js";
import { resultsPath } from "../sinks/results-folder.js";
import type { Sink } from "../sinks/sink.js";
import { createSource } from "../sources/registry.js";
import type { FrameSource } from "../sources/source.js";
import { Agent } from "./agent.js";
import type { AgentOptions } from "./agent-options.js";
import type { AgentParts, PartContext } from "./agent-parts.js";

type Named<Part> = readonly (readonly [name: string, part: Part])[];

/** An agent with the sources and sinks that the configuration enables; none is started. */
export async function createAgent(config: AgentConfig, parts: AgentParts): Promise<Agent> {
  const context: PartContext = { engine: "", clock: systemClock, ...parts, agent: () => made };
  const { scorer, log, clock } = context;
  const { focusMap: map } = config.policy;
  const focusMap = map === undefined ? undefined : new KnownFocus(await readFocusMap(map));
  const database = await databaseOf(config, context);
  const { served, onScored } = await servedOf(config, context, database);
  const made = new Agent({
    ...{ config, scorer, log, clock, onScored, focusMap },
    sources: new Map(await sourcesOf(config, context)),
    sinks: new Map([
      ...(await resultsOf(config, context)),
      ...(database === undefined ? [] : [["database", database] as const]),
      ...served,
      ["alerts", new AlertsSink(config.alerts, { log, clock, onAlert: (alert) => made.note(alert) })],
    ]),
  });
  return made;
}

async function sourcesOf(config: AgentConfig, context: PartContext): Promise<Named<FrameSource>> {
  const { log, clock, version, scorer } = context;
  const earlier = (session: string) =>
    framesOnRecord(resultsPath(config.results.folder, "results.jsonl"), session);
  const own = { log, clock, agent: { name: "parfocal", version }, model: scorer.model, earlier };
  const names = Object.entries(config.sources).flatMap(([name, { enabled }]) => (enabled ? name : []));
  return Promise.all(
    names.map(async (name) => [name, await createSource(name, config.sources, own)] as const),
  );
}

/** The table of sites is restored from results.jsonl, which must be repaired first. */
async function resultsOf(config: AgentConfig, { log, clock }: PartContext): Promise<Named<Sink>> {
  const names = ["jsonl", "csv", ...(config.publish.enabled ? ["publish"] : [])];
  return Promise.all(
    names.map(async (name) => [name, await createSink(name, config, { log, clock })] as const),
  );
}

async function databaseOf(
  config: AgentConfig,
  { log, clock }: PartContext,
): Promise<DatabaseSink | undefined> {
  if (!config.database.enabled) return undefined;
  const { DatabaseSink } = await import("../sinks/database-sink.js");
  return new DatabaseSink(config, { log, clock });
}

/** What is served on the page's port: metrics and health, and the page, if it is wanted. */
async function servedOf(config: AgentConfig, context: PartContext, database: DatabaseSink | undefined) {
  const { createDashboard, createMetrics, createProbes } = await import("./create-dashboard.js");
  const { ProbeServer } = await import("../dashboard/probe-server.js");
  const metrics = createMetrics(context, () => dashboard);
  const probes = createProbes(context, metrics);
  const dashboard = config.dashboard.enabled
    ? createDashboard(config, { ...context, database, probes })
    : undefined;
  const onScored: AgentOptions["onScored"] = ({ header, frame }, report) =>
    dashboard?.scored(header.session, header.id, frame, report);
  const served: Named<Sink> = [
    ["metrics", metrics],
    dashboard === undefined
      ? ["probes", new ProbeServer(config.dashboard.port, probes, context.log)]
      : ["dashboard", dashboard],
  ];
  return { served, onScored };
}
