import { startTensorFlow } from "../../src/networks/tensorflow-runtime.js";

/** TensorFlow.js on WebAssembly. All runtimes of a process share one engine: never import the native one beside it. */
export const runtime = await startTensorFlow("wasm");
