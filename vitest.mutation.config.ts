import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

/**
 * The tests that mutants are tried on: those of the folders that are mutated. Left out is what runs the built program in
 * processes or threads of its own, where no mutant is, and what takes minutes.
 */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      exclude: [
        ...configDefaults.exclude,
        "test/!(refocus|protocol|agent|sinks)/**",
        "test/*.test.ts",
        "test/agent/{process,real-model,soak,stall,scoring-thread}.test.ts",
      ],
    },
  }),
);
