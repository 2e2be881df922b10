import { configDefaults, defineConfig } from "vitest/config";
import { common, globalSetup } from "./vitest.config.js";

/** The folders whose tests the changes are tried on: `refocus,protocol`; by default those of all that is changed usually. */
const { TESTS = "refocus,protocol,agent,sinks" } = process.env;

/**
 * Left out is what runs the built program in processes or threads of its own, where no change is, and what takes minutes.
 */
export default defineConfig({
  test: {
    ...common,
    globalSetup,
    isolate: false,
    maxWorkers: 1,
    include: TESTS.split(",").map((folder) => `test/${folder}/**/*.test.ts`),
    exclude: [
      ...configDefaults.exclude,
      "test/agent/{answers,process,real-model,soak,stall,scoring-thread}.test.ts",
      "test/refocus/run.test.ts",
    ],
  },
});
