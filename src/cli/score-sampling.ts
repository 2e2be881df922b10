import type { Calibration } from "../calibration/calibration-file.js";
import type { Sampling } from "../focus/binning.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";
import type { FramePage } from "../frames/read-frames.js";
import { type OpticsArguments, samplingAt } from "./optics-options.js";

/** How the pages of a table are judged. What neither options nor files tell of the optics is said once of the first file. */
export class ScoreSampling {
  readonly #optics: OpticsArguments;
  readonly #calibration: Calibration | undefined;
  readonly #say: (text: string) => void;
  readonly #said = new Set<string>();

  constructor(optics: OpticsArguments, calibration: Calibration | undefined, say: (text: string) => void) {
    this.#optics = optics;
    this.#calibration = calibration;
    this.#say = say;
  }

  /** @throws FrameReadError as `samplingAt` does. */
  of(path: string, page: FramePage): Sampling | undefined {
    if (this.#calibration !== undefined) return this.#calibration;
    const sampling = samplingAt(path, this.#optics, page);
    const note = noteOn(this.#optics, page.metadata, sampling);
    if (note !== undefined && !this.#said.has(note)) {
      this.#said.add(note);
      this.#say(`${path}: ${note}`);
    }
    return sampling;
  }
}

function noteOn(
  { na }: OpticsArguments,
  { objective }: FrameMetadata,
  sampling: Sampling | undefined,
): string | undefined {
  if (sampling === undefined) {
    return "the file does not say how large a pixel is in the sample; where pixels are small for the objective, sharp images are taken for blurred: give --na and --pixel-um";
  }
  if (na !== undefined || objective !== undefined) return undefined;
  const { binning } = sampling;
  const how = binning === 1 ? "not binned" : `binned ${binning} x ${binning}`;
  return `the aperture is not known; judged ${how}, as the size of its pixels wants with any objective: --na makes sure`;
}
