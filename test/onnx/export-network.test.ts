import fc from "fast-check";
import ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certaintyOf, frameDistribution } from "../../src/focus/certainty.js";
import { LEVELS } from "../../src/focus/levels.js";
import { cutPatches } from "../../src/focus/tiling.js";
import { type Frame, PATCH_PX } from "../../src/frames/frame.js";
import { compact } from "../../src/networks/compact.js";
import { exportNetwork } from "../../src/onnx/export-network.js";
import { largestDifference } from "../helpers/golden.js";
import { spots } from "../helpers/images.js";
import { randomWeights } from "../helpers/models.js";
import { readGraph } from "./read-graph.js";

const bytes = exportNetwork(compact, randomWeights(compact, 5), { metadata: { name: "a name" } });
let session: ort.InferenceSession;

beforeAll(async () => {
  session = await ort.InferenceSession.create(bytes, { executionProviders: ["cpu"], intraOpNumThreads: 1 });
});
afterAll(() => session.release());

async function run({ width, height, pixels }: Frame) {
  const outputs = await session.run({
    frame: new ort.Tensor("uint16", Uint16Array.from(pixels), [height, width]),
  });
  const values = (name: string) => outputs[name]!.data as Float32Array;
  return {
    grid: outputs.certainty!.dims,
    probabilities: values("probabilities"),
    certainties: values("certainty"),
    distribution: values("distribution"),
    frameCertainties: values("frame_certainties"),
  };
}

/** The patches as frames of their own. */
function patchesOf(frame: Frame): Frame[] {
  const { patches } = cutPatches(frame);
  const size = PATCH_PX * PATCH_PX;
  return Array.from({ length: patches.length / size }, (_, i) => ({
    width: PATCH_PX,
    height: PATCH_PX,
    pixels: Uint16Array.from(patches.subarray(i * size, (i + 1) * size)),
  }));
}

const sizes: [number, number][] = [
  [84, 84],
  [84, 85],
  [100, 84],
  [167, 100],
  [168, 168],
  [169, 84],
  [500, 333],
];

describe.each(sizes)("the exported graph on a frame of %i x %i px", (width, height) => {
  it("gives ceil(height / 84) x ceil(width / 84) patches, each with the answer that it gets alone", async () => {
    const frame = spots(width, height, width + height);
    const { grid, probabilities } = await run(frame);
    expect(grid).toEqual([Math.ceil(height / 84), Math.ceil(width / 84)]);
    for (const [i, patch] of patchesOf(frame).entries()) {
      const alone = await run(patch);
      expect(
        largestDifference(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS), alone.probabilities),
      ).toBeLessThan(1e-5);
    }
  });
});

describe("the exported graph", () => {
  it("gives distributions that sum to 1 and certainties within 0 and 1 for frames of any size and content", async () => {
    const frames = fc.record({
      width: fc.integer({ min: 84, max: 260 }),
      height: fc.integer({ min: 84, max: 260 }),
      seed: fc.integer(),
      factor: fc.constantFrom(0, 0.01, 1, 15),
    });
    await fc.assert(
      fc.asyncProperty(frames, async ({ width, height, seed, factor }) => {
        const frame = spots(width, height, seed);
        const { grid, probabilities, certainties, distribution, frameCertainties } = await run({
          ...frame,
          pixels: frame.pixels.map((value) => value * factor),
        });
        expect(grid).toEqual([Math.ceil(height / 84), Math.ceil(width / 84)]);
        const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
        for (let i = 0; i < certainties.length; i++) {
          expect(sum(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS))).toBeCloseTo(1, 5);
        }
        expect(sum(distribution)).toBeCloseTo(1, 5);
        for (const certainty of [...certainties, ...frameCertainties]) {
          expect(certainty).toBeGreaterThanOrEqual(0);
          expect(certainty).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 20, seed: 4 },
    );
  });

  it("computes the certainties and the frame distribution of its patches as the paper defines them, to 1e-5", async () => {
    const { probabilities, certainties, distribution, frameCertainties } = await run(spots(300, 200, 8));
    const expected = Float32Array.from(certainties, (_, i) =>
      certaintyOf(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
    );
    const mean = frameDistribution(probabilities, expected);
    expect(largestDifference(certainties, expected)).toBeLessThan(1e-5);
    expect(largestDifference(distribution, mean)).toBeLessThan(1e-5);
    const summary = [
      certaintyOf(mean),
      expected.reduce((a, b) => a + b) / expected.length,
      Math.max(...expected),
    ];
    expect(largestDifference(frameCertainties, summary)).toBeLessThan(1e-5);
  });

  it("names its network, patch size, levels and model in its metadata", () => {
    const { metadata, producer } = readGraph(bytes);
    expect(producer).toBe("parfocal");
    expect(metadata).toEqual({ network: "compact", patch_px: "84", levels: "11", name: "a name" });
  });

  it("takes uint16 counts and gives the four documented outputs", () => {
    expect(session.inputNames).toEqual(["frame"]);
    expect(session.outputNames).toEqual(["probabilities", "certainty", "distribution", "frame_certainties"]);
    expect(session.inputMetadata[0]).toMatchObject({ type: "uint16", shape: ["height", "width"] });
  });

  it("has batch normalisation folded into its convolutions", () => {
    const { operators } = readGraph(bytes);
    expect(operators.has("Conv")).toBe(true);
    expect(operators.has("BatchNormalization")).toBe(false);
  });

  it("does not change its bytes from one export to the next", () => {
    expect(exportNetwork(compact, randomWeights(compact, 5), { metadata: { name: "a name" } })).toEqual(
      bytes,
    );
  });
});
