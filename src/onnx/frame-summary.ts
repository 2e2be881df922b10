import type { GraphBuilder } from "./graph-builder.js";
import type { Tiles } from "./tiling.js";

// Keeps the logarithm finite; p ln p is below 1e-28 there.
const SMALLEST_PROBABILITY = 1e-30;
// Makes the weighted mean an unweighted one when all certainties are 0.
const SMALLEST_CERTAINTY = 1e-9;

/**
 * From logits to the finished answer: probabilities, patch certainties 1 - H(p)/ln N, the certainty-weighted mean
 * distribution, and its certainties (`evaluation.py` of the original, aggregation `average`).
 */
export function addFrameSummary(graph: GraphBuilder, logits: string, tiles: Tiles, levels: number): void {
  const { rows, columns } = tiles;
  const flat = graph.node("Softmax", [logits], { axis: { int: 1 } });
  const flatCertainty = certainty(graph, flat, levels);

  const probabilities = graph.node(
    "Reshape",
    [flat, graph.node("Concat", [rows, columns, graph.ints(levels)], { axis: { int: 0 } })],
    {},
    "probabilities",
  );
  graph.output(probabilities, ["rows", "columns", levels], "probability of each level for each patch");

  const grid = graph.node("Concat", [rows, columns], { axis: { int: 0 } });
  graph.output(
    graph.node("Reshape", [flatCertainty, grid], {}, "certainty"),
    ["rows", "columns"],
    "1 - H(p)/ln N of each patch, 0 to 1",
  );

  const weight = graph.node("Add", [flatCertainty, graph.float(SMALLEST_CERTAINTY)]);
  const weighted = graph.node("ReduceSum", [graph.node("Mul", [flat, weight]), graph.ints(0)], {
    keepdims: { int: 1 },
  });
  const total = graph.node("ReduceSum", [weight, graph.ints(0)], { keepdims: { int: 1 } });
  const mean = graph.node("Div", [weighted, total]);
  graph.output(
    graph.node("Reshape", [mean, graph.ints(levels)], {}, "distribution"),
    [levels],
    "certainty-weighted mean of the patch distributions",
  );

  const summaries = [
    certainty(graph, mean, levels),
    graph.node("ReduceMean", [flatCertainty, graph.ints(0)]),
    graph.node("ReduceMax", [flatCertainty, graph.ints(0)]),
  ];
  graph.output(
    graph.node(
      "Reshape",
      [graph.node("Concat", summaries, { axis: { int: 0 } }), graph.ints(3)],
      {},
      "frame_certainties",
    ),
    [3],
    "aggregate, mean and maximum certainty, 0 to 1",
  );
}

/** [n, levels] to [n, 1]. */
function certainty(graph: GraphBuilder, distributions: string, levels: number): string {
  const logarithms = graph.node("Log", [
    graph.node("Max", [distributions, graph.float(SMALLEST_PROBABILITY)]),
  ]);
  const negativeEntropy = graph.node(
    "ReduceSum",
    [graph.node("Mul", [distributions, logarithms]), graph.ints(1)],
    {
      keepdims: { int: 1 },
    },
  );
  const scaled = graph.node("Mul", [negativeEntropy, graph.float(1 / Math.log(levels))]);
  return graph.node("Clip", [graph.node("Add", [scaled, graph.float(1)]), graph.float(0), graph.float(1)]);
}
