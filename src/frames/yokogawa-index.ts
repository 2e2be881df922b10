import { distinctNames } from "./distinct-names.js";
import type { IndexReader } from "./index-reader.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { withoutUndefined } from "./micro-manager-metadata.js";
import { finite, wholeNumber } from "./numbers.js";
import { wellAt } from "./wells.js";
import { type Attributes, attributesOf, decoded, tagsOf } from "./xml.js";

/** Files that are remembered at most. */
const MOST_FILES = 2_000_000;
const DETAIL = "MeasurementDetail.mrf";

/** What the files beside an index say. */
interface Detail {
  /** Whether all of the files are there. */
  readonly isComplete: boolean;
  readonly plate: string | undefined;
  /** By `Ch`. */
  readonly pixelUm: ReadonlyMap<string, number>;
  readonly targets: ReadonlyMap<string, string>;
}

/** What Yokogawa's CV7000 and CV8000 write: a record an image, in `MeasurementData.mlf`; the channels stand in the files beside it. */
export class YokogawaIndex implements IndexReader {
  readonly #textOf: (name: string) => string | undefined;
  readonly #files = new Map<string, FrameMetadata & { readonly ch: string | undefined }>();
  #detail: Detail | undefined;

  /** @param textOf the text of a file beside the index. */
  constructor(textOf: (name: string) => string | undefined) {
    this.#textOf = textOf;
  }

  read(part: string): void {
    for (const { name, inside, isEnd, text } of tagsOf(part)) {
      if (name !== "MeasurementRecord" || isEnd || this.#files.size >= MOST_FILES) continue;
      const attributes = attributesOf(inside);
      const file = decoded(text).trim();
      // A record of an error has no image.
      if (attributes.Type === "IMG" && file !== "") this.#files.set(file, recordOf(attributes));
    }
  }

  metadataOf(fileName: string): FrameMetadata | undefined {
    const known = this.#files.get(fileName);
    if (known === undefined) return undefined;
    // They may come later than the first images.
    if (this.#detail?.isComplete !== true) this.#detail = readDetail(this.#textOf);
    const { ch = "", ...record } = known;
    const detail = this.#detail;
    return withoutUndefined({
      ...record,
      plate: detail?.plate,
      channel: detail?.targets.get(ch),
      pixelUm: detail?.pixelUm.get(ch),
    });
  }
}

function recordOf(attributes: Attributes): FrameMetadata & { ch: string | undefined } {
  const [row, column] = [wholeNumber(attributes.Row), wholeNumber(attributes.Column)];
  const zUm = finite(attributes.Z);
  const record = withoutUndefined({
    indexed: true as const,
    well: row === undefined || column === undefined ? undefined : wellAt(row - 1, column - 1)?.name,
    site: wholeNumber(attributes.FieldIndex),
    zIndex: wholeNumber(attributes.ZIndex),
    timeIndex: wholeNumber(attributes.TimePoint),
    zUm,
    zOrigin: zUm === undefined ? undefined : ("intended" as const),
  });
  return { ...record, ch: attributes.Ch };
}

function readDetail(textOf: (name: string) => string | undefined): Detail {
  const text = textOf(DETAIL);
  let plate: string | undefined;
  let settings: string | undefined;
  const pixelUm = new Map<string, number>();
  for (const { name, inside, isEnd } of tagsOf(text ?? "")) {
    if (isEnd) continue;
    const attributes = attributesOf(inside);
    if (name === "MeasurementDetail") settings = attributes.MeasurementSettingFileName;
    else if (name === "MeasurementSamplePlate") plate = attributes.Name?.trim() || undefined;
    else if (name === "MeasurementChannel") {
      const um = finite(attributes.HorizontalPixelDimension);
      if (um !== undefined && um > 0) pixelUm.set(attributes.Ch ?? "", um);
    }
  }
  const settingsText = settings === undefined ? "" : textOf(settings);
  const said = new Map<string, string>();
  for (const { name, inside, isEnd } of tagsOf(settingsText ?? "")) {
    if (name !== "Channel" || isEnd) continue;
    const { Ch: ch, Target: target } = attributesOf(inside);
    if (ch !== undefined && target?.trim()) said.set(ch, target.trim());
  }
  const names = distinctNames([...said.values()]);
  const targets = new Map([...said.keys()].map((ch, i) => [ch, names[i]!]));
  return { isComplete: text !== undefined && settingsText !== undefined, plate, pixelUm, targets };
}
