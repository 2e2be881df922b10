import { bytesIn, type FrameMemory } from "../frame-memory.js";
import { MAX_JSON_BYTES } from "../protocol/json-limit.js";

/** What came from a controller, or what became of its connection, as it goes from the thread that receives to the agent's. */
export type Arrival =
  | ArrivedMessage
  | { readonly kind: "gone"; readonly connection: string; readonly reason: string }
  /** It does not read its answers; some are lost. */
  | { readonly kind: "unread"; readonly connection: string }
  /** Receiving failed; it is tried again. */
  | { readonly kind: "failed"; readonly reason: string };

export interface ArrivedMessage {
  readonly kind: "message";
  /** Routing identity, hexadecimal. */
  readonly connection: string;
  /** Number of parts. */
  readonly parts: number;
  /** The first part; cut where it is too long to be taken anyway. */
  readonly head: Uint8Array;
  /** The second part, in shared memory that is held for whoever takes the message. */
  readonly pixels?: { readonly memory: SharedArrayBuffer; readonly bytes: number };
  /** Bytes of a second part that is larger than a frame may be, and was left out. */
  readonly tooLarge?: number;
}

/** A message without its routing identity. What was received is copied: it is a view of memory that is better let go soon. */
export async function arrived(
  connection: string,
  parts: readonly Uint8Array[],
  frames: FrameMemory,
  maxFrameBytes: number,
): Promise<ArrivedMessage> {
  const [head = new Uint8Array(0), second] = parts;
  const message = {
    ...{ kind: "message" as const, connection, parts: parts.length },
    head: new Uint8Array(head.subarray(0, MAX_JSON_BYTES + 1)),
  };
  if (second === undefined) return message;
  if (second.byteLength > maxFrameBytes) return { ...message, tooLarge: second.byteLength };
  const { memory, rest } = frames.copyOf(second);
  await rest;
  return { ...message, pixels: { memory, bytes: second.byteLength } };
}

const NOTHING = new Uint8Array(0);

/** The parts of a message, as far as it is worth to look at them. */
export function partsOf({ parts, head, pixels }: ArrivedMessage): Uint8Array[] {
  if (parts === 0) return [];
  const second = pixels === undefined ? [] : [bytesIn(pixels.memory, pixels.bytes)];
  // How many there are is all that is told of the rest.
  return [head, ...second, ...Array<Uint8Array>(Math.max(0, parts - 2)).fill(NOTHING)];
}
