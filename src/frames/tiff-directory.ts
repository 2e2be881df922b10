/**
 * The directories (IFDs) of a TIFF or BigTIFF: every offset is checked against the file before it
 * is followed, nothing is allocated on the word of a header, and repeated tags are all kept (Micro-Manager's
 * stacks carry two ImageDescriptions). Errors are plain sentences; the caller adds file and page.
 * @module
 */
import type { FileBytes } from "./file-bytes.js";

/** The tags that are read, by their number in the TIFF 6.0 specification or its extensions. */
export const TiffTag = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  planarConfiguration: 284,
  predictor: 317,
  colourMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  /** MetaMorph's: as many values as the stack has planes. */
  metamorphPlanes: 33629,
  /** `CZ_LSMINFO` of Zeiss' LSM files. */
  lsmInfo: 34412,
  imageJMetadataCounts: 50838,
  imageJMetadata: 50839,
  microManagerMetadata: 51123,
} as const;

/** Bytes of one value, by TIFF field type. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** The values of one tag take this much at most, bytes: metadata of a long stack are a few MiB. */
const LARGEST_VALUES = 64 * 2 ** 20;

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Where the values are, bytes from the start of the file. */
  readonly offset: number;
}

/** Header of a TIFF: byte order, 32- or 64-bit offsets, and where the first directory is. */
export interface TiffHeader {
  readonly littleEndian: boolean;
  readonly bigTiff: boolean;
  readonly firstDirectory: number;
}

/** True when the bytes begin like a TIFF or BigTIFF of either byte order, whatever the file is called. */
export function hasTiffSignature(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  if (a === 0x49 && b === 0x49) return (c === 42 || c === 43) && d === 0;
  return a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43);
}

/**
 * Reads the header of a TIFF.
 * @throws Error when the file is too short for one, or BigTIFF's constants are wrong.
 */
export function readTiffHeader(file: FileBytes): TiffHeader {
  if (file.size < 8) throw new Error(`the file ends within the TIFF header (${file.size} bytes)`);
  const view = viewOf(file.read(0, 8));
  const littleEndian = view.getUint8(0) === 0x49;
  const bigTiff = view.getUint16(2, littleEndian) === 43;
  if (!bigTiff) return { littleEndian, bigTiff, firstDirectory: view.getUint32(4, littleEndian) };
  if (file.size < 16) throw new Error(`the file ends within the BigTIFF header (${file.size} bytes)`);
  if (view.getUint16(4, littleEndian) !== 8 || view.getUint16(6, littleEndian) !== 0) {
    throw new Error("the BigTIFF header is damaged (offset size is not 8 bytes)");
  }
  return {
    littleEndian,
    bigTiff,
    firstDirectory: Number(viewOf(file.read(8, 8)).getBigUint64(0, littleEndian)),
  };
}

/** One directory: the description of one page. */
export class TiffDirectory {
  readonly header: TiffHeader;
  /** Where it lies, bytes from the start of the file. */
  readonly offset: number;
  /** Offset of the next directory in bytes, 0 after the last. */
  readonly next: number;
  /** Bytes of the file that its list of entries takes. */
  readonly size: number;
  readonly #file: FileBytes;
  readonly #entries: readonly Entry[];

  private constructor(
    file: FileBytes,
    header: TiffHeader,
    entries: readonly Entry[],
    place: { readonly offset: number; readonly next: number; readonly size: number },
  ) {
    this.#file = file;
    this.header = header;
    this.#entries = entries;
    this.offset = place.offset;
    this.next = place.next;
    this.size = place.size;
  }

  /** Whether something that looks like a directory lies at `offset`: room that is only reserved is zeros. */
  static isAt(file: FileBytes, { bigTiff }: TiffHeader, offset: number): boolean {
    const countBytes = bigTiff ? 8 : 2;
    if (offset < 8 || offset + countBytes > file.size) return false;
    return file.read(offset, countBytes).some((byte) => byte !== 0);
  }

  /**
   * Reads the directory at `offset` (bytes).
   * @throws Error saying that the file ends before or within it.
   */
  static read(file: FileBytes, header: TiffHeader, offset: number): TiffDirectory {
    const { littleEndian, bigTiff } = header;
    const [countBytes, entryBytes, nextBytes] = bigTiff ? [8, 20, 8] : [2, 12, 4];
    if (offset < 8 || offset + countBytes > file.size) {
      throw new Error(
        `its directory should be at byte ${offset}, but the file has ${file.size} bytes: ` +
          "it is cut short or still being written",
      );
    }
    const countView = viewOf(file.read(offset, countBytes));
    const entryCount = bigTiff
      ? Number(countView.getBigUint64(0, littleEndian))
      : countView.getUint16(0, littleEndian);
    const first = offset + countBytes;
    const size = countBytes + entryCount * entryBytes;
    if (entryCount === 0) throw new Error("its directory is empty");
    if (offset + size + nextBytes > file.size) {
      throw new Error(
        `its directory of ${entryCount} entries at byte ${offset} runs past the end of the file ` +
          `(${file.size} bytes): it is cut short or damaged`,
      );
    }
    const view = viewOf(file.read(first, size - countBytes + nextBytes));
    const entries: Entry[] = [];
    for (let at = 0; at < size - countBytes; at += entryBytes) {
      const type = view.getUint16(at + 2, littleEndian);
      const count = bigTiff
        ? Number(view.getBigUint64(at + 4, littleEndian))
        : view.getUint32(at + 4, littleEndian);
      const valueAt = at + (bigTiff ? 12 : 8);
      const inline = (TYPE_BYTES[type] ?? 0) * count <= (bigTiff ? 8 : 4);
      const tag = view.getUint16(at, littleEndian);
      entries.push({
        tag,
        type,
        count,
        offset: inline ? first + valueAt : readOffset(view, header, valueAt),
      });
    }
    const next = readOffset(view, header, size - countBytes);
    return new TiffDirectory(file, header, entries, { offset, next, size });
  }

  /** How many values a tag says that it has, 0 where it is missing. */
  count(tag: number): number {
    return this.#entries.find((entry) => entry.tag === tag)?.count ?? 0;
  }

  /** The unsigned integers of a tag, `most` at most, or undefined where the tag is missing. */
  numbers(tag: number, most: number = Number.POSITIVE_INFINITY): number[] | undefined {
    const entry = this.#entries.find((e) => e.tag === tag);
    if (entry === undefined) return undefined;
    this.#assertInside(entry);
    const { littleEndian } = this.header;
    const step = TYPE_BYTES[entry.type] as number;
    const count = Math.min(entry.count, most);
    const view = viewOf(this.#values(entry, step * count));
    return Array.from({ length: count }, (_, i) => {
      const at = i * step;
      switch (entry.type) {
        case 1:
          return view.getUint8(at);
        case 3:
          return view.getUint16(at, littleEndian);
        case 4:
        case 13:
          return view.getUint32(at, littleEndian);
        case 16:
        case 18:
          return Number(view.getBigUint64(at, littleEndian));
        default:
          throw new Error(`tag ${tag} has type ${entry.type}, which is no unsigned integer`);
      }
    });
  }

  /** First unsigned integer of a tag, or undefined where the tag is missing or empty. */
  number(tag: number): number | undefined {
    return this.numbers(tag, 1)?.[0];
  }

  /** Raw bytes of every occurrence of a tag, in file order. */
  bytes(tag: number): Uint8Array[] {
    return this.#entries
      .filter((entry) => entry.tag === tag)
      .map((entry) => {
        this.#assertInside(entry);
        return this.#values(entry, entry.count * (TYPE_BYTES[entry.type] as number));
      });
  }

  /** As `texts`; one that must say something and is empty has not been written yet, though the file has grown by its room. */
  writtenTexts(tag: number): string[] {
    const texts = this.texts(tag);
    if (texts.includes("")) this.#file.noteUnwritten();
    return texts;
  }

  /** What this directory should say about all pages is not written yet. */
  noteUndescribed(): void {
    this.#file.isUndescribed = true;
  }

  /** Text of every occurrence of a tag, in file order, up to its first NUL. */
  texts(tag: number): string[] {
    return this.bytes(tag).map((bytes) => {
      const nul = bytes.indexOf(0);
      return tagText(nul < 0 ? bytes : bytes.subarray(0, nul));
    });
  }

  #values({ tag, offset }: Entry, length: number): Uint8Array {
    if (length > LARGEST_VALUES) throw new Error(`the values of tag ${tag} take ${length} bytes: too many`);
    return this.#file.read(offset, length);
  }

  #assertInside({ tag, type, count, offset }: Entry): void {
    const size = TYPE_BYTES[type];
    if (size === undefined) throw new Error(`tag ${tag} has the unknown type ${type}: the file is damaged`);
    if (!this.#file.has(offset, size * count)) {
      throw new Error(
        `the values of tag ${tag} (${count} at byte ${offset}) lie beyond the end of the file ` +
          `(${this.#file.size} bytes): it is cut short or damaged`,
      );
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readOffset(view: DataView, { bigTiff, littleEndian }: TiffHeader, at: number): number {
  return bigTiff ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
}

/** Programs of Windows write "µm" in its own encoding; a text that is UTF-8 elsewhere was only damaged. */
function tagText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  if (!text.includes("\uFFFD") || /[\u0080-\uFFFC]/.test(text)) return text;
  return new TextDecoder("windows-1252").decode(bytes);
}
