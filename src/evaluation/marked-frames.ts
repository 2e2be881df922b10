import { isParfocalError } from "../errors.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import { labelOf, type ManifestRow } from "../frames/manifest.js";
import { firstPage } from "./evaluate.js";
import { type JudgedFrame, judgedFrame } from "./judged-frame.js";
import { type JudgedLabels, judgeLabels } from "./labelled.js";

/**
 * How a model judges the frames that people marked as in or out of focus, of each file its first page; undefined where there are none.
 * Files that cannot be read are left out.
 */
export async function judgeMarked(
  scorer: FrameScorer,
  rows: readonly ManifestRow[],
  onProgress?: (done: number, total: number) => void,
): Promise<JudgedLabels | undefined> {
  const frames: JudgedFrame[] = [];
  const marked = rows.filter((row) => labelOf(row) !== undefined);
  for (const [index, row] of marked.entries()) {
    try {
      const { page } = await firstPage(row.path);
      frames.push(judgedFrame(row, await scorer.score(page.frame), undefined, undefined));
    } catch (error) {
      if (!isParfocalError(error)) throw error;
    }
    onProgress?.(index + 1, marked.length);
  }
  return judgeLabels(frames);
}
