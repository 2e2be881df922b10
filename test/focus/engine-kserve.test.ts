import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startOnnx } from "../../src/focus/engines/onnx.js";
import { openModel } from "../../src/focus/model.js";
import { Scorer } from "../../src/focus/scorer.js";
import { parfocal } from "../helpers/command.js";
import { spots } from "../helpers/images.js";
import { scoresOf, writeVariedFrames } from "../helpers/varied-frames.js";
import { expectAgreement } from "./engines.js";

/** The Python of an environment with mlserver and onnxruntime. */
const PYTHON = process.env.PARFOCAL_MLSERVER;

/** A runtime of MLServer that runs ONNX, which it does not bring itself. */
const RUNTIME = `
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse

class OnnxRuntime(MLModel):
    async def load(self):
        self.session = onnxruntime.InferenceSession(self.settings.parameters.uri)
        return True

    async def predict(self, payload):
        frame = NumpyCodec.decode_input(payload.inputs[0])
        names = [output.name for output in self.session.get_outputs()]
        values = self.session.run(names, {payload.inputs[0].name: frame})
        outputs = [NumpyCodec.encode_output(name, value) for name, value in zip(names, values)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe.skipIf(PYTHON === undefined)("the engine kserve with MLServer", () => {
  let folder: string;
  let server: ChildProcess;
  let address: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-mlserver-"));
    await parfocal("export", "triton", "--out", folder);
    const model = join(folder, "parfocal-default");
    expect(existsSync(join(model, "1/model.onnx"))).toBe(true);
    await writeFile(join(folder, "onnx_runtime.py"), RUNTIME);
    const uri = join(model, "1/model.onnx");
    await writeFile(
      join(model, "model-settings.json"),
      JSON.stringify({
        name: "parfocal-default",
        implementation: "onnx_runtime.OnnxRuntime",
        parameters: { uri },
      }),
    );
    const [http_port, grpc_port, metrics_port] = [await freePort(), await freePort(), await freePort()];
    const settings = { host: "127.0.0.1", http_port, grpc_port, metrics_port, parallel_workers: 0 };
    await writeFile(join(folder, "settings.json"), JSON.stringify(settings));
    address = `http://127.0.0.1:${http_port}`;
    server = spawn(PYTHON!, ["-c", "from mlserver.cli import main; main()", "start", folder], {
      cwd: folder,
      env: { ...process.env, PYTHONPATH: folder },
      stdio: "ignore",
    });
    await vi.waitFor(
      async () => expect((await fetch(`${address}/v2/models/parfocal-default/ready`)).ok).toBe(true),
      { timeout: 90_000, interval: 200 },
    );
  }, 120_000);

  afterAll(async () => {
    if (server.exitCode === null && server.kill()) await once(server, "exit");
    await rm(folder, { recursive: true, force: true });
  });

  it("gives what ONNX Runtime gives here", async () => {
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });
    onTestFinished(() => scorer.dispose());

    expect(scorer.engine).toContain(`parfocal-default at ${address}`);
    await expectAgreement(scorer);
  }, 60_000);

  it("gives the levels of 100 images as `parfocal score` does here", async () => {
    const images = join(folder, "images");
    await mkdir(images);
    const frames = await writeVariedFrames(images);
    const expected = await scoresOf(images);
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });
    onTestFinished(() => scorer.dispose());

    expect(frames.size).toBeGreaterThanOrEqual(100);
    for (const [name, frame] of frames) {
      const { expectedLevel } = await scorer.score(frame);
      expect(Math.abs(expectedLevel - expected.get(name)!.expected_level!), name).toBeLessThan(1e-3);
    }
  }, 180_000);
});

type Outputs = { name: string; data: unknown[] }[];

describe("the engine kserve when the server fails", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function serve(answer: RequestListener): Promise<string> {
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Answers as a server with the shipped model does. */
  async function honest(): Promise<RequestListener> {
    const engine = await startOnnx(await openModel("default"), { device: "cpu" });
    return async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const [{ shape, data }] = (
        JSON.parse(Buffer.concat(parts).toString()) as { inputs: [{ shape: number[]; data: number[] }] }
      ).inputs;
      const [height, width] = shape as [number, number];
      const scores = await engine.run({ width, height, pixels: Uint16Array.from(data) });
      const { probabilities, certainties, distribution } = scores;
      const summary = [scores.aggregateCertainty, scores.meanCertainty, scores.maxCertainty];
      const named = { probabilities, certainty: certainties, distribution, frame_certainties: summary };
      const outputs = Object.entries(named).map(([name, values]) => ({ name, data: Array.from(values) }));
      response.end(JSON.stringify({ outputs }));
    };
  }

  /** Answers as a server with the shipped model does, but for a change of the outputs. */
  async function changed(change: (outputs: Outputs) => void): Promise<RequestListener> {
    const answers = await honest();
    return (request, response) => {
      const end = response.end.bind(response);
      response.end = ((text: string) => {
        const answer = JSON.parse(text) as { outputs: Outputs };
        change(answer.outputs);
        return end(JSON.stringify(answer));
      }) as typeof response.end;
      answers(request, response);
    };
  }

  const frame = spots(169, 100, 1);

  async function localLevel(): Promise<number> {
    const scorer = await Scorer.load({ device: "cpu" });
    const { expectedLevel } = await scorer.score(frame);
    await scorer.dispose();
    return expectedLevel;
  }

  it("scores here and says why where no server answers", async () => {
    const address = `http://127.0.0.1:${await freePort()}`;
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });

    expect(scorer.engine).toMatch(/^ONNX Runtime .* on cpu, because parfocal-default at .* does not score: /);
    expect((await scorer.score(frame)).expectedLevel).toBeCloseTo(await localLevel(), 3);
    await scorer.dispose();
  });

  it("asks a busy server once more", async () => {
    const answers = await honest();
    let requests = 0;
    const address = await serve((request, response) => {
      if (requests++ % 2 === 0) response.writeHead(503).end();
      else answers(request, response);
    });
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });

    expect(scorer.engine).toContain(`parfocal-default at ${address}; `);
    await scorer.score(frame);
    expect(requests).toBe(4);
    await scorer.dispose();
  });

  it("scores here when the server goes away, says so once, and asks it again later", async () => {
    const answers = await honest();
    let status = 200;
    let requests = 0;
    const address = await serve((request, response) => {
      requests++;
      if (status !== 200) response.writeHead(status).end();
      else answers(request, response);
    });
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });
    status = 404;
    const before = requests;

    for (let i = 0; i < 102; i++) await scorer.score(frame);

    expect((await scorer.score(frame)).expectedLevel).toBeCloseTo(await localLevel(), 3);
    expect(requests - before).toBe(3);
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringContaining("HTTP status 404; scored on this machine meanwhile"),
    ]);
    await scorer.dispose();
  }, 60_000);

  it("waits no longer than its time limit for one that hangs", async () => {
    const address = await serve(() => undefined);
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });

    expect(scorer.engine).toContain("no answer within 3 s");
    await scorer.dispose();
  }, 20_000);

  it("takes numbers nested by their shape, as the protocol allows", async () => {
    const address = await serve(
      await changed((outputs) => {
        for (const output of outputs) output.data = [[output.data.slice(0, 1), output.data.slice(1)]];
      }),
    );
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });

    expect(scorer.engine).toContain(`parfocal-default at ${address}; `);
    expect((await scorer.score(frame)).expectedLevel).toBeCloseTo(await localLevel(), 3);
    await scorer.dispose();
  });

  it.each([
    ["of the wrong shape", (outputs: Outputs) => void outputs[0]!.data.pop(), "not that of a Parfocal model"],
    ["that lack one", (outputs: Outputs) => void outputs.pop(), "not that of a Parfocal model"],
    ["that are no numbers", (outputs: Outputs) => void outputs[0]!.data.fill("a"), "not of the protocol"],
  ])("scores here and says why where it gets outputs %s", async (_, change, why) => {
    const address = await serve(await changed(change));
    const scorer = await Scorer.load({ engine: "kserve", server: address, device: "cpu" });

    expect(scorer.engine).toContain(why);
    expect((await scorer.score(frame)).expectedLevel).toBeCloseTo(await localLevel(), 3);
    await scorer.dispose();
  });

  it("refuses a server with another model", async () => {
    const address = await serve(await changed((outputs) => void outputs[0]!.data.reverse()));

    await expect(Scorer.load({ engine: "kserve", server: address, device: "cpu" })).rejects.toThrow(
      /probabilities differ from the model's by .*parfocal export triton/,
    );
  });

  it.each([undefined, "here", "ftp://127.0.0.1/"])("needs an address: %s is none", async (server) => {
    await expect(Scorer.load({ engine: "kserve", ...(server && { server }) })).rejects.toThrow(/--server/);
  });
});
