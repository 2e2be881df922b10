import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parfocal } from "../helpers/command.js";
import { scoresOf, writeVariedFrames } from "../helpers/varied-frames.js";
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

  it("runs in bioimageio.core with its test tensors, and judges other frames as Parfocal does", async () => {
    const images = join(folder, "images");
    const names = [...(await writeVariedFrames(images)).keys()];
    const program = `
import json, pathlib, sys
import imageio.v3, numpy
from bioimageio.core import MemberId, Sample, Tensor, create_prediction_pipeline, load_description, test_description
status = test_description(sys.argv[1]).status
scores = {}
with create_prediction_pipeline(load_description(sys.argv[1])) as pipeline:
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.tif")):
        frame = Tensor(imageio.v3.imread(path).astype(numpy.uint16), dims=("y", "x"))
        outputs = pipeline.predict_sample_without_blocking(Sample(members={MemberId("frame"): frame}, stat={}, id=path.name))
        levels = next(value for name, value in outputs.members.items() if str(name) == "distribution")
        scores[path.name] = numpy.asarray(levels.data).tolist()
print(json.dumps([status, scores]))`;

    const [status, scores] = (await python("runner", RUNNER, program, model, images)) as [
      string,
      Record<string, number[]>,
    ];
    const expected = await scoresOf(images);

    expect(status).toBe("passed");
    expect(Object.keys(scores).length).toBeGreaterThanOrEqual(100);
    expect(new Set(Object.keys(scores))).toEqual(new Set(names));
    for (const [name, levels] of Object.entries(scores)) {
      expect(levels, name).toHaveLength(11);
      for (const [level, share] of levels.entries()) {
        expect(Math.abs(share - expected.get(name)![`probability_${level}`]!), name).toBeLessThan(1e-3);
      }
    }
  }, 900_000);

  it("refuses a format that it does not know", async () => {
    expect(await parfocal("export", "savedmodel")).toMatchObject({ code: 2 });
  });
});
