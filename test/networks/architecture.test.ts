import { describe, expect, it } from "vitest";
import { UnknownNameError } from "../../src/errors.js";
import { type Layer, shapeAfter, weightCount, weightsOf } from "../../src/networks/architecture.js";
import { compact } from "../../src/networks/compact.js";
import { networkNamed } from "../../src/networks/registry.js";
import { yang2018 } from "../../src/networks/yang2018.js";
import { initialWeights } from "../../src/training/initial-weights.js";

const shapes = (layers: readonly Layer[]) => {
  let shape: Parameters<typeof shapeAfter>[1] = [84, 84, 1];
  return layers.map((layer) => {
    shape = shapeAfter(layer, shape);
    return shape.join(" x ");
  });
};

describe("yang2018", () => {
  it("has the 28,965,771 weights of the published network", () => {
    expect(weightCount(yang2018, 84)).toBe(28_965_771);
  });

  it("has the tensors of the published checkpoint, in shape and order", () => {
    expect(weightsOf(yang2018, 84).map(({ name, shape }) => `${name} ${shape.join(",")}`)).toEqual([
      "conv1/weights 5,5,1,32",
      "conv1/biases 32",
      "conv2/weights 5,5,32,64",
      "conv2/biases 64",
      "fc3/weights 28224,1024",
      "fc3/biases 1024",
      "fc4/weights 1024,11",
      "fc4/biases 11",
    ]);
  });

  it("halves 84 px twice and flattens 21 x 21 x 64 values", () => {
    expect(shapes(yang2018.layers)).toEqual([
      "84 x 84 x 1",
      "84 x 84 x 32",
      "42 x 42 x 32",
      "42 x 42 x 64",
      "21 x 21 x 64",
      "28224",
      "1024",
      "1024",
      "11",
    ]);
  });
});

describe("compact", () => {
  it("goes from a patch to 11 logits and keeps its weights under 1 MiB", () => {
    expect(shapes(compact.layers).at(-1)).toBe("11");
    expect(4 * weightCount(compact, 84)).toBeLessThan(2 ** 20);
  });
});

describe("shapeAfter", () => {
  const convolution = (stride: number, padding: "same" | "valid"): Layer => ({
    kind: "convolution",
    name: "c",
    kernelPx: 4,
    filters: 7,
    stride,
    padding,
    batchNorm: false,
  });

  it.each([
    [convolution(1, "same"), [9, 9, 7]],
    [convolution(2, "same"), [5, 5, 7]],
    [convolution(1, "valid"), [6, 6, 7]],
    [convolution(2, "valid"), [3, 3, 7]],
    [{ kind: "max-pool" } as Layer, [4, 4, 2]],
    [{ kind: "global-mean-max" } as Layer, [4]],
    [{ kind: "flatten" } as Layer, [162]],
  ])("of %o on 9 x 9 x 2 is %o", (layer, expected) => {
    expect(shapeAfter(layer, [9, 9, 2])).toEqual(expected);
  });

  it("refuses a convolution behind a flattened layer", () => {
    expect(() => shapeAfter(convolution(1, "same"), [162])).toThrow(RangeError);
  });
});

describe("initialWeights", () => {
  it("are the same with the same seed and others with another", () => {
    expect(initialWeights(compact, 3)).toEqual(initialWeights(compact, 3));
    expect(initialWeights(compact, 3)).not.toEqual(initialWeights(compact, 4));
  });

  it("fill Glorot's range: uniform within sqrt(6 / (fan in + fan out)), biases 0, scales 1", () => {
    const weights = initialWeights(compact, 1);
    const { values } = weights.get("conv3/weights")!;
    const limit = Math.sqrt(6 / (9 * 32 + 9 * 48));
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.99 * limit);
    expect(new Set(weights.get("dense2/biases")!.values)).toEqual(new Set([0]));
    expect(new Set(weights.get("conv1/gamma")!.values)).toEqual(new Set([1]));
  });
});

describe("networkNamed", () => {
  it("gives a network by name, and lists the known ones for an unknown name", () => {
    expect(networkNamed("yang2018")).toBe(yang2018);
    expect(() => networkNamed("resnet")).toThrow(UnknownNameError);
    expect(() => networkNamed("resnet")).toThrow(
      'unknown network "resnet"; known: compact, medium, yang2018',
    );
  });
});
