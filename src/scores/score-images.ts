import { isParfocalError } from "../errors.js";
import type { Sampling } from "../focus/binning.js";
import type { FocusReport } from "../focus/report.js";
import type { Scorer } from "../focus/scorer.js";
import type { FoundImage } from "../frames/find-images.js";
import type { Frame } from "../frames/frame.js";
import type { FrameDecoder } from "../frames/frame-decoder.js";
import type { FramePage } from "../frames/read-frames.js";
import type { FileSites } from "../sources/file-sites.js";
import { type ScoreRow, scoreRow } from "./score-rows.js";

export interface ScoringJob {
  readonly images: AsyncIterable<FoundImage>;
  readonly decoder: FrameDecoder;
  readonly scorer: Scorer;
  readonly sites: FileSites;
  /** Whether all patches are judged, as pictures need them. */
  readonly coverage: "sample" | "full";
  /** @throws ParfocalError where the page cannot be judged. */
  sampling(path: string, page: FramePage): Sampling | undefined;
  /** Cells behind the usual ones. */
  more(frame: Frame): ScoreRow;
  /** Takes the row of a page. */
  row(row: ScoreRow): Promise<void>;
  /** Takes a page that was scored, for pictures of it. */
  scored(path: string, page: FramePage, report: FocusReport): Promise<void>;
  /** Takes files of a data set that are not there; each as often as others name it. */
  missing(path: string, names: readonly string[]): void;
  /** Takes why a page could not be scored. */
  failed(path: string, reason: string): void;
  /** All pages of a file have been taken. */
  fileDone(path: string, pages: number, notScored: number): Promise<void>;
}

/**
 * Scores images one after the other, in their order.
 * @throws OutputError of what takes the results; of an image that cannot be scored it only tells.
 */
export async function scoreImages(job: ScoringJob): Promise<void> {
  const { decoder, scorer, sites, coverage } = job;
  /** The file that is under way, and those that are read ahead. */
  const begun = new Map<string, FoundImage>();
  let [current, pages, notScored]: [string | undefined, number, number] = [undefined, 0, 0];
  const endFile = async () => {
    if (current === undefined) return;
    begun.delete(current);
    await job.fileDone(current, pages, notScored);
    [pages, notScored] = [0, 0];
  };
  for await (const decoded of decoder.pages(pathsOf(job.images, begun))) {
    const { path } = decoded;
    if (path !== current) await endFile();
    current = path;
    try {
      if ("failure" in decoded) {
        notScored++;
        job.failed(path, decoded.failure);
        continue;
      }
      const { page } = decoded;
      if (page.missing !== undefined) job.missing(path, page.missing);
      const place = { path: begun.get(path)!.namedPath, page: page.page, metadata: page.metadata };
      const sampling = job.sampling(path, page);
      const report = await scorer.score(page.frame, { binning: sampling?.binning ?? 1, coverage });
      const row = scoreRow(path, page.page, sites.frameOf(place), report, sampling?.umPerLevel);
      await job.row({ ...row, ...job.more(page.frame) });
      await job.scored(path, page, report);
      pages++;
    } catch (error) {
      if (!isParfocalError(error) || error.tag === "OutputError") throw error;
      notScored++;
      job.failed(path, error.message.startsWith(path) ? error.message : `${path}: ${error.message}`);
    }
  }
  await endFile();
}

async function* pathsOf(
  images: AsyncIterable<FoundImage>,
  begun: Map<string, FoundImage>,
): AsyncGenerator<string, void, undefined> {
  for await (const image of images) {
    begun.set(image.path, image);
    yield image.path;
  }
}
