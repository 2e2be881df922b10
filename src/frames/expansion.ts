const MIB = 2 ** 20;
/** What any file may decode to at a time, bytes. */
const FREE_BYTES = 64 * MIB;
/** Beyond that, how often its own size one image may have: what a camera counts compresses ten times at best. */
const LARGEST_EXPANSION = 100;

/**
 * Refuses an image that a file this small cannot mean, before anything is allocated for it.
 * @param imageBytes what one image takes once it is decoded. @throws Error naming both sizes.
 */
export function assertPlausible(imageBytes: number, fileBytes: number): void {
  if (imageBytes <= FREE_BYTES + LARGEST_EXPANSION * fileBytes) return;
  const [image, file] = [imageBytes / MIB, fileBytes / MIB].map((mib) => mib.toFixed(1));
  throw new Error(
    `it claims ${image} MiB of pixels in a file of ${file} MiB: no camera's image compresses so`,
  );
}
