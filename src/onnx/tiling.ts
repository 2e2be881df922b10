import { PATCH_PX } from "../frames/frame.js";
import type { GraphBuilder } from "./graph-builder.js";

export interface Tiles {
  /** Name of the patches, float [rows * columns, 1, 84, 84]. */
  readonly patches: string;
  /** Names of the int64 vectors [1] that hold the numbers of rows and columns of patches. */
  readonly rows: string;
  readonly columns: string;
}

const TO_THE_END = Number.MAX_SAFE_INTEGER;

/**
 * Cuts the frame into patches that cover it whole: the last row and the last column of patches shift inward.
 * Slices and concatenations copy whole runs of pixels, unlike a gather along the row.
 */
export function addTiling(graph: GraphBuilder, frame: string): Tiles {
  const [rowsTiled, rows] = coverAxis(graph, frame, 0);
  const [tiled, columns] = coverAxis(graph, rowsTiled, 1);
  const side = graph.ints(PATCH_PX);
  const grid = graph.node("Reshape", [
    tiled,
    graph.node("Concat", [rows, side, columns, side], { axis: { int: 0 } }),
  ]);
  const ordered = graph.node("Transpose", [grid], { perm: { ints: [0, 2, 1, 3] } });
  const stacked = graph.node("Reshape", [ordered, graph.ints(-1, 1, PATCH_PX, PATCH_PX)]);
  return { patches: graph.node("Cast", [stacked], { to: { int: 1 } }), rows, columns };
}

/** The image with its last 84 lines along `axis` moved so that whole patches fit, and the number of patches. */
function coverAxis(graph: GraphBuilder, image: string, axis: 0 | 1): [string, string] {
  const length = graph.node("Shape", [image], { start: { int: axis }, end: { int: axis + 1 } });
  const side = graph.ints(PATCH_PX);
  const patches = graph.node("Div", [graph.node("Add", [length, graph.ints(PATCH_PX - 1)]), side]);
  const mainLength = graph.node("Mul", [graph.node("Sub", [patches, graph.ints(1)]), side]);
  const axes = graph.ints(axis);
  const main = graph.node("Slice", [image, graph.ints(0), mainLength, axes]);
  const last = graph.node("Slice", [image, graph.ints(-PATCH_PX), graph.ints(TO_THE_END), axes]);
  return [graph.node("Concat", [main, last], { axis: { int: axis } }), patches];
}
