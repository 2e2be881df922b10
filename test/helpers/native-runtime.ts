import { startTensorFlow, type TensorFlowRuntime } from "../../src/networks/tensorflow-runtime.js";

/**
 * TensorFlow's own library, where it loads. In continuous integration it must: that machine runs
 * scripts/install-tensorflow, and a silent skip would hide that it stopped working.
 */
export const native: TensorFlowRuntime | undefined = await startTensorFlow("native").catch(
  (error: unknown) => {
    if (process.env.CI === "true") throw error;
    return undefined;
  },
);

/** For the title of a group that is skipped without it. */
export const WHERE_NATIVE_LOADS = native
  ? "native TensorFlow"
  : "native TensorFlow (skipped: it does not load here; scripts/install-tensorflow makes it)";
