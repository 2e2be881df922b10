import { endianness } from "node:os";
import { reasonOf } from "../errors.js";
import { PROTOCOL_VERSION } from "./common.js";
import type { FrameMessage } from "./frame-message.js";
import { MAX_JSON_BYTES } from "./json-limit.js";
import { MESSAGES, type MessageType, type PlainMessage } from "./messages.js";
import { ProtocolError, type ProtocolErrorContext } from "./protocol-error.js";
import { readJson } from "./read-json.js";

const BIG_ENDIAN_HOST = endianness() === "BE";
const MIB = 2 ** 20;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

export type Pixels = Uint8Array | Uint16Array;

/** A message as received. A type that this version does not know is no error: it is to be ignored. */
export type Incoming =
  | { readonly kind: "frame"; readonly header: FrameMessage; readonly pixels: Pixels }
  | { readonly kind: "plain"; readonly message: PlainMessage }
  | { readonly kind: "unknown"; readonly type: string };

/** The one part of a message without pixels. */
export function encodeMessage(message: PlainMessage): string {
  return JSON.stringify(message);
}

/** The two parts of a frame. The pixels are a view of the given ones, not a copy, on little-endian machines. */
export function encodeFrame(header: FrameMessage, pixels: Pixels): [string, Uint8Array] {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return [JSON.stringify(header), pixels instanceof Uint16Array && BIG_ENDIAN_HOST ? swapped(bytes) : bytes];
}

/**
 * Reads one message from its parts (without routing identity). A key whose value is null counts as missing.
 * The pixels of a frame are a view of the received part where its alignment allows.
 * @throws ProtocolError, and nothing else, whatever the parts hold.
 */
export function decodeMessage(parts: readonly Uint8Array[]): Incoming {
  const head = parts[0];
  if (head === undefined) throw new ProtocolError("bad-parts", "the message has no parts");
  if (head.byteLength === 0) {
    throw new ProtocolError("bad-parts", "the first part is empty, as a REQ socket sends it: use a DEALER");
  }
  const json = parseJson(head);
  const context = contextOf(json);
  checkVersion(json.v, context);
  if (typeof json.type !== "string") {
    throw new ProtocolError("bad-message", "type: missing or not a string", context);
  }
  if (!isKnown(json.type)) return { kind: "unknown", type: json.type };
  const result = MESSAGES[json.type].safeParse(json);
  if (!result.success) {
    const problems = result.error.issues.map(
      (issue) => `${issue.path.join(".") || "message"}: ${issue.message}`,
    );
    throw new ProtocolError("bad-message", `${json.type}: ${problems.join("; ")}`, context);
  }
  if (result.data.type !== "frame") return { kind: "plain", message: result.data };
  return { kind: "frame", header: result.data, pixels: pixelsOf(result.data, parts, context) };
}

/** What is wrong with a message whose pixels were left out, as they have over `maxBytes`. @param head its first part. */
export function tooLarge(head: Uint8Array, bytes: number, maxBytes: number): ProtocolError {
  let context: ProtocolErrorContext = {};
  try {
    context = contextOf(parseJson(head));
  } catch {
    // It is refused in any case.
  }
  const size = (bytes / MIB).toFixed(1);
  const limit = maxBytes / MIB;
  return new ProtocolError(
    "too-large",
    `the frame has ${size} MiB, over the limit of ${limit} MiB: set sources.zeromq.maxFrameMib to more, or send a part of it`,
    context,
  );
}

function isKnown(type: string): type is MessageType {
  return Object.hasOwn(MESSAGES, type);
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.byteLength > MAX_JSON_BYTES) {
    throw new ProtocolError("bad-json", `the JSON part has over ${MAX_JSON_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = readJson(UTF8.decode(bytes));
  } catch (error) {
    throw new ProtocolError("bad-json", whatIsWrong(error), { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ProtocolError("bad-message", "the first part is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function whatIsWrong(error: unknown): string {
  // It is read level by level, and the stack has an end.
  if (error instanceof RangeError) {
    return "objects and lists in the first part are nested too deep: send what lies so deep as text, or leave it out";
  }
  return `the first part is not JSON: ${reasonOf(error)}`;
}

function contextOf(json: Record<string, unknown>): ProtocolErrorContext {
  const sequence = Number.isSafeInteger(json.sequence) ? (json.sequence as number) : undefined;
  return { frameId: shortString(json.id), session: shortString(json.session), sequence };
}

function shortString(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= 512 ? value : undefined;
}

function checkVersion(v: unknown, context: ProtocolErrorContext): void {
  if (typeof v !== "number") throw new ProtocolError("bad-message", "v: missing or not a number", context);
  if (v !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      "unsupported-version",
      `unsupported protocol version ${v}; this agent speaks version ${PROTOCOL_VERSION}`,
      context,
    );
  }
}

function pixelsOf(header: FrameMessage, parts: readonly Uint8Array[], context: ProtocolErrorContext): Pixels {
  const bytes = parts[1];
  if (bytes === undefined || parts.length !== 2) {
    throw new ProtocolError(
      "bad-parts",
      `a frame has 2 parts, JSON and pixels; got ${parts.length}`,
      context,
    );
  }
  const [height, width] = header.shape;
  const expected = height * width * (header.dtype === "uint16" ? 2 : 1);
  if (bytes.byteLength !== expected) {
    throw new ProtocolError(
      "bad-length",
      `${height} x ${width} px of ${header.dtype} need ${expected} bytes; got ${bytes.byteLength}`,
      context,
    );
  }
  if (header.dtype === "uint8") return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // A Uint16Array must start at an even offset of its buffer; a received part need not.
  const aligned = BIG_ENDIAN_HOST
    ? swapped(bytes)
    : bytes.byteOffset % 2 === 0
      ? bytes
      : new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, height * width);
}

function swapped(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(bytes).swap16());
}
