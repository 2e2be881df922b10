import { parentPort, workerData } from "node:worker_threads";
import { endThread } from "../end-thread.js";
import { BatchMaker } from "./batch-maker.js";
import type { Recipe } from "./recipe.js";
import type { SharedImage } from "./region.js";

/** What the thread is started with. */
export interface BatchWorkerData {
  readonly images: readonly SharedImage[];
  readonly recipe: Recipe;
  readonly seed: number;
  /** 1 at its first place: no more batches are wanted, the thread ends with the next message. */
  readonly end: Int32Array<SharedArrayBuffer>;
}

const { images, recipe, seed, end } = workerData as BatchWorkerData;
const maker = new BatchMaker(images, recipe, seed);

parentPort!.on("message", (index: number) => {
  if (Atomics.load(end, 0) === 1) return endThread(parentPort!);
  const batch = maker.make(index);
  parentPort!.postMessage({ index, batch }, [
    batch.patches.buffer as ArrayBuffer,
    batch.levels.buffer as ArrayBuffer,
  ]);
});
