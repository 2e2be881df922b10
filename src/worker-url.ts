import { existsSync } from "node:fs";

/**
 * Where a worker thread's script lies: beside the module that starts it, or, when that module runs from its
 * TypeScript source (tests, benchmarks), at the same place in the build.
 * @param name file name of the script with .js
 * @param base `import.meta.url` of the module
 */
export function workerUrl(name: string, base: string): URL {
  const beside = new URL(name, base);
  return existsSync(beside) ? beside : new URL(beside.href.replace("/src/", "/dist/"));
}
