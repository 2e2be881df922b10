import { randomUUID } from "node:crypto";
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { type FocusAttempt, type FocusEnd, focusHere } from "../agent/focus-loop.js";
import { flagLayer } from "../config/layers.js";
import { loadConfig } from "../config/load-config.js";
import type { AgentConfig } from "../config/schema.js";
import { ConfigError } from "../errors.js";
import { Scorer } from "../focus/scorer.js";
import { allowedRange, type ZRange } from "../protocol/z-range.js";
import { RefocusPolicy } from "../refocus/policy.js";
import { LEAST_TRAVEL_UM } from "../refocus/thresholds.js";
import { cameraUse, whilePaused } from "../sources/micromanager/acquisition-pause.js";
import { DEFAULT_PORT, MicroManagerConnection } from "../sources/micromanager/connection.js";
import { AUTOFOCUS_MS, MicroManagerMicroscope } from "../sources/micromanager/microscope.js";
import { exitCodes } from "./exit-codes.js";
import { type OpenResults, openResults } from "./focus-results.js";
import { isUnderNohup } from "./hang-up.js";
import { print, say } from "./print.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";
import { settingFlags } from "./setting-flags.js";

const options = {
  micromanager: {
    type: "boolean",
    demandOption: true,
    describe: "Use the Micro-Manager running on this computer (Tools > Options > Run server on port)",
  },
  port: { type: "number", default: DEFAULT_PORT, describe: "Port of Micro-Manager's server" },
  "z-limits": {
    type: "number",
    array: true,
    nargs: 2,
    describe: "Lowest and highest z of the focus drive, um: MIN MAX [policy.zLimitsUm]",
  },
  "max-travel": {
    type: "number",
    describe: "Longest total path of the focus drive, um [policy.maxTravelUm]",
  },
  "dry-run": { type: "boolean", describe: "Say what would be done, move nothing [policy.dryRun]" },
  pause: {
    type: "boolean",
    default: false,
    describe: "Pause a running acquisition while focusing, then resume it",
  },
  json: {
    type: "boolean",
    default: false,
    describe: "Print JSON: a line for each attempt and one for the result",
  },
  channel: { type: "string", describe: "Judge by the rules of this channel [policy.channels]" },
  "timeout-ms": {
    type: "number",
    default: 10_000,
    describe: "Longest wait for an answer from Micro-Manager, ms",
  },
  "autofocus-timeout-ms": {
    type: "number",
    default: AUTOFOCUS_MS,
    describe: "Longest wait for its autofocus, ms",
  },
  calibration: {
    type: "string",
    describe: "File that parfocal calibrate wrote: um per level of this microscope",
  },
  results: { type: "string", describe: "Folder to add the run to, for parfocal report" },
  config: { alias: "c", type: "string", describe: "Configuration file (YAML); its policy is used" },
  set: { type: "string", array: true, describe: "Any other setting: --set policy.maxLevel=2" },
  ...scorerOptions,
} as const satisfies Record<string, Options>;

type FocusOptions = InferredOptionTypes<typeof options>;
type FocusArguments = ArgumentsCamelCase<FocusOptions>;

/** `parfocal focus --micromanager`: brings the present position into focus. */
export const focusCommand: CommandModule<unknown, FocusOptions> = {
  command: "focus",
  describe: "Focus the current position of a running Micro-Manager",
  builder: (yargs) =>
    yargs
      .options(options)
      .epilogue(
        "Nothing moves unless --z-limits, --max-travel or policy.zLimitsUm says how far. Ctrl-C ends the search at the " +
          "best z seen. Exit codes: 0 in focus (or dry run), 1 not, 2 wrong usage or configuration, 130 stopped.",
      ),
  handler: async (argv) => {
    const config = await loadConfig({
      file: argv.config,
      calibration: argv.calibration,
      environment: process.env,
      flags: flagLayer(flagsOf(argv)),
    });
    const { policy } = config;
    if (!policy.dryRun && argv.maxTravel === undefined && policy.zLimitsUm === undefined) {
      const reason =
        "say how far the focus drive may move: --z-limits MIN MAX or --max-travel UM, or use --dry-run";
      throw new ConfigError("parfocal focus", [reason]);
    }
    const stopping = new AbortController();
    const removeListeners = onSignals(stopping);
    const { timeoutMs } = argv;
    const connection = new MicroManagerConnection({ port: argv.port, timeoutMs, warn: say });
    let scorer: Scorer | undefined;
    let results: OpenResults | undefined;
    try {
      if (argv.results !== undefined) results = await openResults(config, stopping.signal);
      await connection.start(stopping.signal);
      const use = await cameraUse(connection);
      if (use === "live") return refuse("live mode is using the camera; stop live mode first");
      if (use === "acquisition" && !argv.pause) {
        return refuse(
          "an acquisition is running; --pause pauses it while focusing and resumes it afterwards",
        );
      }
      if (use === "paused-acquisition") say("An acquisition is paused and stays paused.");
      scorer = await Scorer.load(scorerOf(argv));
      const focus = focusWith(argv, policy, { connection, scorer, results }, stopping.signal);
      report(use === "acquisition" ? await whilePaused(connection, focus) : await focus(), policy, argv.json);
    } catch (error) {
      if (!stopping.signal.aborted || error !== stopping.signal.reason) throw error;
      process.exitCode = exitCodes.interrupted;
    } finally {
      removeListeners();
      await connection.stop();
      await scorer?.dispose();
      await results?.close();
    }
  },
};

interface Parts {
  readonly connection: MicroManagerConnection;
  readonly scorer: Scorer;
  readonly results: OpenResults | undefined;
}

function focusWith(
  argv: FocusArguments,
  policy: AgentConfig["policy"],
  { connection, scorer, results }: Parts,
  signal: AbortSignal,
): () => Promise<FocusEnd> {
  const microscope = new MicroManagerMicroscope(connection, argv.autofocusTimeoutMs);
  return async () => {
    const { maxTravelUm = LEAST_TRAVEL_UM, zLimitsUm } = policy;
    const range: ZRange = allowedRange(await microscope.zUm(), maxTravelUm, zLimitsUm);
    return focusHere({
      microscope,
      scorer,
      // No site comes after this one.
      policy: new RefocusPolicy({ ...policy, lookBeyond: false }),
      range,
      session: randomUUID(),
      channel: argv.channel,
      signal,
      onRecord: results && ((record) => results.write(record)),
      onAttempt: (attempt) => printRecord(argv.json, { type: "attempt", ...attempt }, attemptLine(attempt)),
    });
  };
}

function attemptLine({ attempt, zUm, expectedLevel, certainty, decision, reason }: FocusAttempt): string {
  const level = expectedLevel.toFixed(1).padStart(4);
  const numbers = `z ${zUm.toFixed(2)} um  level ${level}  certainty ${certainty.toFixed(2)}`;
  return `${attempt}  ${numbers}  ${decision}: ${reason}`;
}

function report(end: FocusEnd, { dryRun }: AgentConfig["policy"], json: boolean): void {
  const { attempts, ...rest } = end;
  const ways = { accept: "in focus", flag: "not in focus", abstain: "not judged" } as const;
  const what = end.end in ways ? ways[end.end as keyof typeof ways] : end.end;
  const path = `z ${end.startZUm.toFixed(2)} -> ${end.zUm.toFixed(2)} um`;
  const level = end.keptLevel === undefined ? "" : `, level ${end.keptLevel.toFixed(1)}`;
  const line = `${what}: ${path}${level}, frames ${attempts.length}. ${end.reason}`;
  printRecord(json, { type: "end", ...rest, frames: attempts.length, dryRun }, line);
  if (end.end === "interrupted") process.exitCode = exitCodes.interrupted;
  else if (end.end !== "accept" && !dryRun) process.exitCode = exitCodes.failed;
}

function printRecord(json: boolean, record: object, line: string): void {
  print(`${json ? JSON.stringify(record) : line}\n`);
}

function refuse(reason: string): void {
  say(`Not focused: ${reason}.`);
  process.exitCode = exitCodes.failed;
}

function* flagsOf(argv: FocusArguments): Generator<readonly [string, unknown, string]> {
  yield ["policy.zLimitsUm", argv.zLimits, "--z-limits"];
  yield ["policy.maxTravelUm", argv.maxTravel, "--max-travel"];
  yield ["policy.dryRun", argv.dryRun, "--dry-run"];
  yield ["results.folder", argv.results, "--results"];
  yield* settingFlags(argv.set);
}

/** The first signal ends the search at the best z, the second one ends the program where it is. */
function onSignals(stopping: AbortController): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    // The shell and the system may both tell of a terminal that closes: nobody asks to stop at once.
    if (signal === "SIGHUP" && (isUnderNohup() || stopping.signal.aborted)) return;
    if (stopping.signal.aborted) process.exit(exitCodes.interrupted);
    say("Going back to the best z; press Ctrl-C again to stop at once");
    stopping.abort();
  };
  const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
