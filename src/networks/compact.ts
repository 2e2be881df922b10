import type { Architecture } from "./architecture.js";

/** The default network: small enough for a camera's frame rate on two CPU cores, blind to gain and offset. */
export const compact: Architecture = {
  name: "compact",
  description:
    "four convolutions with batch norm, global mean and maximum, two dense layers; patches standardised by their own mean and deviation",
  layers: [
    { kind: "standardise", floorCounts: 0.1 },
    {
      kind: "convolution",
      name: "conv1",
      kernelPx: 4,
      filters: 16,
      stride: 2,
      padding: "valid",
      batchNorm: true,
    },
    { kind: "max-pool" },
    {
      kind: "convolution",
      name: "conv2",
      kernelPx: 3,
      filters: 32,
      stride: 2,
      padding: "same",
      batchNorm: true,
    },
    {
      kind: "convolution",
      name: "conv3",
      kernelPx: 3,
      filters: 48,
      stride: 1,
      padding: "same",
      batchNorm: true,
    },
    { kind: "max-pool" },
    {
      kind: "convolution",
      name: "conv4",
      kernelPx: 3,
      filters: 64,
      stride: 1,
      padding: "same",
      batchNorm: true,
    },
    { kind: "global-mean-max" },
    { kind: "dense", name: "dense1", units: 64, relu: true },
    { kind: "dense", name: "dense2", units: 11, relu: false },
  ],
};
