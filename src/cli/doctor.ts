import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { flagLayer } from "../config/layers.js";
import { loadConfig } from "../config/load-config.js";
import { ConfigError } from "../errors.js";
import { type Finding, failed, ok } from "../operations/doctor/check.js";
import { examine } from "../operations/doctor/doctor.js";
import { DEFAULT_PORT } from "../sources/micromanager/connection.js";
import { exitCodes } from "./exit-codes.js";
import { settingFlags } from "./setting-flags.js";

const options = {
  config: { alias: "c", type: "string", describe: "Configuration file (YAML), as for the agent" },
  set: { type: "string", array: true, describe: "Any other setting: --set scorer.device=cuda" },
  micromanager: { type: "boolean", default: false, describe: "Also check Micro-Manager's own server" },
  port: { type: "number", default: DEFAULT_PORT, describe: "Port of Micro-Manager's server" },
  json: { type: "boolean", default: false, describe: "Print JSON" },
} as const satisfies Record<string, Options>;

const SIGNS = { ok: "ok     ", warning: "warning", failed: "FAILED " } as const;

/** `parfocal doctor`: is everything there that a run needs? */
export const doctorCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "doctor",
  describe: "Check everything that a run needs, and say how to fix what is wrong",
  builder: (yargs) =>
    yargs.options(options).epilogue("Exit codes: 0 all good (there may be warnings), 1 something failed."),
  handler: async (argv) => {
    const findings: Finding[] = [];
    for await (const finding of examination(argv)) {
      findings.push(finding);
      if (!argv.json) console.log(lineOf(finding));
    }
    if (argv.json) console.log(JSON.stringify(findings, null, 2));
    if (findings.some(({ status }) => status === "failed")) process.exitCode = exitCodes.failed;
  },
};

async function* examination(argv: InferredOptionTypes<typeof options>): AsyncGenerator<Finding> {
  const where = argv.config ?? "the defaults";
  try {
    const flags = flagLayer(settingFlags(argv.set));
    const config = await loadConfig({ file: argv.config, environment: process.env, flags });
    yield ok("configuration", `${where} can be used`);
    yield* examine(config, argv.micromanager ? argv.port : undefined);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield failed("configuration", error.message, "docs/configuration.md lists all settings");
  }
}

function lineOf({ check, status, message, advice }: Finding): string {
  const line = `${SIGNS[status]}  ${check}: ${message}`;
  return advice === undefined ? line : `${line}\n         → ${advice}`;
}
