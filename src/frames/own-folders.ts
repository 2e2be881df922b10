import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What an agent locks its results folder by; it stays there. */
export const RESULTS_LOCK = ".agent.lock";
/** Folders of pictures in a results folder. */
const PICTURES = new Set(["previews", "labels"]);

/**
 * Whether a folder is an agent's: a results folder, or one for pictures in it. Where images are searched for or watched, they are
 * passed over: what an agent draws of an image is no image, and would be judged again and again.
 */
export function isAgentsFolder(path: string): boolean {
  if (existsSync(join(path, RESULTS_LOCK))) return true;
  return PICTURES.has(basename(path)) && existsSync(join(dirname(path), RESULTS_LOCK));
}
