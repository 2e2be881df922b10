import { once } from "node:events";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { MicroManagerActuator } from "../../../src/agent/micro-manager-actuator.js";
import { Scorer } from "../../../src/focus/scorer.js";
import { writeTiff } from "../../../src/frames/write-tiff.js";
import { systemClock } from "../../../src/protocol/clock.js";
import type { ResultRecord } from "../../../src/records/record.js";
import { MicroManagerCore } from "../../../src/sources/micromanager/core.js";
import { jsonLines, recordingLog, temporaryFolder, testConfig } from "../../agent/helpers.js";
import { startCommand } from "../../helpers/command.js";
import { frame } from "../../refocus/helpers.js";
import { connect, JavaServer, missing, until } from "./java-server.js";

/** Writes what the camera sees now, as Micro-Manager's acquisition would. */
async function saveImage(server: JavaServer, path: string): Promise<void> {
  const connection = await connect(server.port);
  const snapshot = await new MicroManagerCore(connection).snap();
  await connection.stop();
  await writeTiff(path, snapshot.frame, snapshot.metadata);
}

/** The built agent on a folder, with the actuator on. */
async function startAgent(server: JavaServer, folder: string, ...settings: readonly string[]) {
  const results = await temporaryFolder();
  const all = [
    "actuator.micromanager.enabled=true",
    `actuator.micromanager.port=${server.port}`,
    "actuator.micromanager.zLimitsUm=[-40,40]",
    "actuator.micromanager.timeoutMs=2000",
    "sources.folder.stableMs=50",
    ...settings,
  ];
  const { child, finished } = startCommand([
    ...["agent", "--folder", folder, "--results", results, "--device", "cpu"],
    ...["--address", "tcp://127.0.0.1:0", "--publish", "tcp://127.0.0.1:0"],
    ...all.flatMap((setting) => ["--set", setting]),
  ]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let log = "";
  child.stderr!.on("data", (data: Buffer) => {
    log += data.toString();
  });
  await once(child.stdout!, "data");
  const says = (text: string) => until(() => log.includes(text));
  const records = async (wanted: string) =>
    (await jsonLines(join(results, "results.jsonl"))).filter(({ type }) => type === wanted);
  const verdicts = () => records("verdict");
  return { child, finished, says, verdicts, records };
}

/** The actuator alone, and a record as the agent makes it of a blurred file. */
async function alone(server: JavaServer, overrides: Record<string, unknown> = {}) {
  const folder = await temporaryFolder();
  const { log, lines } = recordingLog();
  const config = testConfig(await temporaryFolder(), {
    sources: { folder: { enabled: true, path: folder } },
    actuator: { micromanager: { enabled: true, port: server.port, zLimitsUm: [-40, 40], timeoutMs: 2000 } },
    ...overrides,
  });
  const scorer = await Scorer.load({ device: "cpu" });
  const actuator = new MicroManagerActuator(config, { scorer, log, clock: systemClock });
  onTestFinished(async () => {
    await actuator.stop();
    await scorer.dispose();
  });
  await saveImage(server, join(folder, "image.tif"));
  const says = (text: string) => until(() => lines.find(({ msg }) => String(msg).includes(text)));
  return { actuator, folder, says, lines };
}

function blurred(fields: Partial<ResultRecord> = {}): ResultRecord {
  return {
    ...{ v: 1, type: "verdict", id: "a", session: "s", condition: "defocused", level: 4, expectedLevel: 4.2 },
    ...{
      aggregateCertainty: 0.7,
      meanCertainty: 0.7,
      maxCertainty: 0.9,
      decision: "flag",
      acquireAgain: false,
    },
    ...{ keepAttempt: 0, attemptsLeft: 0, reason: "level 4.2 is above 1", model: { name: "m", sha256: "0" } },
    timings: { queueMs: 0, scoreMs: 0, totalMs: 0 },
    recordedMs: Date.now(),
    source: "folder",
    frame: frame({ mode: "observe", meta: { file: "image.tif", page: 0 } }),
    ...fields,
  } as ResultRecord;
}

describe.skipIf(missing !== undefined)("an agent that refocuses Micro-Manager", () => {
  test("pauses the acquisition for a blurred file, refocuses, lets it go on, and then rests", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const folder = await temporaryFolder();
    const { child, finished, says, verdicts, records } = await startAgent(server, folder);
    await saveImage(server, join(folder, "first.tif"));
    await says("Micro-Manager's acquisition goes on");
    const after = await server.state();
    expect(after).toMatchObject({ pauses: [true, false], paused: false });
    expect(Math.abs(after.zUm - 8)).toBeLessThan(2.5);
    expect(after.moves.every((z) => Math.abs(z) <= 40)).toBe(true);

    await server.set("zUm", -2);
    await saveImage(server, join(folder, "second.tif"));
    await until(async () => (await verdicts()).length === 2);
    await until(async () => (await server.state()).liveObjects === 0);
    child.kill("SIGTERM");
    expect((await finished).code).toBe(0);
    expect((await verdicts()).map(({ decision }) => decision)).toEqual(["flag", "flag"]);
    expect(await records("outcome")).toMatchObject([{ recovered: "yes", why: "sharp", zBeforeUm: 0 }]);
    expect(await server.state()).toMatchObject({ pauses: [true, false], zUm: -2 });
  });

  test("goes on scoring when Micro-Manager is gone, and says so", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const folder = await temporaryFolder();
    const { child, finished, says, verdicts } = await startAgent(server, folder);
    const connection = await connect(server.port);
    const { frame: image } = await new MicroManagerCore(connection).snap();
    server.child.kill("SIGKILL");
    await once(server.child, "exit");
    await writeTiff(join(folder, "first.tif"), image);
    await says("Micro-Manager could not be refocused");
    await writeTiff(join(folder, "second.tif"), image);
    await until(async () => (await verdicts()).length === 2);
    child.kill("SIGTERM");
    const { code, stderr } = await finished;
    expect(code).toBe(0);
    expect(stderr).toContain(`Run server on port ${server.port}`);
  });

  test("goes back to the best z and lets the acquisition go on when it is stopped in mid-search", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: -8, running: true });
    const folder = await temporaryFolder();
    const { child, finished, says } = await startAgent(
      server,
      folder,
      "actuator.micromanager.timeoutMs=5000",
    );
    await saveImage(server, join(folder, "first.tif"));
    await server.set("slowMs", 100);
    await says('"attempt":1');
    child.kill("SIGTERM");
    const { code, stderr } = await finished;
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const attempts = lines.filter(({ msg }) => msg === "Refocusing") as {
      zUm: number;
      expectedLevel: number;
    }[];
    const best = attempts.reduce((a, b) => (b.expectedLevel < a.expectedLevel ? b : a));
    const state = await server.state();
    expect(code).toBe(0);
    expect(lines.find(({ msg }) => msg === "Refocused")).toMatchObject({ end: "interrupted" });
    expect(state).toMatchObject({ pauses: [true, false], paused: false });
    expect(state.zUm).toBeCloseTo(best.zUm, 2);
  });

  test("does not start without limits for the drive", async () => {
    const { finished } = startCommand(["agent", "--set", "actuator.micromanager.enabled=true"]);
    const { code, stderr } = await finished;
    expect(code).toBe(2);
    expect(stderr).toContain("actuator.micromanager.zLimitsUm: is needed because the actuator is enabled");
  });
});

describe.skipIf(missing !== undefined)("the actuator for Micro-Manager", () => {
  test("leaves Micro-Manager alone for a file that is gone", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const { actuator, says } = await alone(server);
    const meta = { file: "elsewhere.tif", page: 0 };
    actuator.write(blurred({ frame: frame({ mode: "observe", meta }) }));
    expect(await says("not refocused")).toMatchObject({ reason: "the file is gone" });
    expect((await server.state()).pauses).toEqual([]);
  });

  test.each([
    ["a sharp frame", { decision: "accept", condition: "in-focus", expectedLevel: 0.5 }],
    ["a frame that cannot be judged", { decision: "abstain", condition: "blank" }],
    ["a frame that is partly sharp", { condition: "mixed" }],
    ["a frame of a controller, which refocuses itself", { source: "zeromq" }],
    ["a slice of a z-stack", { frame: frame({ zIndex: 2, meta: { file: "image.tif" } }) }],
  ] as [string, Partial<ResultRecord>][])("leaves Micro-Manager alone for %s", async (_, fields) => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const { actuator, lines } = await alone(server);
    const { calls } = await server.state();
    actuator.write(blurred(fields));
    await actuator.stop();
    expect((await server.state()).calls).toEqual(calls);
    expect(lines).toEqual([]);
  });

  test("leaves Micro-Manager alone for a file that is old", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const { actuator, folder, says } = await alone(server);
    await utimes(join(folder, "image.tif"), new Date(0), new Date(0));
    actuator.write(blurred());
    expect(await says("not refocused")).toMatchObject({ reason: "the file is old" });
    expect((await server.state()).pauses).toEqual([]);
  });

  test.each([
    ["no acquisition is running", { running: false }, {}, "none"],
    ["somebody has paused the acquisition", { running: true, paused: true }, {}, "paused-acquisition"],
    ["live mode is on", { running: false, live: true }, {}, "live"],
    ["nothing may be done (policy.dryRun)", { running: true }, { policy: { dryRun: true } }, "acquisition"],
  ])("does nothing while %s", async (_, bench, overrides, camera) => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8 });
    const { actuator, says } = await alone(server, overrides);
    for (const [name, value] of Object.entries(bench)) await server.set(name, value);
    actuator.write(blurred());
    expect(await says("not refocused")).toMatchObject({ camera });
    expect(await server.state()).toMatchObject({ pauses: [], moves: [] });
  });

  test("refocuses again after its rest, one file at a time", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const micromanager = { enabled: true, port: server.port, zLimitsUm: [-40, 40], cooldownMs: 1 };
    const { actuator, lines } = await alone(server, { actuator: { micromanager } });
    const ends = () => lines.filter(({ msg }) => String(msg).includes("goes on")).length;
    actuator.write(blurred());
    actuator.write(blurred());
    await until(() => ends() === 1);
    await server.set("zUm", 0);
    await until(async () => {
      actuator.write(blurred());
      return ends() === 2;
    });
    // The log line comes before the connection is let go and the search is counted.
    await until(() => actuator.counts().written === 2);
    expect(actuator.counts()).toEqual({ written: 2, failures: 0, lost: 0 });
    expect((await server.state()).pauses.slice(0, 4)).toEqual([true, false, true, false]);
  });

  test("lets the acquisition go on when the drive fails, and logs it", async () => {
    const server = await JavaServer.start({ zUm: 0, focusUm: 8, running: true });
    const { actuator, says } = await alone(server);
    await server.fail("getTaggedImage", "the cable is loose");
    actuator.write(blurred());
    expect(await says("could not be refocused")).toMatchObject({ reason: expect.stringContaining("cable") });
    expect(await server.state()).toMatchObject({ pauses: [true, false], zUm: 0 });
    expect(actuator.counts()).toMatchObject({ written: 0, failures: 1 });
  });
});
