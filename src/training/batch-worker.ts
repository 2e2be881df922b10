import { parentPort, workerData } from "node:worker_threads";
import { BatchMaker } from "./batch-maker.js";
import type { Recipe } from "./recipe.js";
import type { SharedImage } from "./region.js";

/** What the thread is started with. */
export interface BatchWorkerData {
  readonly images: readonly SharedImage[];
  readonly recipe: Recipe;
  readonly seed: number;
}

const { images, recipe, seed } = workerData as BatchWorkerData;
const maker = new BatchMaker(images, recipe, seed);

parentPort!.on("message", (index: number) => {
  const batch = maker.make(index);
  parentPort!.postMessage({ index, batch }, [
    batch.patches.buffer as ArrayBuffer,
    batch.levels.buffer as ArrayBuffer,
  ]);
});
