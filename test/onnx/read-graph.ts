import protobuf from "protobufjs";

/** What a test wants to know of an ONNX file. */
export interface GraphFacts {
  readonly operators: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: string;
}

type Field = { readonly id: number; readonly bytes: Uint8Array };

/** Reads an ONNX file field by field (numbers as in onnx.proto), without the code that wrote it. */
export function readGraph(model: Uint8Array): GraphFacts {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const fields = fieldsOf(model);
  const graph = fields.find(({ id }) => id === 7)!;
  const nodes = fieldsOf(graph.bytes).filter(({ id }) => id === 1);
  const operator = ({ bytes }: Field) => text(fieldsOf(bytes).find(({ id }) => id === 4)!.bytes);
  const metadata = fields
    .filter(({ id }) => id === 14)
    .map(({ bytes }) => fieldsOf(bytes).map((field) => text(field.bytes)));
  return {
    operators: new Set(nodes.map(operator)),
    metadata: Object.fromEntries(metadata) as Record<string, string>,
    producer: text(fields.find(({ id }) => id === 2)!.bytes),
  };
}

/** The fields of a message that hold bytes, text or messages. */
function fieldsOf(message: Uint8Array): Field[] {
  const LENGTH_DELIMITED = 2;
  const reader = protobuf.Reader.create(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const [id, wireType] = [tag >>> 3, tag & 7];
    if (wireType === LENGTH_DELIMITED) fields.push({ id, bytes: reader.bytes() });
    else reader.skipType(wireType);
  }
  return fields;
}
