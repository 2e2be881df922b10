import type { JudgedLabels } from "../evaluation/labelled.js";
import { judgeMarked } from "../evaluation/marked-frames.js";
import { Scorer } from "../focus/scorer.js";
import { isManifest, labelOf, readManifest } from "../frames/manifest.js";
import { ProgressBar } from "./progress.js";

/**
 * What a model that was just trained makes of the frames that people marked, beside the one before it, in lines to be said; none where
 * no manifest among the images has marks.
 * @param before name or folder of the model that is used now.
 */
export async function markedFrames(
  images: readonly string[],
  model: string,
  before: string,
): Promise<string[]> {
  const rows = (await Promise.all(images.filter(isManifest).map((path) => readManifest(path)))).flat();
  // Most images come without marks, and no model need be loaded for them.
  if (!rows.some((row) => labelOf(row) !== undefined)) return [];
  let bar: ProgressBar | undefined;
  const judged = async (name: string) => {
    const scorer = await Scorer.load({ model: name, device: "cpu" });
    try {
      return await judgeMarked(scorer, rows, (done, total) => {
        bar ??= new ProgressBar("Judging marked frames {bar} {value}/{total}", 2 * total);
        bar.update(before === name ? total + done : done);
      });
    } finally {
      await scorer.dispose();
    }
  };
  const [now, then] = [await judged(model), await judged(before)];
  bar?.stop();
  // None of them can be read any more.
  if (now === undefined || then === undefined) return [];
  const said = `Of the frames that were marked it takes ${inWords(now)} for in focus; ${before} takes ${inWords(then)}`;
  const more = passed(now) - passed(then);
  return more > 0 ? [said, warning(more, before)] : [said];
}

function accepted({ inFocus, inFocusAccepted = 0 }: JudgedLabels): number {
  return Math.round(inFocus * inFocusAccepted);
}

function passed({ outOfFocus, outOfFocusRefused = 1 }: JudgedLabels): number {
  return Math.round(outOfFocus * (1 - outOfFocusRefused));
}

function inWords(labels: JudgedLabels): string {
  const parts = [
    labels.inFocus > 0 ? `${accepted(labels)} of ${labels.inFocus} fine ones` : [],
    labels.outOfFocus > 0 ? `${passed(labels)} of ${labels.outOfFocus} bad ones` : [],
  ];
  return parts.flat().join(" and ");
}

function warning(more: number, before: string): string {
  return (
    `Warning: this model takes ${more} more of the frames that were marked as bad for in focus than ${before} does, and would keep such images of a plate. ` +
    "What it was trained on counts as sharp: mark as fine only what is, and more of it, or stay with the other model."
  );
}
