import type { FrameMetadata } from "./micro-manager-metadata.js";

/** What an index has said so far. */
export interface IndexReader {
  /** Takes the next part of its text, cut before a tag. */
  read(text: string): void;
  /** What it says about a file, by its name. */
  metadataOf(fileName: string): FrameMetadata | undefined;
}
