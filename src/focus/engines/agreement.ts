import type { FocusEngine } from "./engine.js";

/** Other hardware may round differently, but a probability that is off by more than this is broken, or another model's. */
const TOLERANCE = 1e-2;

/**
 * Scores a test frame on both: what starts but answers otherwise must never judge a plate.
 * @returns the largest difference of a probability where it is too large, else undefined
 */
export async function disagreement(reference: FocusEngine, other: FocusEngine): Promise<number | undefined> {
  const side = 200;
  const pixels = Uint16Array.from(
    { length: side * side },
    (_, i) => 600 + 400 * Math.sin((i % side) / 5) * Math.cos(i / side / 9) + ((i * 7919) % 97),
  );
  const frame = { width: side, height: side, pixels };
  const [expected, actual] = [await reference.run(frame), await other.run(frame)];
  const worst = expected.probabilities.reduce(
    (largest, p, i) => Math.max(largest, Math.abs(p - actual.probabilities[i]!)),
    0,
  );
  return worst <= TOLERANCE ? undefined : worst;
}
