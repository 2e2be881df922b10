import { isNoImage } from "./file-names.js";

/** What images are called; all but PNG are TIFFs, those of LSM 510 and Opera and those over 4 GiB among them. */
export const IMAGE_ENDINGS = ["tif", "tiff", "btf", "tf2", "tf8", "stk", "lsm", "flex", "png"] as const;
const IMAGE_NAME = new RegExp(`\\.(${IMAGE_ENDINGS.join("|")})$`, "i");
/** Folders that operating systems and network drives keep for themselves: copies, thumbnails, what was deleted. */
const SYSTEM_FOLDER =
  /(?:^|\/)(?:@eaDir|@?#?recycle|\$recycle\.bin|system volume information|lost\+found|#snapshot|~snapshot|@recently-snapshot|__macosx)\//i;

/** Whether a file is read for its name. */
export function hasImageName(path: string): boolean {
  return IMAGE_NAME.test(path);
}

/**
 * Whether a search or a watched folder passes a file or folder over: hidden ones, thumbnails, what drives keep for themselves, and
 * what lies in such folders.
 * @param path from the folder that is searched, with forward slashes.
 */
export function isPassedOver(path: string): boolean {
  return /(?:^|\/)\.(?!\.?(?:\/|$))/.test(path) || SYSTEM_FOLDER.test(`${path}/`) || isNoImage(path);
}
