import FFT from "fft.js";
import { powerOfTwoFrom } from "../optics/fft-2d.js";

/** Discrete Fourier transform of complex signals of one length, whatever that is; complex numbers are interleaved. */
export class FourierTransform {
  readonly length: number;
  readonly #transform: (signal: Float64Array, spectrum: Float64Array) => void;

  /** @param length at least 1. */
  constructor(length: number) {
    this.length = length;
    this.#transform = transformOf(length);
  }

  /** X(k) = sum x(n) exp(-2 pi i k n / length), into `spectrum`; neither it nor `signal` may be the other. */
  forward(signal: Float64Array, spectrum: Float64Array): void {
    this.#transform(signal, spectrum);
  }
}

function transformOf(length: number): (signal: Float64Array, spectrum: Float64Array) => void {
  if (length === 1) return (signal, spectrum) => spectrum.set(signal);
  if (powerOfTwoFrom(length) !== length) return bluestein(length);
  const fft = new FFT(length);
  return (signal, spectrum) => fft.transform(spectrum, signal);
}

/**
 * Bluestein 1970: as k n = (k^2 + n^2 - (k - n)^2) / 2, the transform is a convolution with the chirp exp(i pi n^2 / length),
 * and that is three transforms of a power of two.
 */
function bluestein(length: number): (signal: Float64Array, spectrum: Float64Array) => void {
  const size = powerOfTwoFrom(2 * length - 1);
  const fft = new FFT(size);
  const chirp = new Float64Array(2 * length);
  const around = new Float64Array(2 * size);
  for (let n = 0; n < length; n++) {
    // The remainder keeps the angle small, and exact.
    const angle = (Math.PI * ((n * n) % (2 * length))) / length;
    chirp.set([Math.cos(angle), Math.sin(angle)], 2 * n);
    around.set(chirp.subarray(2 * n, 2 * n + 2), 2 * n);
    if (n > 0) around.set(chirp.subarray(2 * n, 2 * n + 2), 2 * (size - n));
  }
  const filter = new Float64Array(2 * size);
  fft.transform(filter, around);

  const work = new Float64Array(2 * size);
  const workSpectrum = new Float64Array(2 * size);
  return (signal, spectrum) => {
    work.fill(0);
    multiplyByConjugate(signal, chirp, work, length);
    fft.transform(workSpectrum, work);
    for (let i = 0; i < 2 * size; i += 2) {
      const [re, im] = [workSpectrum[i]!, workSpectrum[i + 1]!];
      workSpectrum[i] = re * filter[i]! - im * filter[i + 1]!;
      workSpectrum[i + 1] = re * filter[i + 1]! + im * filter[i]!;
    }
    fft.inverseTransform(work, workSpectrum);
    multiplyByConjugate(work, chirp, spectrum, length);
  };
}

/** values times conj(chirp), the first `length` of them, into `out`. */
function multiplyByConjugate(
  values: Float64Array,
  chirp: Float64Array,
  out: Float64Array,
  length: number,
): void {
  for (let i = 0; i < 2 * length; i += 2) {
    const [re, im] = [values[i]!, values[i + 1]!];
    out[i] = re * chirp[i]! + im * chirp[i + 1]!;
    out[i + 1] = im * chirp[i]! - re * chirp[i + 1]!;
  }
}
