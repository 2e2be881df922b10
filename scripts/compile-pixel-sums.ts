/**
 * Compiles src/pixel-sums/kernel/kernel.ts, which is AssemblyScript, to WebAssembly: `npx tsx scripts/compile-pixel-sums.ts` writes it
 * into src/pixel-sums/kernel-bytes.ts.
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { main } from "assemblyscript/asc";

const SOURCE = new URL("../src/pixel-sums/kernel/kernel.ts", import.meta.url);
const TARGET = new URL("../src/pixel-sums/kernel-bytes.ts", import.meta.url);
/** Of WebAssembly's memory, 64 KiB each: 2^18 pixels. */
const PAGES = 8;

/** The module's bytes in base64. @throws Error with what the compiler says. */
export async function compiledPixelSums(): Promise<string> {
  const source = await readFile(SOURCE, "utf8");
  let bytes: Uint8Array | undefined;
  const size = ["--initialMemory", String(PAGES), "--maximumMemory", String(PAGES)];
  const { error, stderr } = await main(
    [
      "kernel.ts",
      "--outFile",
      "kernel.wasm",
      "--enable",
      "simd",
      "--runtime",
      "stub",
      "-O3",
      "--noAssert",
      ...size,
    ],
    {
      readFile: (name) => (name === "kernel.ts" ? source : null),
      writeFile: (name, contents) => {
        if (name === "kernel.wasm") bytes = contents as Uint8Array;
      },
    },
  );
  if (error !== null || bytes === undefined)
    throw new Error(`the kernel does not compile: ${stderr.toString()}`);
  return Buffer.from(bytes).toString("base64");
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const words = "What scripts/compile-pixel-sums.ts makes of kernel/kernel.ts: WebAssembly, in base64.";
  await writeFile(TARGET, `/** ${words} */\nexport const KERNEL =\n  "${await compiledPixelSums()}";\n`);
}
