import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, readdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAgent } from "../../src/agent/create-agent.js";
import type { Finding } from "../../src/operations/doctor/check.js";
import { pixelScorer, silent, temporaryFolder, testConfig } from "../agent/helpers.js";
import { MAIN, parfocal } from "../helpers/command.js";

/** What the doctor finds with free ports and results in a folder of their own, unless told otherwise. */
async function examine(settings: Record<string, unknown> = {}, ...more: string[]) {
  const all = {
    "sources.zeromq.address": "tcp://127.0.0.1:0",
    "publish.address": "tcp://127.0.0.1:0",
    "dashboard.port": 0,
    "scorer.device": "cpu",
    "results.folder": await temporaryFolder(),
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  const { code, stdout } = await parfocal("doctor", "--json", ...flags, ...more);
  const findings = JSON.parse(stdout) as Finding[];
  return { code, of: (check: string) => findings.filter((finding) => finding.check === check) };
}

describe("parfocal doctor", () => {
  test("finds all well where it is, and times a frame", async () => {
    const { code, of } = await examine();

    expect(code).toBe(0);
    for (const check of [
      "open files",
      "configuration",
      "model",
      "engine",
      "frames",
      "events",
      "page",
      "results",
      "database",
    ]) {
      expect(of(check)).toMatchObject([{ status: "ok" }]);
    }
    expect(of("engine")[0]!.message).toMatch(/ms for 1024 x 1024 px/);
  });

  test("leaves no results folder behind, which would be that of the user who asked", async () => {
    const folder = await temporaryFolder();
    const { code, of } = await examine({ "results.folder": join(folder, "runs", "today") });

    expect(code).toBe(0);
    expect(of("results")).toMatchObject([{ status: "ok" }]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("says in words what is amiss and what to do", async () => {
    const { code, stdout } = await parfocal("doctor", "--set", "policy.maxLevel=99");

    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {3}configuration: .*policy.maxLevel[\s\S]*→ docs\/configuration.md/);
  });

  test.skipIf(process.platform === "win32")("finds that too few files may be open", async () => {
    const doctor = [MAIN, "doctor", "--set", "scorer.device=cpu"];
    const limited = ["-c", 'ulimit -n 120; exec "$@"', "sh", process.execPath, ...doctor];

    const { stdout } = await promisify(execFile)("sh", limited).catch((error) => error as { stdout: string });

    expect(stdout).toMatch(/FAILED {3}open files: too many[\s\S]*→ ulimit -n/);
  });

  test("finds a model file that is not the one of its card", async () => {
    const model = join(await temporaryFolder(), "model");
    await cp("models/default", model, { recursive: true });
    await appendFile(join(model, "model.onnx"), "x");

    const { code, of } = await examine({ "scorer.model": model });

    expect(code).toBe(1);
    expect(of("model")).toMatchObject([
      {
        status: "failed",
        message: expect.stringContaining("not the file"),
        advice: expect.stringContaining("install"),
      },
    ]);
  });

  test("finds a port that a running agent has, which answers as a bridge needs it", async () => {
    const agent = await createAgent(testConfig(await temporaryFolder()), {
      ...{ scorer: pixelScorer, log: silent, version: "1" },
    });
    const places = await agent.start();
    onTestFinished(() => agent.stop(AbortSignal.abort()));

    const { code, of } = await examine({
      "sources.zeromq.address": places.zeromq,
      "publish.address": places.publish,
    });

    expect(code).toBe(0);
    for (const check of ["frames", "events"]) {
      expect(of(check)).toMatchObject([{ status: "ok", message: expect.stringContaining("running agent") }]);
    }
  });

  test("finds a port that another program has", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());

    const { code, of } = await examine({ "dashboard.port": (server.address() as AddressInfo).port });

    expect(code).toBe(1);
    expect(of("page")).toMatchObject([
      { status: "failed", advice: expect.stringContaining("dashboard.port") },
    ]);
  });

  // macOS has but one address of loopback.
  test.skipIf(process.platform === "darwin")("looks at a port where it is to be used", async () => {
    const server = createServer().listen(0, "127.0.0.3");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    const { of } = await examine({
      "sources.zeromq.address": `tcp://127.0.0.4:${port}`,
      "publish.address": `tcp://127.0.0.3:${port}`,
    });

    expect(of("frames")).toMatchObject([{ status: "ok", message: expect.stringContaining("is free") }]);
    expect(of("events")).toMatchObject([{ status: "failed", message: expect.stringContaining("is taken") }]);
  });

  test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
    "does not take a port that this user may not have for one that another program has",
    async () => {
      const flags = ["--json", "--set", "dashboard.port=80", "--set", "results.folder=/nowhere"];
      const account = { uid: 64_323, gid: 64_323 };
      const child = spawn(process.execPath, [MAIN, "doctor", ...flags], { ...account, stdio: "pipe" });
      let said = "";
      for await (const data of child.stdout) said += String(data);

      const page = (JSON.parse(said) as Finding[]).find(({ check }) => check === "page");
      expect(page).toMatchObject({ status: "failed", message: expect.stringMatching(/permission denied/) });
      expect(page!.advice).toContain("dashboard.port");
    },
  );

  test("finds results that cannot be written, a line that was cut off and a damaged database", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    const results = await temporaryFolder();
    await writeFile(join(results, "results.jsonl"), '{"v":1}\n{"v":');
    await writeFile(join(results, "parfocal.db"), "no database".repeat(1000));

    expect((await examine({ "results.folder": join(file, "below") })).of("results")).toMatchObject([
      { status: "failed", advice: expect.stringContaining("results.folder") },
    ]);
    const { code, of } = await examine({ "results.folder": results });
    expect(of("results.jsonl")).toMatchObject([
      { status: "warning", advice: expect.stringContaining(".torn") },
    ]);
    expect(of("database")).toMatchObject([
      { status: "failed", message: expect.stringContaining("move it away") },
    ]);
    expect(code).toBe(1);
  });

  test("finds results that no agent can keep to itself, and none amiss where one does", async () => {
    const results = await temporaryFolder();
    const agent = await createAgent(testConfig(results), { scorer: pixelScorer, log: silent, version: "1" });
    await agent.start();
    onTestFinished(() => agent.stop(AbortSignal.abort()));
    const foreign = await temporaryFolder();
    await writeFile(join(foreign, ".agent.lock"), "of another program");

    expect((await examine({ "results.folder": results })).of("results")).toMatchObject([{ status: "ok" }]);
    expect((await examine({ "results.folder": foreign })).of("results")).toMatchObject([
      { status: "failed", message: expect.stringContaining("remove it") },
    ]);
  });

  test("finds a folder to watch that is not there, and no Micro-Manager", async () => {
    const folder = join(await temporaryFolder(), "nowhere");
    const settings = { "sources.folder.enabled": true, "sources.folder.path": folder };

    const { of } = await examine(settings, "--micromanager", "--port", "1");

    expect(of("folder")).toMatchObject([{ status: "failed", advice: expect.stringContaining("create it") }]);
    expect(of("micro-manager")).toMatchObject([
      { status: "failed", advice: expect.stringContaining("Options") },
    ]);
  });
});
