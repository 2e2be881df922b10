import fc from "fast-check";

/** Numbers at which readers go wrong. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];
/** Longest input, bytes. */
const LONGEST = 2 ** 20;

/** One change: what, where (a fraction of the input in 2^32 parts), and with what. */
type Edit = readonly [
  kind: "byte" | "flip" | "word" | "cut" | "remove" | "repeat" | "insert" | "splice",
  place: number,
  value: number,
  length: number,
];

const number = fc.oneof(fc.constantFrom(...EDGES), fc.nat(0xffff_ffff));
const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.constantFrom("byte", "flip", "word", "cut", "remove", "repeat", "insert", "splice"),
  // Headers are where damage matters.
  fc.oneof(fc.nat(0xffff_ffff), fc.nat(0x0fff_ffff)),
  number,
  fc.oneof(fc.nat(16), fc.nat(4096)),
);

/** Inputs made from good ones by some changes; what fails shrinks to the fewest. */
export function mutated(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(corpus.length - 1), fc.array(edit, { maxLength: 6 }))
    .map(([index, edits]) =>
      edits.reduce((bytes, change) => applied(bytes, change, corpus), corpus[index]!).subarray(0, LONGEST),
    );
}

function applied(
  bytes: Uint8Array,
  [kind, place, value, length]: Edit,
  corpus: readonly Uint8Array[],
): Uint8Array {
  const at = Math.floor((place / 2 ** 32) * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const part = after.subarray(0, length);
  switch (kind) {
    case "cut":
      return before;
    case "remove":
      return joined(before, after.subarray(length));
    case "repeat":
      return joined(
        before,
        ...Array.from({ length: Math.min(1 + (value % 2000), 65_536 / (part.length + 1)) }, () => part),
        after,
      );
    case "insert":
      return joined(before, new Uint8Array(length).fill(value), after);
    case "splice": {
      const other = corpus[value % corpus.length]!;
      return joined(before, other.subarray(Math.floor((place / 2 ** 32) * other.length)));
    }
    default:
      return overwritten(bytes, kind, at, value, length);
  }
}

function overwritten(
  bytes: Uint8Array,
  kind: "byte" | "flip" | "word",
  at: number,
  value: number,
  length: number,
): Uint8Array {
  const changed = Uint8Array.from(bytes);
  if (kind === "byte" && at < changed.length) changed[at] = value;
  if (kind === "flip" && at < changed.length) changed[at]! ^= 1 << (value % 8);
  const size = length % 2 === 0 ? 4 : 2;
  if (kind === "word" && at + size <= changed.length) {
    const view = new DataView(changed.buffer);
    if (size === 4) view.setUint32(at, value, length % 3 === 0);
    else view.setUint16(at, value, length % 3 === 0);
  }
  return changed;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
