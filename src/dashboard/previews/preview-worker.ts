/**
 * Worker thread that makes and keeps the pictures.
 * @module
 */
import { workerData } from "node:worker_threads";
import type { Frame } from "../../frames/frame.js";
import { type PatchDetail, PreviewFolder, type PreviewLimits } from "./preview-folder.js";

const { folder, limits } = workerData as { folder: string; limits: PreviewLimits };
const previews = new PreviewFolder(folder, limits);

export function start(): Promise<void> {
  return previews.start();
}

export function keep({ frame, detail }: { frame: Frame; detail: PatchDetail }): Promise<void> {
  return previews.keep(frame, detail);
}

export function save({ frameId, path }: { frameId: string; path: string }): Promise<boolean> {
  return previews.save(frameId, path);
}
