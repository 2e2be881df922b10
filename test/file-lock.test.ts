import { execFile } from "node:child_process";
import { chmod, chown, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "./agent/helpers.js";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** What a user who may do no more than others finds in trying to lock a file twice. */
async function lockTwice(path: string): Promise<unknown> {
  const program = `
    const { FileLock } = await import(${JSON.stringify(resolve("dist/file-lock.js"))});
    const tell = (lock) => (lock instanceof FileLock ? "mine" : (lock.reason ?? lock));
    const [first, second] = [FileLock.acquire(process.argv[1]), FileLock.acquire(process.argv[1])];
    console.log(JSON.stringify([tell(first), tell(second)]));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program, path],
    { ...(isRoot && { uid: NOBODY, gid: NOBODY }) },
  );
  return JSON.parse(stdout);
}

async function lockFile(folderMode = 0o755): Promise<string> {
  const outer = await temporaryFolder();
  const folder = join(outer, "results");
  await mkdir(folder);
  const path = join(folder, ".agent.lock");
  await writeFile(path, "");
  await chmod(path, 0o444);
  if (isRoot) {
    await chown(folder, NOBODY, NOBODY);
    // Nobody else may look into folders of tests; this one may pass.
    for (const around of [outer, dirname(outer)]) await chmod(around, 0o711);
  }
  await chmod(folder, folderMode);
  return path;
}

describe.skipIf(process.platform === "win32")("a lock file that may only be read", () => {
  test("is replaced by one that keeps others out", async () => {
    const path = await lockFile();

    expect(await lockTwice(path)).toEqual(["mine", "taken"]);
    expect(await stat(path)).toMatchObject({ size: 0 });
  });

  test("is no lock where it cannot be replaced", async () => {
    expect(await lockTwice(await lockFile(0o555))).toEqual(Array(2).fill(expect.stringMatching(/readonly/)));
  });
});
