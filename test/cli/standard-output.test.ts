import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MAIN } from "../helpers/command.js";
import { DATA } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

/** Runs a command line of the shell, in which "$@" is `parfocal config schema` or another command. */
async function inShell(
  script: string,
  command: readonly string[] = ["config", "schema"],
): Promise<{ code: unknown; errors: string }> {
  const child = spawn("bash", ["-c", script, "bash", process.execPath, MAIN, ...command]);
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

  test("fit on the disk in part says so and fails", async () => {
    const file = join(await temporaryFolder(), "schema.json");
    // The shell counts blocks of 1024 bytes.
    const { code, errors } = await inShell(`trap "" XFSZ; ulimit -f 1; "$@" > '${file}'`);

    expect((await readFile(file)).length).toBe(1024);
    expect(errors).toMatch(/^Standard output cannot be written: .+\n$/);
    expect(code).toBe(1);
  });

  test("are read by nobody fails without a word", async () => {
    const { code, errors } = await inShell('set -o pipefail; "$@" | true');

    expect(errors).toBe("");
    expect(code).toBe(1);
  });

  test("go to what is standard output already are added to it, also under its name as a file", async () => {
    const file = join(await temporaryFolder(), "scores.csv");
    const image = join(DATA, "plate/dsb_520x696_6b72b61b80.png");
    const command = ["score", "--device", "cpu", image, "--out", "/dev/fd/1"];
    const { code, errors } = await inShell(`echo before > '${file}'; "$@" >> '${file}'`, command);

    expect(code, errors).toBe(0);
    expect(await readFile(file, "utf8")).toMatch(/^before\nfile,page,.*\n.*in-focus.*\n$/);
  });

  test("as Parquet are not written to a device, which stays in its place", async () => {
    const { code, errors } = await inShell('"$@"', [
      ...["score", "--device", "cpu", join(DATA, "plate/dsb_520x696_6b72b61b80.png")],
      ...["--out", "/dev/fd/1", "--format", "parquet"],
    ]);

    expect(code).toBe(1);
    expect(errors).toContain("/dev/fd/1: cannot be written: Parquet needs a file");
  });
});
