/**
 * Writes what of others' work the package carries or needs: dist/sbom.cdx.json (CycloneDX, from the lock file, all
 * platforms) and dist/third-party-notices.txt (the licence texts of what is installed here,
 * and of licences/ for packages that come without). Run by `npm run build`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Compiled into the dashboard's page, so that they are shipped though only the build needs them. */
const IN_THE_PAGE = new Set(["preact", "uplot"]);
const LICENCE_FILE = /^(licen[cs]e|copying|notice|third.?party.?notices)/i;

const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const bill = readBill();
writeFileSync("dist/sbom.cdx.json", `${JSON.stringify(bill, null, 2)}\n`);
writeFileSync("dist/third-party-notices.txt", notices(bill.components));

function readBill() {
  const args = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--sbom-type", "application"];
  const npm = spawnSync("npm", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) throw new Error(`npm sbom failed:\n${npm.stderr}`);
  const bill = JSON.parse(npm.stdout);
  // npm names a project after its folder.
  bill.metadata.component.name = name;
  bill.components = bill.components.filter(isShipped);
  const kept = new Set(
    [bill.metadata.component, ...bill.components].map((component) => component["bom-ref"]),
  );
  bill.dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  return bill;
}

function isShipped(component) {
  if (IN_THE_PAGE.has(component.name)) return true;
  return !component.properties.some(({ name, value }) => name.endsWith(":development") && value === "true");
}

/** Packages that share a text stand together. */
function notices(components) {
  const folders = installedFolders();
  const packagesByText = new Map();
  for (const component of components) {
    const title = `${component.name}@${component.version}`;
    const folder = folders.get(title);
    if (folder === undefined) continue;
    const text = licenceText(folder);
    packagesByText.set(text, [...(packagesByText.get(text) ?? []), title]);
  }
  const parts = [...packagesByText].map(
    ([text, packages]) => `${"=".repeat(80)}\n${packages.sort().join("\n")}\n\n${text}\n`,
  );
  return `${name} ${version} carries or needs these packages, under the licences of their authors.\n\n${parts.join("\n")}`;
}

/** Where each package of the lock file lies, of those that are installed. */
function installedFolders() {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  return new Map(
    Object.entries(packages)
      .filter(([folder]) => folder !== "" && existsSync(folder))
      .map(([folder, { version }]) => [`${folder.split("node_modules/").at(-1)}@${version}`, folder]),
  );
}

function licenceText(installed) {
  const given = join("licences", installed.split("node_modules/").at(-1));
  const folder = existsSync(given) ? given : installed;
  const files = readdirSync(folder)
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  if (files.length > 0)
    return files.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
  const { license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const by = author?.name ?? author;
  return `Licence: ${license}${by === undefined ? "" : `, by ${by}`}; the package has no licence text.`;
}
