import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommandModule } from "yargs";
import { hideBin } from "yargs/helpers";
import { configJsonSchema, defaultConfigYaml, SCHEMA_FILE } from "../config/documents.js";
import { idleSettings } from "../config/idle-settings.js";
import { loadConfig } from "../config/load-config.js";
import { OutputError } from "../errors.js";
import { errorCode, fileReason } from "../frames/file-reasons.js";
import { say } from "./print.js";

const init: CommandModule<object, { file: string; force: boolean }> = {
  command: "init [file]",
  describe: "Write a commented configuration with all defaults, and its schema beside it",
  builder: (args) =>
    args
      .positional("file", {
        type: "string",
        default: "parfocal.yaml",
        describe: "File to write, - for standard output",
      })
      .option("force", { type: "boolean", default: false, describe: "Overwrite the file" }),
  async handler({ file, force }) {
    // yargs leaves a lone dash out.
    if (hideBin(process.argv).includes("-")) {
      process.stdout.write(defaultConfigYaml());
      return;
    }
    try {
      await writeFile(file, defaultConfigYaml(), { flag: force ? "w" : "wx" });
      // Its first line names it, for editors.
      const schemaFile = join(dirname(file), SCHEMA_FILE);
      await writeFile(schemaFile, jsonText(configJsonSchema()));
      console.log(`wrote ${file} and ${schemaFile}`);
    } catch (error) {
      const exists = errorCode(error) === "EEXIST";
      const reason = exists
        ? "is there already; --force overwrites it"
        : `cannot be written: ${fileReason(error)}`;
      throw new OutputError(file, reason, { cause: error });
    }
  },
};

const check: CommandModule<object, { file: string }> = {
  command: "check <file>",
  describe: "Print every problem of a configuration file, or ok",
  builder: (args) =>
    args.positional("file", { type: "string", demandOption: true, describe: "File to check" }),
  async handler({ file }) {
    for (const sentence of idleSettings(await loadConfig({ file }))) say(sentence);
    console.log("ok");
  },
};

const schema: CommandModule = {
  command: "schema",
  describe: "Print the JSON Schema of the configuration file",
  handler() {
    process.stdout.write(jsonText(configJsonSchema()));
  },
};

function jsonText(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** `parfocal config init|check|schema`. */
export const configCommand: CommandModule = {
  command: "config",
  describe: "Write or check a configuration of the agent",
  builder: (args) =>
    args.command(init).command(check).command(schema).demandCommand(1, "init, check or schema?"),
  handler() {},
};
