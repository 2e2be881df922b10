import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { benchFrame, benchHeader } from "../../bench/frames.js";
import { GateClient } from "../../src/microscope/gate-client.js";
import { freePorts, startAgentProcess } from "../helpers/agent-process.js";

const SIDE_PX = 2048;
const DEADLINE_MS = 5000;

it("collects no garbage of a whole thread to free the memory that frames were received in", async () => {
  // Made before: a client that computes hears nothing of its agent, and takes it for gone.
  const pixels = await benchFrame(SIDE_PX);
  const results = await mkdtemp(join(tmpdir(), "parfocal-memory-"));
  const agent = await startAgentProcess(
    ["agent", ...freePorts(), "--results", results, "--device", "cpu", "--log-level", "warn"],
    ["--trace-gc"],
  );
  let said = "";
  agent.child.stdout!.on("data", (text) => (said += String(text)));
  const client = new GateClient(agent.addresses.zeromq, "memory");
  client.start();
  try {
    await client.waitForAgent(10_000);
    // V8 by itself would do so from the fourth on.
    for (let sequence = 0; sequence < 16; sequence++) {
      const header = { ...benchHeader(sequence, SIDE_PX, DEADLINE_MS), mode: "observe" as const };
      expect(await client.score(header, pixels, DEADLINE_MS)).toBeDefined();
    }
  } finally {
    await client.stop();
    await agent.stop();
    await rm(results, { recursive: true, force: true });
  }
  expect(said).toContain("Scavenge");
  expect(said).not.toContain("external memory pressure");
});
