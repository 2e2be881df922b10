import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createAgent } from "../../src/agent/create-agent.js";
import { pixelScorer, recordingLog, TestController, temporaryFolder, testConfig } from "../agent/helpers.js";
import { ask } from "../dashboard/helpers.js";

/** An agent whose page is switched off. */
async function withoutPage(port: number) {
  const { log, lines } = recordingLog();
  const config = testConfig(await temporaryFolder(), { dashboard: { enabled: false, port } });
  const agent = await createAgent(config, { scorer: pixelScorer, log, version: "1.2.3" });
  const places = await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  return { places, lines, controller: new TestController(places.zeromq!) };
}

test("without the page, metrics and health are served all the same, and nothing else", async () => {
  const { places, controller } = await withoutPage(0);
  const { host } = new URL(places.probes!);
  await controller.ask(0);

  const metrics = (await ask(host, "/metrics")).body.toString();
  expect(metrics).toContain('parfocal_frames_total{source="zeromq",status="accept"} 1');
  expect((await ask(host, "/livez")).json()).toMatchObject({ status: "pass" });
  expect((await ask(host, "/readyz")).json()).toMatchObject({ status: "pass" });
  for (const path of ["/", "/api/status", "/api/runs"]) expect((await ask(host, path)).status).toBe(404);
});

test("without the page, a port that is taken is a warning, and the agent runs", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));

  const { lines, controller } = await withoutPage((other.address() as AddressInfo).port);

  expect(await controller.ask(0)).toMatchObject({ type: "verdict", decision: "accept" });
  expect(lines.find(({ msg }) => msg === "Metrics and health are not served")).toMatchObject({
    level: 40,
    reason: expect.stringContaining("dashboard.port"),
  });
});
