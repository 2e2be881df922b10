/**
 * Worker thread that makes and keeps the pictures.
 * @module
 */
import { workerData } from "node:worker_threads";
import { FrameReceiver } from "../../frame-receiver.js";
import type { FrameShape } from "../../frame-thread.js";
import { serveCalls } from "../../serve-calls.js";
import { type FrameId, type PatchDetail, PreviewFolder, type PreviewLimits } from "./preview-folder.js";

const { folder, limits } = workerData as { folder: string; limits: PreviewLimits };
const previews = new PreviewFolder(folder, limits);
const frames = new FrameReceiver();

frames.start();
serveCalls(
  {
    start: () => previews.start(),
    keep: async ({ shape, detail }: { shape: FrameShape; detail: PatchDetail }) =>
      previews.keep(await frames.frame(shape), detail),
    save: ({ frameId, path }: { frameId: FrameId; path: string }) => previews.save(frameId, path),
    stop: () => frames.stop(),
  },
  { inOrder: true },
);
