import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VirtualEnvironment } from "../helpers/virtual-environment.js";
import { runsInstallTests } from "./install.js";

const execute = promisify(execFile);
const README = "bridges/pycromanager/README.md";
let folder: string;
let wheel: string;
let venv: VirtualEnvironment;

/** Runs a program of the virtual environment, which finds no other: no Node, no Python packages of the machine. */
async function run(command: string, ...args: string[]): Promise<string> {
  const env = { HOME: folder, PATH: venv.bin };
  const { stdout } = await execute(join(venv.bin, command), args, { cwd: folder, env, maxBuffer: 2 ** 26 });
  return stdout;
}

describe.skipIf(!runsInstallTests || process.platform !== "linux")(
  "the Python package in a fresh virtual environment without Node",
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "parfocal-wheel-"));
      await execute(process.execPath, ["scripts/build-wheel.js", folder], { maxBuffer: 2 ** 26 });
      const [name] = (await readdir(folder)).filter((file) => file.endsWith(".whl"));
      wheel = join(folder, name!);
      venv = await VirtualEnvironment.create(join(folder, "venv"));
      await venv.install(`${wheel}[pymmcore-plus]`, "mm-test-adapters");
    }, 900_000);

    afterAll(() => rm(folder, { recursive: true, force: true }));

    it("runs the demo and the command line", async () => {
      await run("parfocal", "demo", "--json", "summary.json");

      const summary = JSON.parse(await readFile(join(folder, "summary.json"), "utf8")) as Record<
        string,
        number
      >;
      expect(summary.sites).toBe(48);
      expect(summary.recovered! / summary.displaced!).toBeGreaterThan(0.9);
      expect(await run("python", "-m", "parfocal", "--version")).toBe(await run("parfocal", "--version"));
    }, 300_000);

    it("scores with TensorFlow.js, too, and has all that the doctor asks for", async () => {
      const image = join(process.cwd(), "data/evaluation/stack_biop_R03C05F03_c0_z007.png");
      const level = async (engine: string) => {
        const line = await run("parfocal", "score", image, "--format", "jsonl", "--engine", engine);
        return (JSON.parse(line) as { expected_level: number }).expected_level;
      };

      expect(await level("tensorflow")).toBeCloseTo(await level("onnx"), 2);
      expect(await run("parfocal", "doctor")).not.toContain("fail");
    });

    it("gates a run of pymmcore-plus that ends as an OME-Zarr file of the planned shape", async () => {
      const examples = [...(await readFile(README, "utf8")).matchAll(/```python\n([\s\S]*?)```/g)];
      const [, example] = examples.find(([, text]) => text!.includes("plate.ome.zarr"))!;
      // A machine that is busy with other tests may take longer than a microscope should wait.
      const patient = example!.replace(
        "FocusClient(agent.address)",
        "FocusClient(agent.address, deadline_ms=30_000)",
      );
      expect(patient).not.toBe(example);
      await writeFile(join(folder, "quick_start.py"), patient);
      await writeFile(
        join(folder, "shapes.py"),
        `import tensorstore
for well in ("A1", "A2", "A3"):
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"plate.ome.zarr/{well}/0"}}
    image = tensorstore.open(spec).result().read().result()
    print(well, image.size, image.shape[-2:], int(image.max()) > 1000)
`,
      );

      const said = await run("python", "quick_start.py");

      expect(
        said
          .trim()
          .split("\n")
          .map((line) => line.split(" ").slice(0, 2).join(" ")),
      ).toEqual(["A1 judged", "A2 judged", "A3 judged"]);
      expect((await run("python", "shapes.py")).trim().split("\n")).toEqual(
        ["A1", "A2", "A3"].map((well) => `${well} ${512 * 512} (512, 512) True`),
      );
    });

    it("is described as PyPI asks for, and carries the licences", async () => {
      const files = (await run("python", "-m", "zipfile", "-l", wheel)).split("\n");
      await venv.install("twine");

      await run("twine", "check", "--strict", wheel);
      for (const name of [
        "licenses/LICENSE ",
        "third-party-notices.txt ",
        "sbom.cdx.json ",
        "/workflow/Snakefile ",
        "/docs/commands.md ",
      ]) {
        expect(
          files.some((line) => line.includes(name)),
          name,
        ).toBe(true);
      }
    });
  },
);
