#!/usr/bin/env node
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { ConfigError, isParfocalError, reasonOf } from "../errors.js";
import { agentCommand } from "./agent.js";
import { checkArguments, UsageError } from "./check-arguments.js";
import { completionCommand } from "./completion.js";
import { configCommand } from "./config.js";
import { degradeCommand } from "./degrade.js";
import { demoCommand } from "./demo.js";
import { doctorCommand } from "./doctor.js";
import { evaluateCommand } from "./evaluate.js";
import { exitCodes } from "./exit-codes.js";
import { exportCommand } from "./export.js";
import { focusCommand } from "./focus.js";
import { microscopeCommand } from "./microscope.js";
import { packageVersion } from "./package-version.js";
import { say } from "./print.js";
import { replayCommand } from "./replay.js";
import { reportCommand } from "./report.js";
import { runsCommand } from "./runs.js";
import { scoreCommand } from "./score.js";
import { trainCommand } from "./train.js";

// That nobody reads what is said, or the disk is full, ends nothing.
process.stderr.on("error", () => undefined);

try {
  await yargs(hideBin(process.argv))
    .scriptName("parfocal")
    .version(packageVersion())
    .command(agentCommand)
    .command(scoreCommand)
    .command(reportCommand)
    .command(replayCommand)
    .command(runsCommand)
    .command(trainCommand)
    .command(evaluateCommand)
    .command(degradeCommand)
    .command(configCommand)
    .command(exportCommand)
    .command(focusCommand)
    .command(doctorCommand)
    .command(demoCommand)
    .command(microscopeCommand)
    .command(completionCommand)
    .demandCommand(1, "Name a command.")
    .recommendCommands()
    .strict()
    .check(checkArguments, true)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message, error, parser) => {
      if (error && !(error instanceof UsageError)) throw error;
      say(`${message ?? "Wrong usage."}\n`);
      parser.showHelp("error");
      process.exit(exitCodes.usage);
    })
    .parseAsync();
} catch (error) {
  if (isParfocalError(error)) {
    say(error.message);
    process.exitCode = error instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
  } else {
    say(`Unexpected: ${reasonOf(error)}`);
    if (process.env.PARFOCAL_DEBUG) say(String((error as Error).stack));
    else say("This is a bug in Parfocal; set PARFOCAL_DEBUG=1 to see where.");
    process.exitCode = exitCodes.failed;
  }
}
