/** What a file name says. Numbers are the file's own: some programs count from 0, some from 1. */
export interface FrameName {
  /** Name of the plate, or the folders that tell it from others. */
  readonly plate?: string;
  /** "A01". */
  readonly wellName?: string;
  /** From 0. */
  readonly row?: number;
  readonly column?: number;
  readonly site?: number;
  /** Name of the channel: "DAPI", or "w2" and "ch2" where a program only numbers them. */
  readonly channel?: string;
  /** Name of the channel by which its folder is called, where the file's own name says none; metadata know better. */
  readonly folderChannel?: string;
  /** All channels of the file, in the order of its pages, where its name lists them. */
  readonly channels?: readonly string[];
  /** From 0: Micro-Manager names its channels elsewhere. */
  readonly channelIndex?: number;
  readonly timeIndex?: number;
  readonly zIndex?: number;
  readonly positionIndex?: number;
  /** Label of the stage position. */
  readonly positionName?: string;
  /** What no part of the name explains, where the program is not known: tells the files that differ in it apart. */
  readonly rest?: string;
  /** The folders that have said nothing else, with forward slashes; missing where there are none. */
  readonly folder?: string;
}

/** Whether a plate of the known format has a well there. */
export type IsWell = (place: { readonly row: number; readonly column: number }) => boolean;
