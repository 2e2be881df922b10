#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import yargs, { type CommandModule } from "yargs";
import { hideBin } from "yargs/helpers";
import { ConfigError, isParfocalError, reasonOf } from "../errors.js";
import { errorCode, fileReason, isWorkingFolderGone } from "../frames/file-reasons.js";
import { checkArguments, UsageError } from "./check-arguments.js";
import { exitCodes } from "./exit-codes.js";
import { packageVersion } from "./package-version.js";
import { say } from "./print.js";
import { surviveLossOfOutput } from "./standard-output.js";

/** Each with what it needs; loading all of it takes longer than starting the agent, which must be back soon after a crash. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  agent: async () => (await import("./agent.js")).agentCommand as CommandModule,
  score: async () => (await import("./score.js")).scoreCommand as CommandModule,
  merge: async () => (await import("./merge.js")).mergeCommand as CommandModule,
  report: async () => (await import("./report.js")).reportCommand as CommandModule,
  replay: async () => (await import("./replay.js")).replayCommand as CommandModule,
  runs: async () => (await import("./runs.js")).runsCommand as CommandModule,
  train: async () => (await import("./train.js")).trainCommand as CommandModule,
  evaluate: async () => (await import("./evaluate.js")).evaluateCommand as CommandModule,
  degrade: async () => (await import("./degrade.js")).degradeCommand as CommandModule,
  calibrate: async () => (await import("./calibrate.js")).calibrateCommand as CommandModule,
  mcp: async () => (await import("./mcp.js")).mcpCommand as CommandModule,
  export: async () => (await import("./export.js")).exportCommand as CommandModule,
  "import-miq": async () => (await import("./import-miq.js")).importMiqCommand as CommandModule,
  config: async () => (await import("./config.js")).configCommand as CommandModule,
  focus: async () => (await import("./focus.js")).focusCommand as CommandModule,
  doctor: async () => (await import("./doctor.js")).doctorCommand as CommandModule,
  demo: async () => (await import("./demo.js")).demoCommand as CommandModule,
  microscope: async () => (await import("./microscope.js")).microscopeCommand as CommandModule,
  completion: async () => (await import("./completion.js")).completionCommand as CommandModule,
};

/** The command that is named, or all of them for help, completion and wrong names; the version needs none. */
function commandsFor(words: readonly string[]): Promise<CommandModule[]> {
  if (words.length === 1 && words[0] === "--version") return Promise.resolve([]);
  const named = words.find((word) => Object.hasOwn(COMMANDS, word));
  const wanted = named === undefined ? Object.values(COMMANDS) : [COMMANDS[named]!];
  return Promise.all(wanted.map((load) => load()));
}

/** Nobody knows where a package manager has put them. */
const DOCS = fileURLToPath(new URL("../../docs", import.meta.url));

// That nobody reads what is said, or the disk is full, ends nothing.
process.stderr.on("error", () => undefined);
surviveLossOfOutput();

try {
  const words = hideBin(process.argv);
  await yargs(words)
    .scriptName("parfocal")
    .version(packageVersion())
    .command(await commandsFor(words))
    .demandCommand(1, "Name a command.")
    .epilogue(`Pages that messages name (docs/...) are in ${DOCS}`)
    .recommendCommands()
    .strict()
    .check((argv) => checkArguments(argv, words), true)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error, parser) => {
      // "YError": of yargs itself, as for an option that takes more values than it has.
      if (error && !(error instanceof UsageError || error.name === "YError")) throw error;
      say(`${message ?? error?.message ?? "Wrong usage."}\n`);
      parser.showHelp("error");
      process.exit(exitCodes.usage);
    })
    .parseAsync();
} catch (error) {
  if (isParfocalError(error)) {
    say(error.message);
    process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
  } else if (errorCode(error) === "EMFILE" || errorCode(error) === "ENFILE" || isWorkingFolderGone(error)) {
    say(`Cannot start: ${fileReason(error)}`);
    process.exitCode = exitCodes.failed;
  } else {
    say(`Unexpected: ${reasonOf(error)}`);
    if (process.env.PARFOCAL_DEBUG) say(String((error as Error).stack));
    else say("This is a bug in Parfocal; set PARFOCAL_DEBUG=1 to see where.");
    process.exitCode = exitCodes.failed;
  }
}
