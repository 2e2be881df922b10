import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GateClient } from "../../src/microscope/gate-client.js";
import { Random } from "../../src/optics/random.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { type AgentProcess, freePorts, startAgentProcess } from "../helpers/agent-process.js";
import { times } from "../helpers/campaign.js";
import { residentMib } from "../helpers/resident-memory.js";

const FRAMES = times(400, 1000);
const SIDE = 1024;
/** Memory is read from here on: before, caches and pools are still filling. */
const WARM = 0.3 * FRAMES;
/** Frames from one reading of the memory to the next. */
const BETWEEN = FRAMES / 40;
const ALLOWED_GROWTH_MIB = 60;
/** Elsewhere memory is not read. */
const isLinux = process.platform === "linux";

let folder: string;
let agent: AgentProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parfocal-soak-"));
  const args = ["agent", ...freePorts(), "--results", folder, "--log-level", "warn", "--device", "cpu"];
  agent = await startAgentProcess(args, ["--trace-gc"]);
});

afterAll(async () => {
  agent.child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

describe("agent under a long run", () => {
  it(`answers each of ${FRAMES} gated frames of ${SIDE} x ${SIDE} px, logs each, its memory stays flat, and few have to wait for garbage`, async () => {
    const random = new Random(1);
    const frames = [100, 900, 3000].map((span) =>
      Uint16Array.from({ length: SIDE * SIDE }, () => 100 + random.below(span)),
    );
    const client = new GateClient(agent.addresses.zeromq, "soak");
    client.start();
    expect(await client.waitForAgent(20_000)).toBe(true);
    const memoryMib: number[] = [];
    let answered = 0;

    for (let i = 0; i < FRAMES; i++) {
      if (await client.score(header(i), frames[i % frames.length]!, 20_000)) answered++;
      if (i >= WARM && i % BETWEEN === 0) memoryMib.push(isLinux ? residentMib(agent.child.pid!) : 0);
    }
    await client.stop();
    // A verdict leaves before its line is on the disk; an orderly stop writes what is left.
    await agent.stop();

    expect(answered).toBe(FRAMES);
    expect(collections((await agent.finished).stdout)).toBeLessThan(FRAMES / 10);
    const lines = (await readFile(join(folder, "results.jsonl"), "utf8")).trim().split("\n");
    const verdicts = lines.filter((line) => (JSON.parse(line) as { type: string }).type === "verdict");
    expect(verdicts).toHaveLength(FRAMES);
    if (process.platform === "linux") {
      const middle = memoryMib.length / 2;
      const [half, rest] = [memoryMib.slice(0, middle), memoryMib.slice(middle)];
      expect(Math.min(...rest) - Math.max(...half)).toBeLessThan(ALLOWED_GROWTH_MIB);
    }
  }, 300_000);
});

/** How often the heap of the main thread was collected as a whole, by what --trace-gc printed: [process:heap] ... */
function collections(output: string): number {
  const lines = output.split("\n").filter((line) => line.startsWith("["));
  const heap = lines[0]!.slice(0, lines[0]!.indexOf("]"));
  return lines.filter((line) => line.startsWith(heap) && line.includes("Mark-Compact")).length;
}

function header(sequence: number): FrameMessage {
  return {
    v: 1,
    type: "frame",
    id: `soak/${sequence}`,
    session: "soak",
    sequence,
    mode: "gate",
    deadlineMs: 20_000,
    dtype: "uint16",
    shape: [SIDE, SIDE],
    site: { name: `P${sequence}` },
    attempt: 0,
  };
}
