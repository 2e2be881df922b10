import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { Router } from "zeromq";
import type { RunSummary } from "../../src/runs/run-summary.js";
import { parfocal, startCommand } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";
import { JavaServer, missing } from "../sources/micromanager/java-server.js";

const LIMITS = ["--z-limits", "-40", "40"];

function focus(server: JavaServer, ...args: readonly string[]) {
  return parfocal("focus", "--micromanager", "--port", String(server.port), "--device", "cpu", ...args);
}

function records(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Resolves with the first line of a command's output that is like this. */
async function lineLike(child: ChildProcess, pattern: RegExp): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) if (pattern.test(line)) return line;
  throw new Error(`the command ended without a line like ${pattern}`);
}

describe.skipIf(missing !== undefined)("parfocal focus --micromanager", () => {
  test("brings a position that is 6 um out of focus into focus and says how", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6 });
    const { code, stdout } = await focus(server, ...LIMITS);
    const { zUm, liveObjects } = await server.state();
    expect(code).toBe(0);
    expect(Math.abs(zUm - 6)).toBeLessThan(2.5);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^0 {2}z 0\.00 um {2}level +3\.\d {2}certainty 0\.\d\d {2}retry: .*try \+/);
    expect(lines.at(-1)).toMatch(/^in focus: z 0\.00 -> \d\.\d\d um, level 0\.\d, frames \d\./);
    expect(liveObjects).toBe(0);
  });

  test("writes each attempt and the end as JSON", async () => {
    const server = await JavaServer.start({ zUm: 12, focusUm: 6 });
    const { code, stdout } = await focus(server, "--max-travel", "60", "--json");
    const lines = records(stdout);
    const end = lines.at(-1)!;
    expect(code).toBe(0);
    expect(lines[0]).toMatchObject({ type: "attempt", attempt: 0, zUm: 12, decision: "retry" });
    expect(end).toMatchObject({ type: "end", end: "accept", site: "here", startZUm: 12, dryRun: false });
    expect(end.zUm).toBe((await server.state()).zUm);
    expect(end.frames).toBe(lines.length - 1);
  });

  test("leaves a run on record, which parfocal report reads", async () => {
    const results = await temporaryFolder();
    const server = await JavaServer.start({ zUm: 0, focusUm: 6 });
    expect((await focus(server, ...LIMITS, "--results", results)).code).toBe(0);
    await server.set("zUm", 0);
    expect((await focus(server, "--z-limits", "-1", "1", "--results", results)).code).toBe(1);
    const report = JSON.parse((await parfocal("report", results, "--json")).stdout) as RunSummary;
    expect(report).toMatchObject({ sites: 2, recovered: 1, runs: [{}, { controller: "parfocal focus" }] });
    expect(report.toLookAt).toMatchObject([{ site: "here", status: "flagged" }]);
  });

  test("says of a search that was cut short why, on record", async () => {
    const results = await temporaryFolder();
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, minZUm: -2, maxZUm: 2 });
    expect((await focus(server, ...LIMITS, "--results", results)).code).toBe(1);
    const report = JSON.parse((await parfocal("report", results, "--json")).stdout) as RunSummary;
    expect(report.toLookAt).toMatchObject([{ status: "refused", why: "drive" }]);
  });

  test("ends where it began where focus is already", async () => {
    const server = await JavaServer.start({ zUm: 6, focusUm: 6 });
    const { code, stdout } = await focus(server, ...LIMITS);
    expect(code).toBe(0);
    expect(stdout).toContain("in focus: z 6.00 -> 6.00 um");
    expect((await server.state()).zUm).toBe(6);
  });

  test("only says what it would do in a dry run", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6 });
    const { code, stdout } = await focus(server, "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/try [+-]\d\.\d+ um \(dry run: not done\)/);
    expect((await server.state()).moves).toEqual([]);
  });

  test("does not start without being told how far it may go", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6 });
    const { code, stderr } = await focus(server);
    expect(code).toBe(2);
    expect(stderr).toContain("--z-limits MIN MAX or --max-travel UM");
    expect((await server.state()).calls).toEqual({});
  });

  test("stays within its limits and ends at the best z that it may reach", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 10 });
    const { code, stdout } = await focus(server, "--z-limits", "-30", "3", "--json");
    const { zUm, moves } = await server.state();
    const levels = records(stdout).filter(({ type }) => type === "attempt") as {
      zUm: number;
      expectedLevel: number;
    }[];
    const best = levels.reduce((a, b) => (b.expectedLevel < a.expectedLevel ? b : a));
    expect(code).toBe(1);
    expect(moves.length).toBeGreaterThan(0);
    expect(moves.every((z) => z >= -30 && z <= 3)).toBe(true);
    expect(zUm).toBeCloseTo(best.zUm, 2);
    expect(zUm).toBeGreaterThan(0);
  });

  test("arrives from the side that the drive's backlash wants", async () => {
    const server = await JavaServer.start({ zUm: 14, focusUm: 6 });
    const { code } = await focus(server, ...LIMITS, "--set", "policy.backlashUm=3");
    const { moves } = await server.state();
    const [before, last] = moves.slice(-2) as [number, number];
    expect(code).toBe(0);
    expect(last - before).toBeGreaterThanOrEqual(2.999);
    expect(Math.abs(last - 6)).toBeLessThan(2.5);
  });

  test("goes back when the drive refuses a move that the limits allow", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, minZUm: -2, maxZUm: 2 });
    const { code, stdout } = await focus(server, ...LIMITS, "--json");
    expect(code).toBe(1);
    expect(records(stdout).at(-1)).toMatchObject({
      end: "refused",
      zUm: 0,
      reason: expect.stringMatching(/setPosition.*outside of the limits \(103\)/),
    });
    expect((await server.state()).zUm).toBe(0);
  });

  test("never moves the drive against a continuous focus lock, and says so", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, lock: true });
    const { code, stdout } = await focus(server, ...LIMITS);
    expect(code).toBe(1);
    expect(stdout).toMatch(/refused: .*focus lock is on, so the focus drive is not moved: switch it off/);
    expect((await server.state()).moves).toEqual([]);
  });

  test("retries with Studio's autofocus method, or with the hardware's if none is chosen", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6 });
    const autofocus = ["--set", "policy.retryWith=autofocus"];
    expect((await focus(server, ...LIMITS, ...autofocus)).code).toBe(0);
    expect(await server.state()).toMatchObject({ zUm: 6.2, calls: { studioFullFocus: 1 } });
    await server.set("zUm", 0);
    await server.set("studioAutofocus", false);
    expect((await focus(server, ...LIMITS, ...autofocus)).code).toBe(0);
    expect(await server.state()).toMatchObject({ zUm: 6.2, calls: { studioFullFocus: 1, fullFocus: 1 } });
  });

  test("comes back when autofocus runs out of the limits", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, autofocusErrorUm: 60 });
    const { code, stdout } = await focus(server, ...LIMITS, "--set", "policy.retryWith=autofocus");
    expect(code).toBe(1);
    expect(stdout).toMatch(/refused: .*autofocus went to 66\.00 um, outside -40\.00 um to 40\.00 um/);
    expect((await server.state()).zUm).toBe(0);
  });

  test("leaves a running acquisition alone unless it may pause it, and lets it go on afterwards", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, running: true });
    const refused = await focus(server, ...LIMITS);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("an acquisition is running; --pause pauses it");
    expect(await server.state()).toMatchObject({ moves: [], pauses: [] });

    expect((await focus(server, ...LIMITS, "--pause")).code).toBe(0);
    expect(await server.state()).toMatchObject({ pauses: [true, false], paused: false });
  });

  test("lets the acquisition go on when focusing fails", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, running: true });
    await server.fail("snapImage", "the camera is unplugged");
    const { code, stdout } = await focus(server, ...LIMITS, "--pause");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed: z 0\.00 -> 0\.00 um, frames 0\. .*the camera is unplugged/);
    expect(await server.state()).toMatchObject({ pauses: [true, false], zUm: 0 });
  });

  test("leaves an acquisition paused that somebody else paused", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, running: true, paused: true });
    const { code, stderr } = await focus(server, ...LIMITS);
    expect(code).toBe(0);
    expect(stderr).toContain("stays paused");
    expect(await server.state()).toMatchObject({ pauses: [], paused: true });
  });

  test("does not snap while live mode has the camera", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, live: true });
    const { code, stderr } = await focus(server, ...LIMITS);
    expect(code).toBe(1);
    expect(stderr).toContain("live mode is using the camera");
  });

  test.for([
    ["it is interrupted", "SIGINT"],
    ["its terminal closes", "SIGHUP"],
  ] as const)("ends at the best z seen when %s", async ([, signal]) => {
    const server = await JavaServer.start({ zUm: 0, focusUm: -8, slowMs: 100, running: true });
    const args = ["--port", String(server.port), "--device", "cpu", "--json", "--pause"];
    const { child, finished } = startCommand(["focus", "--micromanager", ...args, ...LIMITS]);
    await lineLike(child, /"attempt":1/);
    child.kill(signal);
    const { code, stdout } = await finished;
    const lines = records(stdout);
    const attempts = lines.slice(0, -1) as { zUm: number; expectedLevel: number }[];
    const best = attempts.reduce((a, b) => (b.expectedLevel < a.expectedLevel ? b : a));
    expect(code).toBe(130);
    expect(lines.at(-1)).toMatchObject({ type: "end", end: "interrupted" });
    const state = await server.state();
    expect(state.moves.length).toBeGreaterThan(0);
    expect(state.zUm).toBeCloseTo(best.zUm, 2);
    expect(state.pauses).toEqual([true, false]);
  });

  test("notices a server that hangs, names the call, and says that the acquisition may still be paused", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 6, running: true });
    await server.hang("setPosition");
    const { code, stderr } = await focus(server, ...LIMITS, "--pause", "--timeout-ms", "1500");
    expect(code).toBe(1);
    expect(stderr).toMatch(/no answer to .*setPosition within 1500 ms.*the acquisition may still be paused/);
    expect(stderr).toContain(server.address);
    const idle = await JavaServer.start({ zUm: 0, focusUm: 6 });
    await idle.hang("setPosition");
    const results = await temporaryFolder();
    const other = await focus(idle, ...LIMITS, "--timeout-ms", "1500", "--results", results);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/no answer to .*setPosition within 1500 ms/);
    const report = JSON.parse((await parfocal("report", results, "--json")).stdout) as RunSummary;
    expect(report.toLookAt).toMatchObject([{ status: "refused", why: "cancelled" }]);
  });

  test("says what to switch on where no Micro-Manager runs", async () => {
    const { code, stderr } = await parfocal(
      "focus",
      "--micromanager",
      "--port",
      "9",
      "--dry-run",
      "--timeout-ms",
      "200",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("Tools > Options > Run server on port 9");
  });
});

test("a port where something else listens may be another program's", async () => {
  const other = new Router({ linger: 0 });
  onTestFinished(() => other.close());
  await other.bind("tcp://127.0.0.1:*");
  const port = new URL(other.lastEndpoint!).port;
  for (const command of [["focus", "--dry-run", "--timeout-ms", "3000"], ["doctor"]]) {
    const { code, stdout, stderr } = await parfocal(...command, "--micromanager", "--port", port);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/no answer to connect within \d+ ms\. Another program may listen there/);
  }
});

test("a limit that is missing is wrong usage", async () => {
  const { code, stderr } = await parfocal("focus", "--micromanager", "--z-limits", "5");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Not enough arguments following: z-limits\n\nparfocal focus/);
});
