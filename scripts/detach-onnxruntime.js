/**
 * Makes the installed onnxruntime-node fit to travel inside Parfocal's own package (`bundleDependencies`): takes away its
 * install step, which on Linux x64 downloads CUDA libraries from outside the npm registry and fails the whole
 * installation where it cannot, and the second copy of macOS' library, which nothing loads. Run by `npm run build`.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PACKAGE = new URL("../node_modules/onnxruntime-node/", import.meta.url);

const manifestFile = new URL("package.json", PACKAGE);
const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
if (manifest.scripts !== undefined) {
  delete manifest.scripts;
  // Not written in place: the file may be a link into a store of packages.
  rmSync(manifestFile);
  writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
}

// The binding asks for libonnxruntime.1.dylib; the other name is a copy of the same file.
const mac = new URL("bin/napi-v6/darwin/arm64/", PACKAGE);
const [loaded, copy] = ["libonnxruntime.1.dylib", `libonnxruntime.${manifest.version}.dylib`];
if (existsSync(new URL(loaded, mac))) rmSync(fileURLToPath(new URL(copy, mac)), { force: true });
