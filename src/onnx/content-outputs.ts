import type { ContentReading } from "../networks/content.js";
import type { GraphBuilder } from "./graph-builder.js";
import type { Tiles } from "./tiling.js";

/** From the features of the patches to `structure` and `strangeness`, [rows, columns] each: see `networks/content.ts`. */
export function addContentOutputs(
  graph: GraphBuilder,
  features: string,
  reading: ContentReading,
  { rows, columns }: Tiles,
): void {
  const constant = (name: keyof ContentReading) =>
    graph.floats(`content/${name}`, reading[name].shape, reading[name].values);
  const dense = (input: string, weights: keyof ContentReading, biases: keyof ContentReading) =>
    graph.node("Gemm", [input, constant(weights), constant(biases)]);
  const structure = dense(
    graph.node("Relu", [dense(features, "hidden", "hiddenBias")]),
    "structure",
    "structureBias",
  );
  const white = dense(features, "whitening", "whiteningOffset");
  const strangeness = graph.node("Sqrt", [
    graph.node("ReduceMean", [graph.node("Mul", [white, white]), graph.ints(1)]),
  ]);
  const grid = graph.node("Concat", [rows, columns], { axis: { int: 0 } });
  const output = (value: string, name: string, doc: string) =>
    graph.output(graph.node("Reshape", [value, grid], {}, name), ["rows", "columns"], doc);
  output(structure, "structure", "log odds that each patch shows structure");
  output(strangeness, "strangeness", "distance of each patch from those of the training; 1: as these");
}
