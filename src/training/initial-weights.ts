import { PATCH_PX } from "../frames/frame.js";
import { type Architecture, type WeightSpec, weightsOf } from "../networks/architecture.js";
import type { Weights } from "../networks/weights.js";
import { Random } from "../optics/random.js";

/** Weights to start from: kernels uniform after Glorot and Bengio 2010, the rest 0 or 1. */
export function initialWeights(architecture: Architecture, seed: number): Weights {
  return new Map(
    weightsOf(architecture, PATCH_PX).map((spec, index) => [
      spec.name,
      { shape: spec.shape, values: initialValues(spec, Random.of(seed, index)) },
    ]),
  );
}

function initialValues({ shape, start }: WeightSpec, random: Random): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  if (start !== "glorot-uniform") return new Float32Array(size).fill(start === "ones" ? 1 : 0);
  const [inputs, outputs] = shape.slice(-2) as [number, number];
  const receptiveField = size / (inputs * outputs);
  const limit = Math.sqrt(6 / (receptiveField * (inputs + outputs)));
  return Float32Array.from({ length: size }, () => random.between(-limit, limit));
}
