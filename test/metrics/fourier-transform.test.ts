import { expect, test } from "vitest";
import { FourierTransform } from "../../src/metrics/fourier-transform.js";
import { golden, largestDifference } from "../helpers/golden.js";

const signals = await golden<{ signal: number[]; spectrum: number[] }[]>("metrics/fourier.json");

test.each(signals.map(({ signal, spectrum }) => ({ length: signal.length / 2, signal, spectrum })))(
  "a transform of $length numbers equals NumPy's, twice in a row",
  ({ length, signal, spectrum }) => {
    const transform = new FourierTransform(length);
    const out = new Float64Array(2 * length);
    for (let time = 0; time < 2; time++) {
      transform.forward(Float64Array.from(signal), out);
      expect(largestDifference(out, spectrum)).toBeLessThan(1e-12);
    }
  },
);
