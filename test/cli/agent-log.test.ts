import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { logText } from "../../src/cli/log-text.js";
import { TestController, until } from "../agent/helpers.js";
import { freePorts } from "../helpers/agent-process.js";
import { MAIN } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";

const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

/** Runs the agent on a terminal of its own, presses Ctrl-C once it is ready, and gives all that was shown. */
async function shownOnTerminal(...flags: string[]): Promise<string> {
  const args = ["agent", ...freePorts(), "--results", await temporaryFolder(), ...flags];
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const terminal = spawn("script", ["-qec", command, "/dev/null"]);
  onTestFinished(() => void terminal.kill("SIGKILL"));
  let shown = "";
  let isStopped = false;
  return new Promise((resolve) => {
    terminal.stdout.on("data", (data: Buffer) => {
      shown += data.toString();
      const isLogged = /INFO: Ready|"msg":"Ready"/.test(shown);
      const isTold = /Taking frames; |"type":"ready"/.test(shown);
      if (isStopped || !isLogged || !isTold) return;
      isStopped = true;
      terminal.stdin.write("\u0003");
    });
    terminal.on("close", () => resolve(shown));
  });
}

describe.skipIf(!hasTerminal)("parfocal agent on a terminal", () => {
  it("shows text: where it takes frames, and a log with times and words", async () => {
    const shown = await shownOnTerminal();
    expect(shown).toMatch(/Taking frames; Ctrl-C stops\.\r\n {2}controllers +tcp:\/\/127\.0\.0\.1:\d+\r\n/);
    expect(shown).toMatch(/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: Stopped \{"received":0/);
    expect(shown).not.toContain('"type":"ready"');
  });

  it("shows JSON with --log-format json", async () => {
    const lines = (await shownOnTerminal("--log-format", "json")).split("\r\n");
    const json = lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as object] : []));
    expect(json[0]).toMatchObject({ type: "ready" });
    expect(json.at(-1)).toMatchObject({ msg: "Stopped" });
  });

  it("finishes what it has at the first Ctrl-C with --supervise, too", async () => {
    const shown = await shownOnTerminal("--supervise");
    expect(shown).toContain("Taking frames; Ctrl-C stops.");
    expect(shown).toContain("INFO: Stopped");
    expect(shown).not.toContain("Stopping at once");
  });
});

describe.skipIf(!hasTerminal)("parfocal agent on a terminal that shows nothing any more", () => {
  it("answers, and ends when it is told to", async () => {
    const results = await temporaryFolder();
    const args = ["agent", ...freePorts(), "--results", results, "--log-format", "json", "--device", "cpu"];
    const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
    const terminal = spawn("script", ["-qec", command, "/dev/null"]);
    onTestFinished(() => void terminal.kill("SIGKILL"));
    let shown = "";
    terminal.stdout.on("data", (data: Buffer) => {
      shown += data.toString();
    });
    const line = await until(() => /\{"type":"ready".*\}(?=\r)/.exec(shown)?.[0]);
    const { pid, addresses } = JSON.parse(line) as { pid: number; addresses: { zeromq: string } };
    onTestFinished(() => void terminal.stdout.resume());
    terminal.stdout.pause();
    const controller = new TestController(addresses.zeromq);
    for (let i = 0; i < 4000; i++) await controller.socket.send(`{"v":1,"type":"frame","id":"x${i}"}`);
    await controller.answerTo("x3999");

    process.kill(pid, "SIGTERM");

    // Its parent, who reads nothing, does not take note of its end.
    await until(
      async () => !/^State:\s+[^Z]/m.test(await readFile(`/proc/${pid}/status`, "utf8").catch(() => "")),
    );
  });
});

describe.skipIf(process.platform !== "linux")("parfocal agent --supervise", () => {
  it("goes on where nothing can be printed, and stops when it is told to", async () => {
    const results = await temporaryFolder();
    const args = ["agent", ...freePorts(), "--results", results, "--supervise", "--device", "cpu"];
    const words = ["-c", 'exec "$@" >/dev/full', "sh", process.execPath, MAIN, ...args];
    const supervisor = spawn("sh", words, { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    supervisor.stderr.on("data", (data: Buffer) => {
      log += data.toString();
    });
    const ended = once(supervisor, "close");
    const line = await until(() => /\{.*"msg":"Ready"\}\n/.exec(log)?.[0]);
    const controller = new TestController((JSON.parse(line) as { zeromq: string }).zeromq);

    expect(await controller.answerTo((await controller.sendFrame()).id)).toMatchObject({ type: "verdict" });
    supervisor.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    expect(log).toContain('"msg":"Stopped"');
  });
});

describe("the text of a log line", () => {
  it("does nothing to a terminal, whatever names hold", async () => {
    const textOf = await logText();
    const name = "A01\u001b]0;owned\u0007\u001b[2J\u009b31m";
    const text = textOf(`${JSON.stringify({ level: 40, time: 0, site: name, msg: `lost ${name}` })}\n`);
    expect(text).toContain("WARN: lost A01");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(text.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it("is one line, also of an error with a stack", async () => {
    const textOf = await logText();
    const err = { type: "Error", message: "no", stack: "Error: no\n    at x" };
    const text = textOf(`${JSON.stringify({ level: 50, time: 0, err, msg: "failed" })}\n`);
    expect(text.trimEnd().split("\n")).toHaveLength(1);
  });
});
