const MIB = 2 ** 20;
/** What any file may decode to at a time, bytes. */
const FREE_BYTES = 64 * MIB;
/** Beyond that, how often its stored size one image may have: what a camera counts compresses ten times at best. */
const LARGEST_EXPANSION = 100;

/**
 * Refuses an image that so few bytes cannot mean, before anything is allocated for it.
 * @param imageBytes what one image takes once it is decoded.
 * @param storedBytes what the file has of it. @throws Error naming both sizes.
 */
export function assertPlausible(imageBytes: number, storedBytes: number): void {
  if (imageBytes <= FREE_BYTES + LARGEST_EXPANSION * storedBytes) return;
  const [image, stored] = [imageBytes / MIB, storedBytes / MIB].map((mib) => mib.toFixed(1));
  throw new Error(
    `it claims ${image} MiB of pixels in ${stored} MiB of data: no camera's image compresses so`,
  );
}

/** @throws Error saying that an image is larger than one may be. */
export function assertAffordable(imageBytes: number, maxBytes: number, what = "one image"): void {
  if (imageBytes <= maxBytes) return;
  const [size, most] = [imageBytes, maxBytes].map((bytes) => Math.round(bytes / 2 ** 20));
  const how = "parfocal score --max-image-mib and the agent's sources.folder.maxFileMib set another";
  throw new Error(`it takes ${size} MiB, over the limit of ${most} MiB for ${what} (${how})`);
}
