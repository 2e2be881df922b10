import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../agent/helpers.js";
import { MAIN, parfocal } from "../helpers/command.js";

/** A user without an account on this machine, as in a container. */
const NOBODY_KNOWN = 64_322;

/** Runs a script of the shell, in which "$@" is `parfocal doctor`, or another command. */
async function inShell(
  script: string,
  user: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {},
  command: "agent" | "doctor" = "doctor",
) {
  const child = spawn("bash", ["-c", script, "bash", process.execPath, MAIN, command], user);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      said += data.toString();
    });
  }
  const [code] = (await once(child, "close")) as [unknown];
  return { code, said };
}

test.skipIf(process.platform !== "linux")("a working folder that is gone is told in words", async () => {
  const { code, said } = await inShell('cd "$(mktemp -d)" && rmdir "$PWD" && "$@"');

  expect(said).toBe("Cannot start: the folder that this was started in is gone; change to another one\n");
  expect(code).toBe(1);
});

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "a path that begins with ~ is refused for a user who has no folder",
  async () => {
    const user = { uid: NOBODY_KNOWN, gid: NOBODY_KNOWN, env: { PATH: process.env.PATH } };

    const { code, said } = await inShell('cd / && "$@" --set results.folder=~/results', user);

    expect(said).toContain(
      "~/results: this user has no folder that ~ could stand for; write the path in full",
    );
    expect(code).toBe(1);
  },
);

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "an agent says why it may not write its results: the folder is another user's",
  async () => {
    const user = { uid: NOBODY_KNOWN, gid: NOBODY_KNOWN, env: { PATH: process.env.PATH } };

    const { code, said } = await inShell('cd / && "$@" --results /usr', user, "agent");

    expect(said).toContain(
      `/usr: cannot be written: no permission; check the owner and mode of the file and its folders; set results.folder`,
    );
    expect(code).toBe(1);
  },
);

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0).each([".", "new/folder"])(
  "an agent says why it may not write its results: the file system is read-only, %s",
  async (folder) => {
    const disk = join(await temporaryFolder(), "disk");
    await mkdir(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const results = join(disk, folder);

    const { code, said } = await inShell(`cd / && "$@" --results '${results}'`, {}, "agent");

    expect(said).toContain(`${resolve(results)}: cannot be written: the file system is read-only;`);
    expect(code).toBe(1);
  },
);

test("the help says where the pages are that messages name", async () => {
  const { stdout } = await parfocal("--help");

  const folder = /docs\/\.\.\.\) are in\s+(.+)\n/.exec(stdout)?.[1];
  expect(await readdir(folder!)).toContain("gpu.md");
});
