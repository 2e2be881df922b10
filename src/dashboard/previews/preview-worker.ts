/**
 * Worker thread that makes and keeps the pictures.
 * @module
 */
import { workerData } from "node:worker_threads";
import { receivedFrame, type SentFrame } from "../../frame-memory.js";
import { serveCalls } from "../../serve-calls.js";
import { type FrameId, type PatchDetail, PreviewFolder, type PreviewLimits } from "./preview-folder.js";

const { folder, limits } = workerData as { folder: string; limits: PreviewLimits };
const previews = new PreviewFolder(folder, limits);

serveCalls(
  {
    start: () => previews.start(),
    keep: ({ sent, detail }: { sent: SentFrame; detail: PatchDetail }) =>
      previews.keep(receivedFrame(sent), detail),
    save: ({ frameId, path }: { frameId: FrameId; path: string }) => previews.save(frameId, path),
  },
  { inOrder: true },
);
