/**
 * Joins packages of many small files, on which every command and every thread of the agent would wait, into one file each,
 * dist/packages/NAME.js, and lets the modules of dist import these. Run by `npm run build`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "vite";

const DIST = "dist";
const PACKAGES = ["kysely", "yaml", "zod"];
/** The server of the protocol brings a zod of its own, and takes schemas of that one. */
const LEFT_ALONE = [join(DIST, "dashboard", "web"), join(DIST, "mcp"), join(DIST, "packages")];

await build({
  configFile: false,
  logLevel: "warn",
  // As ES modules: where a package says "node", it means CommonJS.
  ssr: { noExternal: true, resolve: { conditions: ["import", "default"] } },
  build: {
    ssr: true,
    target: "node20",
    outDir: join(DIST, "packages"),
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(PACKAGES.map((name) => [name, name])),
      output: { entryFileNames: "[name].js" },
    },
  },
});

const names = PACKAGES.join("|");
const imports = new RegExp(`^((?:import|export) .*from |import )"(${names})";$`, "gm");
const modules = readdirSync(DIST, { recursive: true })
  .map((file) => join(DIST, String(file)))
  .filter((file) => file.endsWith(".js") && !LEFT_ALONE.some((folder) => file.startsWith(folder)));
for (const file of modules) {
  const text = readFileSync(file, "utf8");
  const joined = text.replace(imports, (_, before, name) => {
    const path = relative(dirname(file), join(DIST, "packages", `${name}.js`)).replaceAll("\\", "/");
    return `${before}"${path.startsWith(".") ? path : `./${path}`}";`;
  });
  if (joined !== text) writeFileSync(file, joined);
}
