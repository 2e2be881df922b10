import { configDefaults, defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

/** The tests that mutants are tried on: those without sockets and processes, since each mutant runs them. */
export default mergeConfig(
  base,
  defineConfig({ test: { exclude: [...configDefaults.exclude, "test/!(refocus|protocol)/**"] } }),
);
