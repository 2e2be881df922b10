import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Convolver, mirrored } from "../../src/optics/convolution.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { defocusKernel, KERNEL_PX } from "../../src/optics/defocus-kernel.js";
import { highNaPointSpread } from "../../src/optics/high-na-point-spread.js";
import { LEVEL_UM, pointSpread, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { float32Of, golden, largestDifference } from "../helpers/golden.js";

interface Golden {
  height: number;
  width: number;
  image: string;
  blurred: { level: number; image: string }[];
}
const { height, width, image: encoded, blurred } = await golden<Golden>("optics/convolution.json");
const image = float32Of(encoded);
const brightest = image.reduce((a, b) => Math.max(a, b));

describe("Defocus", () => {
  it.each(blurred)(
    "at level $level equals SciPy's convolve2d with boundary symm to 1e-6 of the brightest pixel",
    ({ level, image: scipy }) => {
      const paper = new Defocus(width, height, REFERENCE_OPTICS, pointSpread);
      const ours = paper.apply(image, level * LEVEL_UM);
      expect(largestDifference(ours, float32Of(scipy)) / brightest).toBeLessThan(1e-6);
    },
  );

  it.each([1, 2, 3])("gives for %i defocuses at once what it gives for each alone", (count) => {
    const zsUm = [4, 0, 14.5].slice(0, count);
    const defocus = new Defocus(width, height);
    const together = defocus.applyMany(image, zsUm);
    expect(together.length).toBe(count);
    for (const [i, z] of zsUm.entries()) {
      expect(largestDifference(together[i]!, defocus.apply(image, z)) / brightest).toBeLessThan(1e-6);
    }
  });

  it("blurs a point by the whole pupil unless told to do as the paper has it", () => {
    const side = 101;
    const point = new Float32Array(side * side);
    point[50 * side + 50] = 1;
    const blurredPoint = new Defocus(side, side).apply(point, 10);
    const kernel = defocusKernel(10, REFERENCE_OPTICS, KERNEL_PX, highNaPointSpread);
    const middle = Float32Array.from(kernel, (_, i) => {
      const [x, y] = [(i % KERNEL_PX) + 25, Math.floor(i / KERNEL_PX) + 25];
      return blurredPoint[y * side + x]!;
    });
    expect(largestDifference(middle, kernel)).toBeLessThan(1e-6);
    const paper = new Defocus(side, side, REFERENCE_OPTICS, pointSpread);
    expect(largestDifference(paper.apply(point, 10), blurredPoint)).toBeGreaterThan(1e-4);
  });

  it("blurs the same on both sides of focus", () => {
    const defocus = new Defocus(width, height);
    expect(largestDifference(defocus.apply(image, -6), defocus.apply(image, 6))).toBe(0);
  });

  it("leaves a flat image flat and keeps the sum of any image, at images smaller than the kernel too", () => {
    for (const [w, h] of [
      [84, 84],
      [20, 31],
      [1, 7],
    ] as const) {
      const defocus = new Defocus(w, h);
      const flat = defocus.apply(new Float32Array(w * h).fill(321), 20);
      expect(Math.max(...flat.map((value) => Math.abs(value - 321)))).toBeLessThan(1e-3);
      const point = new Float32Array(w * h);
      point[0] = 1000;
      expect(defocus.apply(point, 20).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1000, 2);
    }
  });

  it("refuses an image of another size and says which size it wants", () => {
    expect(() => new Defocus(width, height).apply(new Float32Array(10), 2)).toThrow(
      /70 x 60 px, got 10 pixels/,
    );
  });
});

describe("Convolver", () => {
  const other = Float32Array.from(image, (value, i) => brightest - value + (i % 17));

  it("convolves two images at once as it convolves each alone", () => {
    const convolver = new Convolver(width, height, 51);
    const transfer = convolver.transferFunction(defocusKernel(6));
    const together = convolver.convolveBoth(convolver.spectrum(image, other), transfer);
    for (const [i, single] of [image, other].entries()) {
      const [alone] = convolver.convolveBoth(convolver.spectrum(single), transfer);
      expect(largestDifference(together[i]!, alone) / brightest).toBeLessThan(1e-6);
    }
  });

  it("equals the direct sum with mirrored borders for any size of image and kernel", () => {
    const sizes = fc.record({
      width: fc.integer({ min: 1, max: 12 }),
      height: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom(1, 3, 5, 7),
        fc.infiniteStream(fc.integer({ min: 0, max: 999 })),
        (size, side, stream) => {
          const draw = (count: number) =>
            Float32Array.from({ length: count }, () => stream.next().value as number);
          const picture = draw(size.width * size.height);
          const kernel = symmetric(draw(side * side), side);
          const convolver = new Convolver(size.width, size.height, side);
          const [ours] = convolver.convolveBoth(
            convolver.spectrum(picture),
            convolver.transferFunction(kernel),
          );
          const direct = directSum(picture, size.width, size.height, kernel, side);
          expect(largestDifference(ours, direct)).toBeLessThan(1e-6 * (1 + Math.max(...direct)));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("mirrored", () => {
  it("folds any index back as stepping from wall to wall does", () => {
    fc.assert(
      fc.property(fc.integer({ min: -500, max: 500 }), fc.integer({ min: 1, max: 40 }), (index, length) => {
        expect(mirrored(index, length)).toBe(reflected(index, length));
      }),
    );
  });
});

describe("toFloat", () => {
  it("keeps camera counts as they are", () => {
    expect([...toFloat({ width: 3, height: 1, pixels: Uint16Array.of(0, 17, 65535) })]).toEqual([
      0, 17, 65535,
    ]);
  });
});

/** Adds the kernel turned by 180 degrees, as `transferFunction` asks for, and scales the sum to 1. */
function symmetric(values: Float32Array, side: number): Float64Array {
  const summed = Float64Array.from(
    { length: side * side },
    (_, i) => 1 + values[i]! + values[side * side - 1 - i]!,
  );
  const total = summed.reduce((sum, value) => sum + value, 0);
  return summed.map((value) => value / total);
}

function directSum(
  picture: Float32Array,
  w: number,
  h: number,
  kernel: Float64Array,
  side: number,
): Float64Array {
  const half = (side - 1) / 2;
  return Float64Array.from({ length: w * h }, (_, target) => {
    let sum = 0;
    for (let ky = -half; ky <= half; ky++) {
      for (let kx = -half; kx <= half; kx++) {
        const x = reflected((target % w) - kx, w);
        const y = reflected(Math.floor(target / w) - ky, h);
        sum += picture[y * w + x]! * kernel[(ky + half) * side + kx + half]!;
      }
    }
    return sum;
  });
}

function reflected(index: number, length: number): number {
  let at = index;
  while (at < 0 || at >= length) at = at < 0 ? -1 - at : 2 * length - 1 - at;
  return at;
}
