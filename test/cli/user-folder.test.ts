import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { MAIN } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";

const ROOT = join(import.meta.dirname, "../..");

/** Starts the built program for a user whose own folder is `home`, and who has set no variable that silences anything. */
function startFor(home: string, ...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: home, USERPROFILE: home };
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test("scoring images leaves nothing in the user's own folder, and so tells nobody of them", async () => {
  const home = await temporaryFolder();
  const image = join(ROOT, "test/fixtures/frames/grey16.png");

  const score = startFor(home, "score", image, "--device", "cpu");
  score.stdout?.resume();
  expect(await once(score, "exit")).toEqual([0, null]);

  expect(await readdir(home)).toEqual([]);
});

test("an agent leaves nothing in the user's own folder", async () => {
  const [home, results] = [await temporaryFolder(), await temporaryFolder()];
  const anyPort = [
    "--address",
    "tcp://127.0.0.1:*",
    "--publish",
    "tcp://127.0.0.1:*",
    "--dashboard-port",
    "0",
  ];

  const agent = startFor(home, "agent", "--results", results, "--device", "cpu", ...anyPort);
  const [ready] = (await once(createInterface({ input: agent.stdout! }), "line")) as [string];
  expect(JSON.parse(ready)).toMatchObject({ type: "ready" });
  agent.kill();
  expect(await once(agent, "exit")).toEqual([0, null]);

  expect(await readdir(home)).toEqual([]);
});
