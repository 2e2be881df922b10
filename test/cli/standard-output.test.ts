import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

/** Runs a command line of the shell, in which "$@" is `parfocal config schema`. */
async function inShell(script: string): Promise<{ code: unknown; errors: string }> {
  const child = spawn("bash", ["-c", script, "bash", process.execPath, MAIN, "config", "schema"]);
  let errors = "";
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  child.stdout.resume();
  const [code] = (await once(child, "close")) as [unknown];
  return { code, errors };
}

describe.skipIf(process.platform !== "linux")("a command whose results", () => {
  test("do not fit on the disk says so in one line and fails", async () => {
    const { code, errors } = await inShell('"$@" > /dev/full');

    expect(errors).toBe("Standard output cannot be written: the disk is full\n");
    expect(code).toBe(1);
  });

  test("are read by nobody fails without a word", async () => {
    const { code, errors } = await inShell('set -o pipefail; "$@" | true');

    expect(errors).toBe("");
    expect(code).toBe(1);
  });
});
