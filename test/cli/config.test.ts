import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { configJsonSchema, defaultConfigYaml } from "../../src/config/documents.js";
import { temporaryFolder } from "../agent/helpers.js";
import { parfocal } from "../helpers/command.js";

test("parfocal config init writes the schema that its file names, beside it", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "microscope.yaml");

  const { code, stdout } = await parfocal("config", "init", file);

  const named = /\$schema=(\S+)/.exec(await readFile(file, "utf8"))?.[1];
  expect(code).toBe(0);
  expect((await readdir(folder)).sort()).toEqual(["microscope.yaml", named]);
  expect(JSON.parse(await readFile(join(folder, named!), "utf8"))).toEqual(configJsonSchema());
  expect(stdout).toContain(named);
});

test("parfocal config init - prints the configuration and writes nothing", async () => {
  const folder = await temporaryFolder();
  const main = join(import.meta.dirname, "../../dist/cli/main.js");
  const { stdout } = await promisify(execFile)(process.execPath, [main, "config", "init", "-"], {
    cwd: folder,
  });

  expect(stdout).toBe(defaultConfigYaml());
  expect(await readdir(folder)).toEqual([]);
});
