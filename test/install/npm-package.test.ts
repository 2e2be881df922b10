import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DATA } from "../helpers/images.js";
import { markdownLinks, runsInstallTests } from "./install.js";

const IMAGE = join(DATA, "evaluation/stack_biop_R03C05F03_c0_z007.png");
const execute = promisify(execFile);
let folder: string;
let tarball: string;
let installed: string;

/** Runs a program in the folder of the user, who has none of this repository's settings. */
async function run(command: string, ...args: string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const { stdout } = await execute(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
  return stdout;
}

describe.skipIf(!runsInstallTests)("the npm package in an empty folder", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-npm-"));
    const { stdout } = await execute("npm", ["pack", "--json", "--pack-destination", folder], {
      maxBuffer: 2 ** 26,
    });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    tarball = join(folder, filename);
    await writeFile(join(folder, "package.json"), "{}");
    await run("npm", "install", "--no-audit", "--no-fund", tarball);
    installed = join(folder, "node_modules", "parfocal");
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("brings the runtime along, so that nothing is downloaded from outside the registry", async () => {
    const runtime = join(installed, "node_modules", "onnxruntime-node");
    const manifest = JSON.parse(await readFile(join(runtime, "package.json"), "utf8")) as object;
    const files = await readdir(join(runtime, "bin"), { recursive: true });

    expect(manifest).not.toHaveProperty("scripts");
    expect(files.some((file) => file.includes("onnxruntime_binding"))).toBe(true);
    expect(files.filter((file) => file.includes("cuda"))).toEqual([]);
  });

  it("runs the demo", async () => {
    await run("npx", "parfocal", "demo", "--json", "summary.json");

    const summary = JSON.parse(await readFile(join(folder, "summary.json"), "utf8")) as Record<
      string,
      number
    >;
    expect(summary.sites).toBe(48);
    expect(summary.recovered! / summary.displaced!).toBeGreaterThan(0.9);
  }, 300_000);

  it("scores on the command line as the library does, imported or required", async () => {
    const row = JSON.parse(await run("npx", "parfocal", "score", IMAGE, "--format", "jsonl")) as {
      expected_level: number;
    };
    const program = `
      const scorer = await Scorer.load();
      for await (const { frame } of readFrames(${JSON.stringify(IMAGE)}))
        console.log((await scorer.score(frame)).expectedLevel);
      await scorer.dispose();`;
    await writeFile(join(folder, "imported.mjs"), `import { Scorer, readFrames } from "parfocal";${program}`);
    await writeFile(
      join(folder, "required.cjs"),
      `const { Scorer, readFrames } = require("parfocal"); (async () => {${program}})();`,
    );

    expect(Number(await run(process.execPath, "imported.mjs"))).toBeCloseTo(row.expected_level, 2);
    expect(Number(await run(process.execPath, "required.cjs"))).toBeCloseTo(row.expected_level, 2);
  });

  it("completes commands in bash, and makes parfocal known where it is not on the path", async () => {
    const lines = [
      "source <(npx parfocal completion)",
      "COMP_WORDS=(parfocal sc) COMP_CWORD=1",
      "_parfocal_yargs_completions",
      'echo "$' + '{COMPREPLY[@]}"',
      "parfocal --version",
    ];
    const { version } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
      version: string;
    };

    const output = await run("bash", "--noprofile", "--norc", "-c", lines.join("\n"));

    expect(output.trim().split("\n")).toEqual(["score", version]);
  });

  it("is laid out and typed as publint and attw ask for", async () => {
    const bin = join(process.cwd(), "node_modules", ".bin");

    await run(join(bin, "publint"), "run", "--strict", tarball);
    // require() of an ES module, which it warns of, works in every Node that is supported: see above.
    await run(join(bin, "attw"), "--ignore-rules", "cjs-resolves-to-esm", "--", tarball);
  });

  it("carries its licence, those of others, a bill of materials, and pages whose links work", async () => {
    const bill = JSON.parse(await readFile(join(installed, "dist/sbom.cdx.json"), "utf8")) as {
      components: { name: string }[];
    };
    const notices = await readFile(join(installed, "dist/third-party-notices.txt"), "utf8");
    const names = bill.components.map(({ name }) => name);

    expect(existsSync(join(installed, "LICENSE"))).toBe(true);
    expect(names).toEqual(expect.arrayContaining(["onnxruntime-node", "zeromq", "preact"]));
    expect(names).not.toContain("vitest");
    expect(notices).toContain("`libzmq` binaries that are licensed under MPL-2.0");
    expect(notices).toContain("Copyright (c) Microsoft Corporation");
    expect(await deadLinks()).toEqual([]);
  });
});

async function deadLinks(): Promise<string[]> {
  const pages = (await readdir(installed, { recursive: true })).filter(
    (file) => file.endsWith(".md") && !file.includes("node_modules"),
  );
  const dead: string[] = [];
  for (const page of pages) {
    for (const link of markdownLinks(await readFile(join(installed, page), "utf8"))) {
      if (!existsSync(join(installed, dirname(page), link))) dead.push(`${page}: ${link}`);
    }
  }
  return dead;
}
