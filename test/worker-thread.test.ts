import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { WorkerThread } from "../src/worker-thread.js";

const built = (path: string) => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href);
/** A user of whom nothing else runs, so that its processes and threads are those of the test. */
const [NOBODY_ELSE, FREE] = [64_321, 1000];

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "a thread that the system does not let begin is told in words, and can begin once it may",
  async () => {
    const script = `
      const { createInterface } = require("node:readline");
      import(${built("worker-thread.js")}).then(({ WorkerThread }) => {
        const thread = new WorkerThread("page-worker.js", ${built("frames/page-reader.js")});
        console.log("up");
        createInterface({ input: process.stdin })
          .on("line", async () => console.log(await thread.call("nothing").catch((error) => error.message)))
          .on("close", () => thread.stop());
      });`;
    const account = { uid: NOBODY_ELSE, gid: NOBODY_ELSE };
    const child = spawn(process.execPath, ["--eval", script], {
      ...account,
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const triedWith = async (threads: number) => {
      execFileSync("prlimit", ["--pid", String(child.pid), `--nproc=${threads}:`], account);
      child.stdin.write("try\n");
      return (await lines.next()).value as string;
    };

    expect(await triedWith(1)).toMatch(/^a thread cannot be started: .*ulimit -u.*pids\.max/);
    expect(await triedWith(FREE)).toContain("is not a function");

    child.stdin.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  },
);

test("a thread that is stopped before it has begun does not begin any more", async () => {
  const thread = new WorkerThread("page-worker.js", new URL("../src/frames/", import.meta.url).href);

  await thread.stop();

  expect(thread.hasEnded).toBe(true);
  await expect(thread.call("anything")).rejects.toThrow("it was stopped");
});
