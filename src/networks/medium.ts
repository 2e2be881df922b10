import type { Architecture } from "./architecture.js";
import { compact } from "./compact.js";

const FILTERS: Partial<Record<string, number>> = { conv1: 24, conv2: 48, conv3: 64, conv4: 96 };

/** `compact` half as wide again: holds what other optics, noise and empty fields ask for, at twice the arithmetic. */
export const medium: Architecture = {
  name: "medium",
  description: `${compact.description}; half as wide again as compact`,
  layers: compact.layers.map((layer) =>
    layer.kind === "convolution" ? { ...layer, filters: FILTERS[layer.name] ?? layer.filters } : layer,
  ),
};
