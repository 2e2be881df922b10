import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** Folders where Linux drivers announce themselves to the Vulkan loader. */
const VULKAN_FOLDERS = ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

/** Mesa's drivers that compute on the CPU, slower than ONNX Runtime does there. */
const SOFTWARE_DRIVER = /^(lvp|swrast)/;

/** Nodes by which the Linux kernel offers a GPU, with the folder of each; the last is Windows' own under WSL. */
const GPU_NODES: readonly [folder: string, node: RegExp][] = [
  ["/dev/dri", /^renderD\d+$/],
  ["/dev", /^(nvidia\d+|dxg)$/],
];

/**
 * Why there is no use in trying CUDA, if so: its provider library comes with onnxruntime-node's install step only.
 * Asking ONNX Runtime itself would print its own error.
 */
export function cudaAbsence(): string | undefined {
  const binaries = join(
    dirname(require.resolve("onnxruntime-node")),
    "..",
    "bin",
    "napi-v6",
    process.platform,
    process.arch,
  );
  const present =
    existsSync(binaries) && readdirSync(binaries).some((file) => file.includes("providers_cuda"));
  return present ? undefined : "its libraries are not installed (docs/gpu.md)";
}

/** Why WebGPU would not find a GPU, if that can be told: on Linux, no driver announces one to Vulkan, or the kernel none. */
export function webgpuAbsence(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const named = (process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? "")
    .split(":")
    .filter(Boolean);
  const found = VULKAN_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder),
  );
  const drivers = (named.length > 0 ? named : found).map((file) => basename(file));
  if (drivers.length === 0) return "no Vulkan driver is installed";
  if (drivers.every((driver) => SOFTWARE_DRIVER.test(driver)))
    return "the only Vulkan device is a software one";
  // Mesa installs the drivers of all makers together with its software one, GPU or none.
  const hasGpu = GPU_NODES.some(
    ([folder, node]) => existsSync(folder) && readdirSync(folder).some((name) => node.test(name)),
  );
  return hasGpu ? undefined : "Vulkan drivers are installed, but there is no GPU";
}
