import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const NICE = `
  import { readFileSync } from "node:fs";
  const nice = () => Number(readFileSync("/proc/thread-self/stat", "utf8").split(") ")[1].split(" ")[16]);
`;
const IN_THREAD = `${NICE}
  import { parentPort } from "node:worker_threads";
  import { giveWay } from "./dist/give-way.js";
  giveWay();
  parentPort.postMessage(nice());
`;
const SCRIPT = `${NICE}
  import { Worker } from "node:worker_threads";
  const before = nice();
  const thread = new Worker(process.env.IN_THREAD, { eval: true });
  thread.on("message", (ofThread) => console.log(ofThread, before, nice()));
`;

test.runIf(process.platform === "linux")("a thread that gives way leaves the others as they are", () => {
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", SCRIPT], {
    env: { ...process.env, IN_THREAD },
    encoding: "utf8",
  });
  const [thread, before, after] = said.trim().split(" ").map(Number);
  expect(thread).toBe(Math.min(19, before! + 5));
  expect(after).toBe(before);
});
