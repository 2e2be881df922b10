import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type AgentProcess, freePorts, startAgentProcess } from "../helpers/agent-process.js";
import { MAIN, parfocal } from "../helpers/command.js";
import { DATA } from "../helpers/images.js";

const SHARP = join(DATA, "plate/dsb_520x696_175dbb364b.png");

let folder: string;
let results: string;
let agent: AgentProcess;
let client: Client;

/** What a tool answers: its value, or what is wrong. */
async function call(name: string, args: Record<string, unknown> = {}) {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [{ text }] = content as [{ text: string }];
  return isError ? { error: text } : { value: JSON.parse(text) as Record<string, unknown> };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parfocal-mcp-"));
  results = join(folder, "results");
  const images = join(folder, "images");
  await mkdir(images);
  const blurred = join(folder, "B02_s1.png");
  await copyFile(SHARP, blurred);
  await parfocal("degrade", blurred, "--level", "7", "--out", images);
  await copyFile(SHARP, join(images, "A01_s1.png"));
  agent = await startAgentProcess(["agent", "--folder", images, "--results", results, ...freePorts()]);
  await vi.waitFor(
    async () => {
      const records = await readFile(join(results, "results.jsonl"), "utf8");
      expect(records.match(/"type":"verdict"/g)).toHaveLength(2);
    },
    { timeout: 30_000, interval: 100 },
  );
  client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, "mcp", "--agent", agent.addresses.dashboard, "--results", results, "--device", "cpu"],
      cwd: folder,
      stderr: "ignore",
    }),
  );
}, 60_000);

afterAll(async () => {
  await client.close();
  await agent.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("parfocal mcp", () => {
  it("offers tools that are all read-only", async () => {
    const { tools } = await client.listTools();

    expect(tools.map(({ name }) => name).sort()).toEqual(["agent_status", "judge_image", "wells_to_reimage"]);
    for (const { annotations } of tools) expect(annotations?.readOnlyHint).toBe(true);
  });

  it("judges an image as `parfocal score` does", async () => {
    const { value } = await call("judge_image", { path: SHARP });
    const { stdout } = await parfocal("score", SHARP, "--device", "cpu", "--format", "jsonl");
    const row = JSON.parse(stdout) as Record<string, number | string>;

    expect(value).toMatchObject({ page: 0, condition: row.condition });
    expect(value!.level).toBeCloseTo(row.expected_level as number, 2);
    expect(value!.certainty).toBeCloseTo(row.aggregate_certainty as number, 2);
  });

  it("says what the running agent says of itself", async () => {
    const { value } = await call("agent_status");

    expect(value).toMatchObject({ kind: "agent", model: { name: "default" }, health: { state: "running" } });
  });

  it("lists the wells of the run to image again, and why", async () => {
    const { value } = await call("wells_to_reimage");

    expect(value).toMatchObject({ sites: 2, skippedLines: 0, otherSessions: [] });
    expect(value!.toReimage).toEqual([
      expect.objectContaining({ site: expect.objectContaining({ well: "B02" }), reason: "out of focus" }),
    ]);
  });

  it.each([
    [
      "judge_image",
      { path: "/nowhere/a.tif" },
      /\/nowhere\/a\.tif: .*(no such|does not exist|is not there)/i,
    ],
    ["judge_image", { path: "." }, /this is a folder/],
    ["judge_image", { path: SHARP, page: 3 }, /has no page 3; its last is 0/],
    ["judge_image", {}, /path/],
    ["wells_to_reimage", { results: "/nowhere" }, /\/nowhere: .*name the folder that the agent wrote/],
    ["wells_to_reimage", { session: "monday" }, /has no run monday; it has /],
  ])("%s %j says what is wrong and goes on serving", async (name, args, message) => {
    expect((await call(name, args)).error).toMatch(message);
    expect((await call("agent_status")).error).toBeUndefined();
  });

  it("writes nothing", async () => {
    const state = async () => {
      const names = (await readdir(folder, { recursive: true })).sort();
      return Promise.all(names.map(async (name) => [name, (await stat(join(folder, name))).size]));
    };
    const before = await state();

    await call("judge_image", { path: SHARP });
    await call("wells_to_reimage");

    expect(await state()).toEqual(before);
  });
});

/** What `agent_status` says with the agent at this address. */
async function statusAt(address: string): Promise<{ readonly isError: unknown; readonly text: string }> {
  const alone = new Client({ name: "test", version: "1" });
  const args = [MAIN, "mcp", "--agent", address];
  await alone.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
  const { isError, content } = await alone.callTool({ name: "agent_status", arguments: {} });
  await alone.close();
  return { isError, text: JSON.stringify(content) };
}

it("says that no agent answers where there is none", async () => {
  const { isError, text } = await statusAt("http://127.0.0.1:1");

  expect(isError).toBe(true);
  expect(text).toContain("No agent answers at http://127.0.0.1:1");
});

it("answers a line that is no message", async () => {
  const server = spawn(process.execPath, [MAIN, "mcp"], { stdio: ["pipe", "pipe", "ignore"] });
  server.stdin.end('{bad\n{"foo":1}\n');
  const answers = (await text(server.stdout)).trim().split("\n");

  expect(answers.map((line) => JSON.parse(line) as object)).toEqual([
    { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } },
    { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } },
  ]);
});

it("says so after five seconds where something else takes the connection and is silent", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;

  const { isError, text } = await statusAt(`http://127.0.0.1:${port}`);
  silent.close();

  expect(isError).toBe(true);
  expect(text).toContain("no answer within 5 s");
});
