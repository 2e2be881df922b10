import { fitsPattern, type NameOptions, parseFrameName } from "../frames/file-names.js";
import type { FrameName } from "../frames/frame-name.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";
import { type Well, wellOf } from "../frames/wells.js";
import { BoundedMap } from "../protocol/bounded-map.js";

/** Frames that are remembered to tell whether two files are of one place. */
const MAX_FRAMES = 500_000;

/** Where and when a page of a file was taken, as its name and its metadata say. */
export interface FileFrame {
  readonly site: {
    readonly name: string;
    readonly plate?: string;
    readonly well?: string;
    readonly index?: number;
    readonly row?: number;
    readonly column?: number;
    readonly position?: number;
  };
  readonly channel?: string;
  readonly timeIndex?: number;
  readonly zIndex?: number;
}

/** A page of a file. */
export interface FilePlace {
  /** From the folder that is searched, with forward slashes. */
  readonly path: string;
  readonly page: number;
  readonly metadata: FrameMetadata;
  /** Names of the channels by their index, as far as they are known. */
  readonly channelNames?: readonly string[];
}

export interface FileSitesOptions extends NameOptions {
  /** Told what a person should know about the names, each kind once. */
  readonly say: (sentence: string) => void;
}

/** Tells the sites of image files apart. Files whose names and metadata do not differ stay apart by their paths. */
export class FileSites {
  readonly #options: FileSitesOptions;
  /** The file that each frame was found in. */
  readonly #files = new BoundedMap<string, string>(MAX_FRAMES);
  /** The folder that each plate named by its files was found in. */
  readonly #plates = new Map<string, string>();
  readonly #said = new Set<string>();

  constructor(options: FileSitesOptions) {
    this.#options = options;
  }

  /** What is known about a page. The same page is always the same. */
  frameOf({ path, page, metadata, channelNames = [] }: FilePlace): FileFrame {
    const { pattern } = this.#options;
    if (pattern !== undefined && !fitsPattern(path, pattern)) {
      this.#sayOnce("pattern", `${path} does not fit the name pattern; it is read as if there were none`);
    }
    const name = parseFrameName(path, this.#options, metadata);
    const channelIndex = name.channelIndex ?? metadata.channelIndex;
    const numbered =
      channelIndex === undefined ? undefined : (channelNames[channelIndex] ?? `channel${channelIndex}`);
    const told = metadata.indexed === true ? metadata.channel : undefined;
    const said = channelOfPage(name, metadata, page);
    // What the user's own pattern says goes first all the same.
    const isOneOfSeveral =
      metadata.ofSeveralChannels === true && pattern === undefined && name.channels === undefined;
    const known = metadata.channel ?? numbered ?? name.folderChannel;
    const channel = told ?? (isOneOfSeveral ? (known ?? said) : (said ?? known));
    const timeIndex = name.timeIndex ?? metadata.timeIndex;
    const zIndex = name.zIndex ?? metadata.zIndex;
    const site = this.#siteOf(path, name, metadata);
    const { plate, position } = site;
    const key = JSON.stringify([plate, site.name, position, channel, timeIndex, zIndex, page]);
    const other = this.#files.get(key) ?? path;
    this.#files.set(key, other);
    const isApart = other !== path;
    const { series } = metadata;
    const apart = site.well === undefined && series !== undefined ? `${path}-${series}` : path;
    if (isApart) {
      this.#sayOnce(
        "apart",
        `${other} and ${path} cannot be told apart by their names: such files are sites of their own. ` +
          "A name pattern says which part means what",
      );
    }
    return {
      site: isApart ? { ...site, name: apart } : site,
      ...(channel !== undefined && { channel }),
      ...(timeIndex !== undefined && { timeIndex }),
      ...(zIndex !== undefined && { zIndex }),
    };
  }

  /**
   * Takes note of a file that is not read here, as another one of several machines reads it: of plates with one name the one that
   * comes first keeps it.
   */
  pass(path: string): void {
    const name = parseFrameName(path, this.#options);
    if (name.wellName !== undefined) this.#plateOf(name, {});
  }

  #siteOf(path: string, name: FrameName, metadata: FrameMetadata): FileFrame["site"] {
    const known = name.wellName === undefined ? wellIn(metadata) : undefined;
    const wellName = name.wellName ?? known?.name;
    const row = name.row ?? known?.row;
    const column = name.column ?? known?.column;
    const index = name.site ?? known?.site ?? (wellName === undefined ? undefined : metadata.site);
    const position = name.positionIndex ?? metadata.positionIndex;
    const plate = wellName === undefined ? undefined : this.#plateOf(name, metadata);
    const label = labelOf(
      { ...name, ...(wellName !== undefined && { wellName }) },
      index,
      position,
      metadata,
    );
    return {
      name: wellName === undefined ? nameOffPlate(path, name.folder, label) : (label ?? path),
      ...(plate !== undefined && { plate }),
      ...(wellName !== undefined && { well: wellName }),
      ...(wellName !== undefined && index !== undefined && { index }),
      ...(row !== undefined && { row }),
      ...(column !== undefined && { column }),
      ...(position !== undefined && { position }),
    };
  }

  /** The plate by its name; where two folders have plates of one name, the folder tells the later one apart. */
  #plateOf({ plate: named, folder }: FrameName, metadata: FrameMetadata): string | undefined {
    const plate = named ?? metadata.plate ?? folder;
    if (plate === undefined) return undefined;
    const first = this.#plates.get(plate) ?? folder ?? "";
    this.#plates.set(plate, first);
    if (first === (folder ?? "")) return plate;
    this.#sayOnce("plate", `Plates named ${plate} lie in two folders: they are taken for two plates`);
    return inFolder(folder, plate);
  }

  #sayOnce(kind: string, sentence: string): void {
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    this.#options.say(sentence);
  }
}

/** The channel in a name; of one that lists those of the file, as NIS-Elements' do, that of the page. */
function channelOfPage(
  { channel, channels = [] }: FrameName,
  metadata: FrameMetadata,
  page: number,
): string | undefined {
  return channel ?? channels[(metadata.channelIndex ?? page) % channels.length];
}

function labelOf(
  { positionName, wellName, rest }: FrameName,
  site: number | undefined,
  position: number | undefined,
  metadata: FrameMetadata,
): string | undefined {
  // A label inside the file tells its images apart already.
  const isTold = metadata.series === undefined || metadata.positionName !== undefined;
  const inSite = site === undefined ? "" : `-Site_${site}`;
  const inFile = isTold ? inSite : `${inSite}-${metadata.series}`;
  if (wellName !== undefined) {
    // Micro-Manager's labels are kept as the microscope shows them.
    for (const shown of [positionName, metadata.positionName]) {
      if (shown !== undefined && wellOf({ name: shown }) !== undefined) return shown;
    }
    return [positionName, `${wellName}${inFile}`, rest].filter((part) => part !== undefined).join("_");
  }
  const label = realLabel(positionName, metadata.positionName) ?? metadata.positionName;
  if (label !== undefined) return `${label.replace(/[_-]+$/, "")}${inFile}`;
  if (position !== undefined) return `Pos${position}${inFile}`;
  return rest === undefined ? undefined : `${rest}${inFile}`;
}

/** The well that the metadata name, or the label of the position in them. */
function wellIn({ well, positionName = "" }: FrameMetadata): Well | undefined {
  return wellOf({ name: positionName, well });
}

/** The label in a stack's name; where the file itself says it, a running number of the file behind it is left out. */
function realLabel(named: string | undefined, inside: string | undefined): string | undefined {
  if (named === undefined || inside === undefined) return named;
  return named.startsWith(`${inside}_`) && /^_\d+$/.test(named.slice(inside.length)) ? inside : named;
}

/**
 * Name of a site on no plate. What its folders say tells sites of one name apart; a label that would be taken for a well, as "P24" where
 * plates have 96 and "W1-Site_1" of a CellVoyager, has the path of its folder or a word before it.
 */
function nameOffPlate(path: string, folder: string | undefined, label: string | undefined): string {
  const name = label === undefined ? path : inFolder(folder, label);
  return wellOf({ name }) === undefined ? name : `site ${name}`;
}

function inFolder(folder: string | undefined, label: string): string {
  return folder === undefined ? label : `${folder}/${label}`;
}
