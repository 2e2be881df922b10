import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

/** The folder whose tests the mutants are tried on: `agent`; by default those of all folders that are mutated. */
const { TESTS = "refocus,protocol,agent,sinks" } = process.env;

/**
 * Left out is what runs the built program in processes or threads of its own, where no mutant is, and what takes minutes.
 */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      // Thousands of simulated searches: with what counts coverage, each takes minutes.
      testNamePattern: /^(?!.*recovers nearly all sites)/,
      exclude: [
        ...configDefaults.exclude,
        `test/!(${TESTS.replaceAll(",", "|")})/**`,
        "test/*.test.ts",
        "test/agent/{answers,process,real-model,soak,stall,scoring-thread}.test.ts",
        "test/refocus/run.test.ts",
      ],
    },
  }),
);
