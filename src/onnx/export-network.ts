import { LEVELS } from "../focus/levels.js";
import { PATCH_PX } from "../frames/frame.js";
import {
  type Architecture,
  BATCH_NORM_EPSILON,
  type ConvolutionLayer,
  type PatchShape,
  shapeAfter,
} from "../networks/architecture.js";
import { contentReadingOf, givesFeatures } from "../networks/content.js";
import type { Weights } from "../networks/weights.js";
import { addContentOutputs } from "./content-outputs.js";
import { addFrameSummary } from "./frame-summary.js";
import { GraphBuilder } from "./graph-builder.js";
import { addTiling } from "./tiling.js";

export interface ExportOptions {
  /** Written into the file's metadata, for whoever opens it elsewhere. */
  readonly metadata?: Record<string, string>;
  /** Also give the output of layer i as output `layer_i`, [patches, ...], channels before rows: for checks. */
  readonly exposeLayers?: boolean;
}

/**
 * Writes a network as one ONNX graph from the raw camera frame to the finished answer.
 * Input `frame`, uint16 [height, width], both at least 84. Outputs: `probabilities` [rows, columns, 11], `certainty`
 * [rows, columns], `distribution` [11], `frame_certainties` [3] (aggregate, mean, maximum), and where the weights have a
 * content reading `structure` and `strangeness`, both [rows, columns].
 */
export function exportNetwork(
  architecture: Architecture,
  weights: Weights,
  options: ExportOptions = {},
): Uint8Array {
  const graph = new GraphBuilder();
  const frame = graph.input("frame", "uint16", ["height", "width"], "camera counts, row order");
  const tiles = addTiling(graph, frame);
  const writer = new LayerWriter(graph, weights, tiles.patches);
  let features: string | undefined;
  for (const [index, layer] of architecture.layers.entries()) {
    writer.add(architecture, index);
    if (givesFeatures(layer)) features = writer.value;
    if (options.exposeLayers && layer.kind !== "dropout") {
      writer.expose(`layer_${index}`);
      graph.output(
        `layer_${index}`,
        ["patches", ...writer.onnxShape()],
        `output of layer ${index}, ${layer.kind}`,
      );
    }
  }
  addFrameSummary(graph, writer.value, tiles, LEVELS);
  const reading = contentReadingOf(weights);
  if (reading !== undefined && features !== undefined) addContentOutputs(graph, features, reading, tiles);
  return graph.build(
    architecture.name,
    "Defocus level of a microscope frame: 0 (in focus) to 10. Yang et al. 2018, BMC Bioinformatics 19:77.",
    { network: architecture.name, patch_px: String(PATCH_PX), levels: String(LEVELS), ...options.metadata },
  );
}

/**
 * ONNX Runtime computes convolutions in blocks of 8 or 16 channels. A pool over channels that do not fill their blocks is
 * computed outside of them, and ordering all values anew for it takes longer than the pool.
 */
const CHANNEL_BLOCK = 16;

/** Appends layers to a graph, keeping track of the current value and its shape per patch. */
class LayerWriter {
  value: string;
  #shape: PatchShape = [PATCH_PX, PATCH_PX, 1];
  /** Channels in the graph: those of the network, then zeros up to whole blocks. */
  #channels = 1;
  readonly #graph: GraphBuilder;
  readonly #weights: Weights;

  constructor(graph: GraphBuilder, weights: Weights, patches: string) {
    this.#graph = graph;
    this.#weights = weights;
    this.value = patches;
  }

  /** Sides of the current value after the first, as ONNX orders them. */
  onnxShape(): number[] {
    if (this.#shape.length === 1) return [...this.#shape];
    const [height, width, channels] = this.#shape;
    return [channels, height, width];
  }

  /** Gives the current value, without channels that the network does not have, as an output. */
  expose(name: string): void {
    const graph = this.#graph;
    const channels = this.#shape[2];
    if (channels === undefined || channels === this.#channels) graph.node("Identity", [this.value], {}, name);
    else graph.node("Slice", [this.value, graph.ints(0), graph.ints(channels), graph.ints(1)], {}, name);
  }

  add(architecture: Architecture, index: number): void {
    const layer = architecture.layers[index]!;
    const graph = this.#graph;
    switch (layer.kind) {
      case "standardise": {
        const pixels = PATCH_PX * PATCH_PX;
        const axes = graph.ints(1, 2, 3);
        const centred = graph.node("Sub", [this.value, graph.node("ReduceMean", [this.value, axes])]);
        const variance = graph.node("Mul", [
          graph.node("ReduceSum", [graph.node("Mul", [centred, centred]), axes]),
          graph.float(1 / pixels),
        ]);
        const deviation = graph.node("Add", [graph.node("Sqrt", [variance]), graph.float(layer.floorCounts)]);
        this.value = graph.node("Mul", [centred, graph.node("Reciprocal", [deviation])]);
        break;
      }
      case "scale":
        this.value = graph.node("Mul", [this.value, graph.float(layer.factor)]);
        break;
      case "convolution":
        this.#addConvolution(layer, feedsConvolution(architecture, index));
        break;
      case "max-pool":
        this.value = graph.node("MaxPool", [this.value], {
          kernel_shape: { ints: [2, 2] },
          strides: { ints: [2, 2] },
        });
        break;
      case "global-mean-max": {
        const [, , channels] = this.#shape as readonly [number, number, number];
        const pools = ["GlobalAveragePool", "GlobalMaxPool"].map((pool) => graph.node(pool, [this.value]));
        const joined = graph.node("Concat", pools, { axis: { int: 1 } });
        this.value = graph.node("Reshape", [joined, graph.ints(-1, 2 * channels)]);
        break;
      }
      case "flatten":
        // The rows of the next dense layer are permuted instead of the values.
        this.value = graph.node("Flatten", [this.value], { axis: { int: 1 } });
        break;
      case "dense": {
        const permuted = this.#denseWeights(layer.name, architecture, index);
        const name = graph.floats(`${layer.name}/weights`, permuted.shape, permuted.values);
        this.value = graph.node("Gemm", [this.value, name, this.#constant(`${layer.name}/biases`)]);
        if (layer.relu) this.value = graph.node("Relu", [this.value]);
        break;
      }
      case "dropout":
        break;
    }
    this.#shape = shapeAfter(layer, this.#shape);
  }

  /**
   * Batch normalisation folds into the weights and bias: w' = w gamma / sd, b' = beta - mean gamma / sd.
   * @param fillsBlocks adds filters of zeros up to whole blocks of channels.
   */
  #addConvolution(layer: ConvolutionLayer, fillsBlocks: boolean): void {
    const { shape, values } = this.#weights.get(`${layer.name}/weights`)!;
    const [size, , channels, filters] = shape as [number, number, number, number];
    const inputs = this.#channels;
    const outputs = fillsBlocks ? Math.ceil(filters / CHANNEL_BLOCK) * CHANNEL_BLOCK : filters;
    const scale = new Float64Array(filters).fill(1);
    const bias = new Float64Array(outputs);
    if (layer.batchNorm) {
      const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map(
        (part) => this.#weights.get(`${layer.name}/${part}`)!.values,
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      for (let f = 0; f < filters; f++) {
        scale[f] = gamma[f]! / Math.sqrt(variance[f]! + BATCH_NORM_EPSILON);
        bias[f] = beta[f]! - mean[f]! * scale[f]!;
      }
    } else {
      bias.set(this.#weights.get(`${layer.name}/biases`)!.values);
    }
    const folded = new Float32Array(outputs * inputs * size * size);
    for (let f = 0; f < filters; f++) {
      for (let c = 0; c < channels; c++) {
        for (let k = 0; k < size * size; k++) {
          folded[(f * inputs + c) * size * size + k] = values[(k * channels + c) * filters + f]! * scale[f]!;
        }
      }
    }
    const [height, width] = this.#shape as readonly [number, number, number];
    const [outHeight, outWidth] = shapeAfter(layer, this.#shape) as readonly [number, number, number];
    const [top, bottom] = padding(layer, height, outHeight);
    const [left, right] = padding(layer, width, outWidth);
    this.value = this.#graph.node(
      "Conv",
      [
        this.value,
        this.#graph.floats(`${layer.name}/weights`, [outputs, inputs, size, size], folded),
        this.#graph.floats(`${layer.name}/biases`, [outputs], bias),
      ],
      {
        kernel_shape: { ints: [size, size] },
        strides: { ints: [layer.stride, layer.stride] },
        pads: { ints: [top, left, bottom, right] },
      },
    );
    this.value = this.#graph.node("Relu", [this.value]);
    this.#channels = outputs;
  }

  /** TensorFlow flattens [height, width, channel], ONNX [channel, height, width]: reorder the rows to match. */
  #denseWeights(name: string, architecture: Architecture, index: number) {
    const tensor = this.#weights.get(`${name}/weights`)!;
    if (architecture.layers[index - 1]?.kind !== "flatten") return tensor;
    let shape: PatchShape = [PATCH_PX, PATCH_PX, 1];
    for (const layer of architecture.layers.slice(0, index - 1)) shape = shapeAfter(layer, shape);
    const [height, width, channels] = shape as readonly [number, number, number];
    const units = tensor.shape[1]!;
    const values = new Float32Array(tensor.values.length);
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < height * width; p++) {
        const source = (p * channels + c) * units;
        values.set(tensor.values.subarray(source, source + units), (c * height * width + p) * units);
      }
    }
    return { shape: tensor.shape, values };
  }

  #constant(name: string): string {
    const { shape, values } = this.#weights.get(name)!;
    return this.#graph.floats(name, shape, values);
  }
}

/** Pixels added before and after, as TensorFlow's "same" does: the odd one goes behind. */
function padding(layer: ConvolutionLayer, size: number, outSize: number): [number, number] {
  if (layer.padding === "valid") return [0, 0];
  const total = Math.max(0, (outSize - 1) * layer.stride + layer.kernelPx - size);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** Whether nothing but pools lies between a layer and the next convolution. */
function feedsConvolution({ layers }: Architecture, index: number): boolean {
  return layers.slice(index + 1).find(({ kind }) => kind !== "max-pool")?.kind === "convolution";
}
