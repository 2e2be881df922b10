import { dirname, join } from "node:path";
import { drawMasks } from "../focus/masks.js";
import { drawOverlay } from "../focus/overlay.js";
import type { FocusReport } from "../focus/report.js";
import { isNameTooLong } from "../frames/file-reasons.js";
import type { Frame } from "../frames/frame.js";
import { makeFolder } from "../frames/make-folder.js";
import type { FramePage } from "../frames/read-frames.js";
import { writeGreyPng, writeRgbPng } from "../frames/write-png.js";
import { pagePlace } from "./page-files.js";

interface Folders {
  readonly overlay: string | undefined;
  readonly masks: string | undefined;
}

/** The pictures and maps of the pages that are scored, in the folders that were asked for. */
export class ScorePictures {
  /** Pages without pictures, as their names would be too long. */
  notDrawn = 0;
  readonly #folders: Folders;
  readonly #images: string;
  readonly #say: (sentence: string) => void;

  /** @param images the folder that all images lie in. */
  constructor(folders: Folders, images: string, say: (sentence: string) => void) {
    this.#folders = folders;
    this.#images = images;
    this.#say = say;
  }

  /** @throws OutputError where nothing can be written there; of a name that is too long it only tells. */
  async draw(image: string, { page, frame }: FramePage, report: FocusReport): Promise<void> {
    try {
      await this.#write(pagePlace(this.#images, image, page), frame, report);
    } catch (error) {
      if (!isNameTooLong(error)) throw error;
      this.notDrawn++;
      this.#say(`Not drawn: ${error.message}`);
    }
  }

  async #write(place: string, frame: Frame, report: FocusReport): Promise<void> {
    const { overlay, masks } = this.#folders;
    for (const folder of [overlay, masks]) {
      if (folder !== undefined && dirname(place) !== ".") await makeFolder(join(folder, dirname(place)));
    }
    if (overlay !== undefined) {
      await writeRgbPng(join(overlay, `${place}-overlay.png`), drawOverlay(frame, report));
    }
    if (masks !== undefined) {
      for (const [kind, mask] of Object.entries(drawMasks(frame, report))) {
        await writeGreyPng(join(masks, `${place}-${kind}.png`), mask as Frame);
      }
    }
  }
}
