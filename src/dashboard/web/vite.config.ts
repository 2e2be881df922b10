import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("../../../dist/dashboard/web", import.meta.url)),
    emptyOutDir: true,
    // The page allows no data: scripts or styles beside its own files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
