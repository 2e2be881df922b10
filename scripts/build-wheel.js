/**
 * `npm run wheel`: builds the Python package for this platform, with the agent inside, into dist-python/ (or the folder that
 * is given). Takes the build and, of node_modules, the files that it can reach; needs python3 with pip.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileTrace } from "@vercel/nft";

/** Tags of wheels by Node's name of the platform. Only the first was ever tried. */
const WHEEL_PLATFORMS = {
  "linux-x64": "manylinux_2_28_x86_64",
  "linux-arm64": "manylinux_2_28_aarch64",
  "darwin-arm64": "macosx_13_0_arm64",
  "win32-x64": "win_amd64",
};
/** What no import statement names. */
const WITHOUT_IMPORT = [
  ...[
    "package.json",
    "LICENSE",
    "config",
    "docs",
    "workflow",
    "models",
    "data/plate",
    "data/README.md",
    "data/licences",
  ],
  ...["dist/dashboard/web", "dist/sbom.cdx.json", "dist/third-party-notices.txt"],
  ...wasmFiles(),
];
const { platform, arch } = process;
/**
 * Native parts of other platforms and other versions of Node. On Linux one of ZeroMQ's is for the Node that the wheel asks
 * for; the others need a newer glibc than the tag says.
 */
const FOREIGN = [
  new RegExp(`^node_modules/onnxruntime-node/bin/napi-v6/(?!${platform}/${arch}/)`),
  new RegExp(`^node_modules/zeromq/build/(?!${platform}/${arch}/|manifest.json)`),
  /^node_modules\/zeromq\/build\/linux\/[^/]*\/node\/(?!glibc-127-)/,
  /^node_modules\/@libsql\/.*-musl\//,
];

const wheelPlatform = WHEEL_PLATFORMS[`${platform}-${arch}`];
if (wheelPlatform === undefined) throw new Error(`no wheels are made for ${platform}-${arch}`);
if (!existsSync("dist/cli/main.js")) throw new Error("dist/ is missing: npm run build");

const program = mkdtempSync(join(tmpdir(), "parfocal-program-"));
try {
  for (const file of [...(await reachable()), ...WITHOUT_IMPORT]) {
    cpSync(file, join(program, file), { recursive: true, dereference: true });
  }
  const { status } = spawnSync(
    platform === "win32" ? "python" : "python3",
    [
      "-m",
      "pip",
      "wheel",
      "--no-deps",
      "--wheel-dir",
      process.argv[2] ?? "dist-python",
      "./bridges/pycromanager",
    ],
    {
      stdio: "inherit",
      env: { ...process.env, PARFOCAL_PROGRAM: program, PARFOCAL_PLATFORM: wheelPlatform },
    },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(program, { recursive: true, force: true });
}

/** Files that the modules of the build import, and those that these import, worker threads among them. */
async function reachable() {
  const modules = readdirSync("dist", { recursive: true })
    .map((file) => join("dist", String(file)))
    .filter((file) => file.endsWith(".js") && !file.startsWith(join("dist", "dashboard", "web")));
  const { fileList } = await nodeFileTrace(modules);
  return [...fileList].filter((file) => !FOREIGN.some((pattern) => pattern.test(file.replaceAll("\\", "/"))));
}

/** TensorFlow.js loads its WebAssembly by a path of its own. */
function wasmFiles() {
  const folder = "node_modules/@tensorflow/tfjs-backend-wasm/dist";
  return readdirSync(folder)
    .filter((file) => file.endsWith(".wasm"))
    .map((file) => join(folder, file));
}
