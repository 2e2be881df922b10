import type { PixelsSeen } from "../frames/pixels-seen.js";
import type { FramePage, PagePlace } from "../frames/read-frames.js";

/** A page with what its pixels say about it. */
export type SeenPage = FramePage & { readonly seen: PixelsSeen };

/** A page that was handed on: where it lies, and what tells it from another one that was written over it. */
export interface GivenPage {
  readonly page: number;
  readonly place: PagePlace | undefined;
  readonly digest: string;
}
