/**
 * Networks as data: the TensorFlow.js network that is trained and the ONNX graph that is shipped are both made from
 * the same list of layers. Every network takes patches of raw camera counts, [patches, 84, 84, 1], and gives the
 * logits of the 11 levels, [patches, 11].
 * @module
 */

/** Each patch by its own mean and standard deviation: (x - mean) / (sd + floor). Makes gain and offset irrelevant. */
export interface StandardiseLayer {
  readonly kind: "standardise";
  /** Added to the standard deviation, counts: keeps an empty patch from being blown up. */
  readonly floorCounts: number;
}

/** Multiplication with a constant. */
export interface ScaleLayer {
  readonly kind: "scale";
  readonly factor: number;
}

/** Convolution, optional batch normalisation, ReLU. */
export interface ConvolutionLayer {
  readonly kind: "convolution";
  readonly name: string;
  readonly kernelPx: number;
  readonly filters: number;
  readonly stride: number;
  readonly padding: "same" | "valid";
  readonly batchNorm: boolean;
}

/** Maximum over squares of 2 x 2, stride 2; an odd last row or column is left out. */
export interface MaxPoolLayer {
  readonly kind: "max-pool";
}

/** Mean and maximum of each channel over the whole patch, concatenated. */
export interface GlobalMeanMaxLayer {
  readonly kind: "global-mean-max";
}

/** All values of a patch in one row, in the order height, width, channel. */
export interface FlattenLayer {
  readonly kind: "flatten";
}

/** Fully connected, with bias; ReLU unless it is the last. */
export interface DenseLayer {
  readonly kind: "dense";
  readonly name: string;
  readonly units: number;
  readonly relu: boolean;
}

/** Sets values to zero at random while training only. */
export interface DropoutLayer {
  readonly kind: "dropout";
  readonly keepProbability: number;
}

export type Layer =
  | StandardiseLayer
  | ScaleLayer
  | ConvolutionLayer
  | MaxPoolLayer
  | GlobalMeanMaxLayer
  | FlattenLayer
  | DenseLayer
  | DropoutLayer;

export interface Architecture {
  readonly name: string;
  /** One sentence for the model card. */
  readonly description: string;
  readonly layers: readonly Layer[];
}

/** One tensor of weights: name, shape, and how it starts. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly start: "glorot-uniform" | "zeros" | "ones";
}

/** Shape of one patch between layers: [height, width, channels], or [values] once flattened. */
export type PatchShape = readonly [number, number, number] | readonly [number];

/** The shape that `layer` makes of `shape`. */
export function shapeAfter(layer: Layer, shape: PatchShape): PatchShape {
  switch (layer.kind) {
    case "convolution": {
      const [height, width] = planar(shape, layer.kind);
      const out = (side: number) =>
        layer.padding === "same"
          ? Math.ceil(side / layer.stride)
          : Math.floor((side - layer.kernelPx) / layer.stride) + 1;
      return [out(height), out(width), layer.filters];
    }
    case "max-pool": {
      const [height, width, channels] = planar(shape, layer.kind);
      return [Math.floor(height / 2), Math.floor(width / 2), channels];
    }
    case "global-mean-max":
      return [2 * planar(shape, layer.kind)[2]];
    case "flatten":
      return [planar(shape, layer.kind).reduce((product, side) => product * side, 1)];
    case "dense":
      return [layer.units];
    case "standardise":
    case "scale":
    case "dropout":
      return shape;
  }
}

/** The weights of an architecture, in order, for patches of `patchPx` x `patchPx`. */
export function weightsOf(architecture: Architecture, patchPx: number): WeightSpec[] {
  const specs: WeightSpec[] = [];
  let shape: PatchShape = [patchPx, patchPx, 1];
  for (const layer of architecture.layers) {
    if (layer.kind === "convolution") {
      const channels = planar(shape, layer.kind)[2];
      specs.push(kernel(layer.name, [layer.kernelPx, layer.kernelPx, channels, layer.filters]));
      if (layer.batchNorm) {
        specs.push(
          { name: `${layer.name}/gamma`, shape: [layer.filters], trainable: true, start: "ones" },
          { name: `${layer.name}/beta`, shape: [layer.filters], trainable: true, start: "zeros" },
          { name: `${layer.name}/moving_mean`, shape: [layer.filters], trainable: false, start: "zeros" },
          { name: `${layer.name}/moving_variance`, shape: [layer.filters], trainable: false, start: "ones" },
        );
      } else {
        specs.push(bias(layer.name, layer.filters));
      }
    } else if (layer.kind === "dense") {
      specs.push(kernel(layer.name, [shape.reduce((product, side) => product * side, 1), layer.units]));
      specs.push(bias(layer.name, layer.units));
    }
    shape = shapeAfter(layer, shape);
  }
  return specs;
}

/** Number of weights of an architecture. */
export function weightCount(architecture: Architecture, patchPx: number): number {
  return weightsOf(architecture, patchPx).reduce(
    (sum, spec) => sum + spec.shape.reduce((product, side) => product * side, 1),
    0,
  );
}

/** Added to the variance in batch normalisation. */
export const BATCH_NORM_EPSILON = 1e-3;

function kernel(name: string, shape: readonly number[]): WeightSpec {
  return { name: `${name}/weights`, shape, trainable: true, start: "glorot-uniform" };
}

function bias(name: string, size: number): WeightSpec {
  return { name: `${name}/biases`, shape: [size], trainable: true, start: "zeros" };
}

function planar(shape: PatchShape, kind: string): readonly [number, number, number] {
  if (shape.length !== 3) throw new RangeError(`a ${kind} layer cannot follow a flattened one`);
  return shape;
}
