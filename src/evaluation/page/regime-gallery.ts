import { drawOverlay } from "../../focus/overlay.js";
import type { FocusReport } from "../../focus/report.js";
import type { Frame } from "../../frames/frame.js";
import type { RgbImage } from "../../frames/write-png.js";
import { thumbnail } from "./image.js";

const EXAMPLES = 3;
const WIDTH_PX = 300;

type Certainties = Pick<FocusReport, "meanCertainty" | "aggregateCertainty">;

/** The four corners of mean over aggregate certainty (Fig. 2 of the paper), and how far a frame lies in each. */
const REGIMES: readonly { readonly name: string; readonly depth: (of: Certainties) => number }[] = [
  {
    name: "Certain, and the patches agree: evenly sharp or evenly blurred",
    depth: ({ meanCertainty, aggregateCertainty }) => Math.min(meanCertainty, aggregateCertainty),
  },
  {
    name: "Certain patches that disagree: several depths, tilt, debris",
    depth: ({ meanCertainty, aggregateCertainty }) => meanCertainty - aggregateCertainty,
  },
  {
    name: "Few certain patches, which agree: sparse",
    depth: ({ meanCertainty, aggregateCertainty }) => aggregateCertainty - meanCertainty,
  },
  {
    name: "Nothing certain: nothing to judge",
    depth: ({ meanCertainty, aggregateCertainty }) => -Math.max(meanCertainty, aggregateCertainty),
  },
];

interface Example {
  readonly depth: number;
  readonly name: string;
  readonly image: RgbImage;
}

/** Keeps the frames that lie deepest in each regime of certainty while they pass by. */
export class RegimeGallery {
  readonly #examples = REGIMES.map((): Example[] => []);

  add(name: string, frame: Frame, report: FocusReport): void {
    let image: RgbImage | undefined;
    for (const [i, { depth: depthOf }] of REGIMES.entries()) {
      const examples = this.#examples[i]!;
      const depth = depthOf(report);
      if (examples.length === EXAMPLES && depth <= examples.at(-1)!.depth) continue;
      image ??= thumbnail(drawOverlay(frame, report), WIDTH_PX);
      examples.push({ depth, name, image });
      examples.sort((a, b) => b.depth - a.depth);
      examples.length = Math.min(examples.length, EXAMPLES);
    }
  }

  /** Each regime with its frames, those that show it best first. */
  regimes(): { readonly name: string; readonly examples: readonly Omit<Example, "depth">[] }[] {
    return REGIMES.map(({ name }, i) => ({ name, examples: this.#examples[i]! }));
  }
}
