import { ATTRIBUTE, ELEMENT, encodeModel } from "./protobuf.js";

/** Version of the operator set that the graphs use: every operator below exists unchanged from 18 on. */
export const OPSET = 18;
const IR_VERSION = 8;

export type AttributeValue =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number };

/** A side of a tensor: fixed, or named when it varies from frame to frame. */
export type Side = number | string;

/** Builds an ONNX graph node by node; names of values are strings, made unique here. */
export class GraphBuilder {
  readonly #nodes: Record<string, unknown>[] = [];
  readonly #initializers: Record<string, unknown>[] = [];
  readonly #inputs: Record<string, unknown>[] = [];
  readonly #outputs: Record<string, unknown>[] = [];
  readonly #integers = new Map<string, string>();
  #count = 0;

  input(name: string, element: keyof typeof ELEMENT, shape: readonly Side[], doc: string): string {
    this.#inputs.push(valueInfo(name, element, shape, doc));
    return name;
  }

  /** Declares the value `name` an output of the graph. */
  output(name: string, shape: readonly Side[], doc: string): void {
    this.#outputs.push(valueInfo(name, "float", shape, doc));
  }

  /** Adds a node with one output and returns the name of that output. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    output = `${operator.toLowerCase()}_${this.#count++}`,
  ): string {
    this.#nodes.push({
      op_type: operator,
      name: output,
      input: inputs,
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  /** A constant float tensor. */
  floats(name: string, shape: readonly number[], values: ArrayLike<number>): string {
    const raw = new DataView(new ArrayBuffer(4 * values.length));
    for (let i = 0; i < values.length; i++) raw.setFloat32(4 * i, values[i]!, true);
    return this.#constant(name, ELEMENT.float, shape, raw);
  }

  /** A constant float scalar. */
  float(value: number): string {
    return this.floats(`scalar_${this.#count++}`, [], [value]);
  }

  /** A constant vector of integers; equal ones are stored once. */
  ints(...values: number[]): string {
    const key = values.join();
    let name = this.#integers.get(key);
    if (name === undefined) {
      const raw = new DataView(new ArrayBuffer(8 * values.length));
      for (const [i, value] of values.entries()) raw.setBigInt64(8 * i, BigInt(value), true);
      name = this.#constant(`ints_${this.#integers.size}`, ELEMENT.int64, [values.length], raw);
      this.#integers.set(key, name);
    }
    return name;
  }

  /** The serialised model. */
  build(graphName: string, doc: string, metadata: Record<string, string>): Uint8Array {
    return encodeModel({
      ir_version: IR_VERSION,
      producer_name: "parfocal",
      opset_import: [{ domain: "", version: OPSET }],
      metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: graphName,
        doc_string: doc,
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #constant(name: string, element: number, shape: readonly number[], raw: DataView): string {
    this.#initializers.push({ name, data_type: element, dims: shape, raw_data: new Uint8Array(raw.buffer) });
    return name;
  }
}

function attribute(name: string, value: AttributeValue): Record<string, unknown> {
  if ("int" in value) return { name, type: ATTRIBUTE.int, i: value.int };
  if ("float" in value) return { name, type: ATTRIBUTE.float, f: value.float };
  return { name, type: ATTRIBUTE.ints, ints: value.ints };
}

function valueInfo(name: string, element: keyof typeof ELEMENT, shape: readonly Side[], doc: string) {
  const dim = shape.map((side) => (typeof side === "number" ? { dim_value: side } : { dim_param: side }));
  return { name, doc_string: doc, type: { tensor_type: { elem_type: ELEMENT[element], shape: { dim } } } };
}
