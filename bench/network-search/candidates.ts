import type { Architecture, ConvolutionLayer, Layer } from "../../src/networks/architecture.js";
import { compact } from "../../src/networks/compact.js";
import { medium } from "../../src/networks/medium.js";

/** A convolution of so many filters: side of its kernel and stride, px. */
type Convolution = readonly [filters: number, kernelPx: number, stride: number];

/**
 * What might judge as well as the network that ships for less arithmetic. The first of them is the measure.
 * To try another, add it here.
 */
export const CANDIDATES: readonly Architecture[] = [
  medium,
  compact,
  candidate("narrow-front", "the last layer as wide as medium's, the first ones as compact's", [
    [16, 4, 2],
    "pool",
    [32, 3, 2],
    [64, 3, 1],
    "pool",
    [96, 3, 1],
  ]),
  candidate("three-layers", "medium without its third layer", [
    [24, 4, 2],
    "pool",
    [48, 3, 2],
    "pool",
    [96, 3, 1],
  ]),
  candidate("stride-4", "large steps in place of the first pool, wide", [
    [32, 8, 4],
    [64, 3, 2],
    "pool",
    [96, 3, 1],
  ]),
  candidate("stride-4-narrow", "large steps in place of the first pool, narrow", [
    [24, 8, 4],
    [48, 3, 2],
    "pool",
    [96, 3, 1],
  ]),
  candidate("tiny", "compact with three quarters of its filters", [
    [12, 4, 2],
    "pool",
    [24, 3, 2],
    [36, 3, 1],
    "pool",
    [48, 3, 1],
  ]),
];

/** A network that begins and ends as `compact` does, with other convolutions between; the first of them is unpadded. */
function candidate(
  name: string,
  description: string,
  middle: readonly (Convolution | "pool")[],
): Architecture {
  let convolutions = 0;
  const layers = middle.map((layer): Layer => {
    if (layer === "pool") return { kind: "max-pool" };
    const [filters, kernelPx, stride] = layer;
    const name = `conv${++convolutions}`;
    const padding: ConvolutionLayer["padding"] = convolutions === 1 ? "valid" : "same";
    return { kind: "convolution", name, kernelPx, filters, stride, padding, batchNorm: true };
  });
  const convolves = (layer: Layer) => layer.kind === "convolution";
  const [first, last] = [compact.layers.findIndex(convolves), compact.layers.findLastIndex(convolves)];
  return {
    name,
    description,
    layers: [...compact.layers.slice(0, first), ...layers, ...compact.layers.slice(last + 1)],
  };
}
