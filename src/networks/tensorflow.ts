import type * as tfjs from "@tensorflow/tfjs";

/** The TensorFlow.js module, with whichever backend was made ready. */
export type TensorFlow = typeof tfjs;
