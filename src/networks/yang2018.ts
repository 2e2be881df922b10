import type { Architecture } from "./architecture.js";

/** The network of Yang et al. 2018 (Methods, "Model"; `miq.py` of the original), 28,965,771 weights. */
export const yang2018: Architecture = {
  name: "yang2018",
  description:
    "the network of Yang et al. 2018: two convolutions, two dense layers, dropout; counts divided by 65535",
  layers: [
    { kind: "scale", factor: 1 / 65535 },
    {
      kind: "convolution",
      name: "conv1",
      kernelPx: 5,
      filters: 32,
      stride: 1,
      padding: "same",
      batchNorm: false,
    },
    { kind: "max-pool" },
    {
      kind: "convolution",
      name: "conv2",
      kernelPx: 5,
      filters: 64,
      stride: 1,
      padding: "same",
      batchNorm: false,
    },
    { kind: "max-pool" },
    { kind: "flatten" },
    { kind: "dense", name: "fc3", units: 1024, relu: true },
    { kind: "dropout", keepProbability: 0.5 },
    { kind: "dense", name: "fc4", units: 11, relu: false },
  ],
};
