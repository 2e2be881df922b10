import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parfocal } from "../helpers/command.js";
import { DATA } from "../helpers/images.js";
import { VirtualEnvironment } from "../helpers/virtual-environment.js";
import { runsInstallTests } from "../install/install.js";

const execute = promisify(execFile);
/** The one that runs models asks for an older format than the newest, so that each has an environment of its own. */
const RUNNER = ["bioimageio.core==0.11.0", "onnxruntime", "pydantic<2.12"];
const VALIDATOR = ["bioimageio.spec==0.5.14.3"];
let folder: string;
let model: string;

/** Runs a program in a virtual environment with these packages. */
async function python(
  name: string,
  packages: string[],
  program: string,
  ...args: string[]
): Promise<unknown> {
  const venv = await VirtualEnvironment.create(join(folder, name));
  await venv.install(...packages);
  await writeFile(join(folder, `${name}.py`), program);
  const env = { ...process.env, HOME: folder };
  const { stdout } = await execute(venv.python, [join(folder, `${name}.py`), ...args], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

describe.skipIf(!runsInstallTests || process.platform === "win32")("parfocal export bioimageio", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-bioimageio-"));
    model = join(folder, "model.zip");
    expect(await parfocal("export", "bioimageio", "--out", model)).toMatchObject({ code: 0 });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes what the format's own validator accepts", async () => {
    const program = `
import json, sys
from pathlib import Path
from bioimageio.spec import load_description
model = load_description(Path(sys.argv[1]), format_version="discover")
summary = model.validation_summary
errors = [error.msg for detail in summary.details for error in detail.errors]
print(json.dumps([summary.status, str(model.format_version), errors]))`;

    expect(await python("validator", VALIDATOR, program, model)).toEqual([
      expect.stringMatching(/valid-format|passed/),
      "0.5.14",
      [],
    ]);
  }, 900_000);

  it("runs in bioimageio.core with its test tensors, and judges another frame as Parfocal does", async () => {
    const image = join(DATA, "evaluation/stack_biop_R03C05F03_c0_z007.png");
    const program = `
import json, sys
import imageio.v3, numpy
from bioimageio.core import Tensor, predict, test_description
status = test_description(sys.argv[1]).status
frame = Tensor(imageio.v3.imread(sys.argv[2]).astype(numpy.uint16), dims=("y", "x"))
outputs = predict(model=sys.argv[1], inputs={"frame": frame})
levels = next(value for name, value in outputs.members.items() if str(name) == "distribution")
print(json.dumps([status, numpy.asarray(levels.data).tolist()]))`;

    const [status, levels] = (await python("runner", RUNNER, program, model, image)) as [string, number[]];
    const row = JSON.parse((await parfocal("score", image, "--format", "jsonl")).stdout) as Record<
      string,
      number
    >;

    expect(status).toBe("passed");
    expect(levels).toHaveLength(11);
    for (const [level, share] of levels.entries()) {
      expect(Math.abs(share - row[`probability_${level}`]!)).toBeLessThan(1e-3);
    }
  }, 900_000);

  it("refuses a format that it does not know", async () => {
    expect(await parfocal("export", "savedmodel")).toMatchObject({ code: 2 });
  });
});
