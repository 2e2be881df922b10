import { type Logger, pino } from "pino";
import type { CommandModule } from "yargs";
import type { Agent, AgentEndpoints } from "../agent/agent.js";
import type { ScoringThread } from "../agent/scoring/scoring-thread.js";
import { idleSettings } from "../config/idle-settings.js";
import { flagLayer } from "../config/layers.js";
import { loadConfig } from "../config/load-config.js";
import type { AgentConfig } from "../config/schema.js";
import { assureOpenFiles } from "../operations/open-files.js";
import { ServiceManager } from "../operations/service-manager.js";
import { systemClock } from "../protocol/clock.js";
import { endSoon } from "./end-soon.js";
import { exitCodes } from "./exit-codes.js";
import { isUnderNohup } from "./hang-up.js";
import { LogOutput } from "./log-output.js";
import { isForPeople, type LogFormat, logText, printReady } from "./log-text.js";
import { packageVersion } from "./package-version.js";
import { settingFlags } from "./setting-flags.js";
import { keepHeapsSmall } from "./small-heaps.js";
import { supervise } from "./supervise.js";

/** Exit codes after a second signal: 128 + its number. */
const FORCED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

interface AgentArguments {
  config: string | undefined;
  calibration: string | undefined;
  address: string | undefined;
  publish: string | undefined;
  folder: string | undefined;
  results: string | undefined;
  "focus-map": string | undefined;
  model: string | undefined;
  engine: string | undefined;
  device: string | undefined;
  server: string | undefined;
  "engine-threads": number | undefined;
  "dry-run": boolean | undefined;
  "dashboard-port": number | undefined;
  control: boolean | undefined;
  "log-level": string | undefined;
  "log-format": string | undefined;
  set: string[] | undefined;
  supervise: boolean | undefined;
}

/** `parfocal agent`: takes frames and answers verdicts until it is told to stop. */
export const agentCommand: CommandModule<object, AgentArguments> = {
  command: "agent",
  describe: "Score frames from controllers or a folder and answer with verdicts",
  builder: (args) =>
    args
      .option("config", { alias: "c", type: "string", describe: "Configuration file (YAML)" })
      .option("calibration", {
        type: "string",
        describe: "File that parfocal calibrate wrote: um per level of this microscope",
      })
      .option("address", { type: "string", describe: "Where controllers connect [sources.zeromq.address]" })
      .option("publish", { type: "string", describe: "Where subscribers connect [publish.address]" })
      .option("folder", {
        type: "string",
        describe: "Also score the files of this folder [sources.folder.path]",
      })
      .option("results", {
        type: "string",
        describe: "Folder of results.jsonl and sites.csv [results.folder]",
      })
      .option("focus-map", {
        type: "string",
        describe: "Where the plate was in focus before, CSV [policy.focusMap]",
      })
      .option("model", { type: "string", describe: "Folder of the model [scorer.model]" })
      .option("engine", { type: "string", describe: "Onnx, tensorflow or kserve [scorer.engine]" })
      .option("device", { type: "string", describe: "Auto, or a device of the engine [scorer.device]" })
      .option("server", { type: "string", describe: "Inference server of the engine kserve [scorer.server]" })
      .option("engine-threads", { type: "number", describe: "Threads of the engine [scorer.threads]" })
      .option("dry-run", {
        type: "boolean",
        describe: "Say what would be done, move nothing [policy.dryRun]",
      })
      .option("dashboard-port", { type: "number", describe: "Port of the page [dashboard.port]" })
      .option("control", {
        type: "boolean",
        describe: "Let the page change things, with a token [dashboard.control]",
      })
      .option("log-level", { type: "string", describe: "Trace to fatal, or silent [log.level]" })
      .option("log-format", {
        type: "string",
        describe: "Text, json or auto: text on a terminal [log.format]",
      })
      .option("supervise", {
        type: "boolean",
        describe: "Restart the agent on the same addresses if it dies",
      })
      .option("set", { type: "string", array: true, describe: "Any other setting: --set policy.maxLevel=2" })
      .epilogue(
        "Prints one line of JSON with type ready and its addresses when it takes frames, or text on a terminal; logs go to standard error. " +
          "SIGTERM, SIGINT or SIGHUP finishes the frames that wait, a second one does not. " +
          "Exit codes: 0 stopped, 1 could not start or lost results, 2 wrong usage or configuration, 129, 130 or 143 forced to stop.",
      ),
  async handler(args) {
    const config = await loadConfig({
      file: args.config,
      calibration: args.calibration,
      environment: process.env,
      flags: flagLayer(flagsOf(args)),
    });
    if (args.supervise) {
      process.exitCode = await supervise(config.log.format);
      return;
    }
    try {
      await runAgent(config);
    } finally {
      endSoon();
    }
  },
};

async function runAgent(config: AgentConfig): Promise<void> {
  const { level, format } = config.log;
  const textOf = isForPeople(format, process.stderr) ? await logText() : undefined;
  const log = pino({ level, base: null }, new LogOutput(2, textOf));
  for (const sentence of idleSettings(config, process.env)) log.warn(sentence);
  const stopping = new AbortController();
  const force = new AbortController();
  const removeListeners = onSignals(log, stopping, force);
  stopWithSupervisor(log, stopping);
  let scorer: ScoringThread | undefined;
  try {
    assureOpenFiles();
    // The model is loaded in its own thread while this one loads all the rest.
    const [loaded, { createAgent }] = await Promise.all([
      loadScorer(config),
      import("../agent/create-agent.js"),
    ]);
    scorer = loaded;
    force.signal.addEventListener("abort", () => void loaded.dispose(), { once: true });
    const { engine } = loaded;
    const agent = await createAgent(config, { scorer: loaded, log, version: packageVersion(), engine });
    const places = await agent.start(stopping.signal);
    announce(places, loaded, format);
    keepHeapsSmall();
    log.info({ ...places, model: loaded.model.name, engine }, "Ready");
    const manager = new ServiceManager({
      ...{ environment: process.env, log, clock: systemClock },
      isHealthy: () => agent.health().state === "running",
    });
    manager.ready(`Taking frames at ${places.zeromq ?? places.folder ?? "nowhere"}`);
    await aborted(stopping.signal);
    manager.stopping();
    log.info({ queued: agent.queued() }, "Stopping; a second signal stops at once");
    await agent.stop(force.signal);
    logSummary(agent, log);
    // Whoever looks after the service should not take it for a run of which all is kept.
    if ((agent.health().sinks.jsonl?.lost ?? 0) > 0) process.exitCode = exitCodes.failed;
  } catch (error) {
    // Told to stop before it was ready: that is an orderly end.
    if (error !== stopping.signal.reason) throw error;
  } finally {
    await scorer?.dispose();
    removeListeners();
  }
}

async function loadScorer({ scorer }: AgentConfig): Promise<ScoringThread> {
  // Loaded late: a wrong configuration is told without waiting for the engine.
  const module = await import("../agent/scoring/scoring-thread.js");
  return module.ScoringThread.load({
    engine: scorer.engine,
    device: scorer.device,
    sharesCores: true,
    ...(scorer.model !== undefined && { model: scorer.model }),
    ...(scorer.server !== undefined && { server: scorer.server }),
    ...(scorer.threads !== undefined && { threads: scorer.threads }),
  });
}

/** The first signal aborts `stopping`; the second aborts `force` and ends the process soon after. */
function onSignals(log: Logger, stopping: AbortController, force: AbortController): () => void {
  const onSignal = (signal: keyof typeof FORCED) => {
    if (signal === "SIGHUP" && isUnderNohup()) return;
    if (!stopping.signal.aborted) {
      stopping.abort();
      return;
    }
    log.warn({ signal }, "Stopping at once");
    force.abort();
    setTimeout(() => process.exit(FORCED[signal]), 200);
  };
  const signals = Object.keys(FORCED) as (keyof typeof FORCED)[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/**
 * An agent whose supervisor is gone stops, too: nobody would start it again, and it would hold the addresses that the next
 * supervisor is given.
 */
function stopWithSupervisor(log: Logger, stopping: AbortController): void {
  if (process.channel === undefined) return;
  process.once("disconnect", () => {
    if (stopping.signal.aborted) return;
    log.warn("The process that started this agent is gone; stopping");
    stopping.abort();
  });
  process.channel.unref();
}

/** Tells whoever started the agent that frames are taken. */
function announce(places: AgentEndpoints, { model, engine }: ScoringThread, format: LogFormat): void {
  const { jsonl, csv, zeromq, publish, dashboard, folder } = places;
  const line = {
    type: "ready",
    addresses: { zeromq, publish, dashboard },
    folder,
    results: jsonl,
    sites: csv,
    pid: process.pid,
  };
  printReady(JSON.stringify({ ...line, model, engine }), format);
}

function logSummary(agent: Agent, log: Logger): void {
  const { received, verdicts, drops, errors, late, lost } = agent.health();
  log.info({ received, verdicts, drops, errors, late, lost }, "Stopped");
}

function* flagsOf(args: AgentArguments): Generator<readonly [string, unknown, string]> {
  yield ["sources.zeromq.address", args.address, "--address"];
  yield ["publish.address", args.publish, "--publish"];
  yield ["sources.folder.path", args.folder, "--folder"];
  yield ["sources.folder.enabled", args.folder === undefined ? undefined : true, "--folder"];
  yield ["results.folder", args.results, "--results"];
  yield ["policy.focusMap", args["focus-map"], "--focus-map"];
  yield ["scorer.model", args.model, "--model"];
  yield ["scorer.engine", args.engine, "--engine"];
  yield ["scorer.device", args.device, "--device"];
  yield ["scorer.server", args.server, "--server"];
  yield ["scorer.threads", args["engine-threads"], "--engine-threads"];
  yield ["policy.dryRun", args["dry-run"], "--dry-run"];
  yield ["dashboard.port", args["dashboard-port"], "--dashboard-port"];
  yield ["dashboard.control", args.control, "--control"];
  yield ["log.level", args["log-level"], "--log-level"];
  yield ["log.format", args["log-format"], "--log-format"];
  yield* settingFlags(args.set);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Nothing else may keep the process alive while it only watches.
    const alive = setInterval(() => undefined, 2 ** 30);
    const done = () => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}
