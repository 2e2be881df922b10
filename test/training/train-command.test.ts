import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openModel } from "../../src/focus/model.js";
import { readCheckpoint } from "../../src/training/checkpoint.js";
import { parfocal, startCommand } from "../helpers/command.js";
import { DATA } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const IMAGES = ["dsb_520x696_6b72b61b80.png", "dsb_520x696_175dbb364b.png"].map((file) =>
  join(DATA, "plate", file),
);
const STEPS = 10;

const commandFor = (out: string, steps: number, ...more: string[]) => [
  "train",
  ...IMAGES,
  ...[
    "--out",
    out,
    "--steps",
    String(steps),
    "--backend",
    "wasm",
    "--threads",
    "1",
    "--network",
    "compact",
    "--checkpoint-seconds",
    "0",
  ],
  ...more,
];

describe("parfocal train", () => {
  it("finishes after a kill -9 with --resume to the very weights of an unbroken run", async () => {
    const folder = await temporaryFolder();
    const [unbroken, killed] = [join(folder, "unbroken"), join(folder, "killed")];
    const whole = await parfocal(...commandFor(unbroken, STEPS));
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).toMatch(/^Engine: TensorFlow\.js [\d.]+, WebAssembly/);
    expect(whole.stderr).toMatch(/Images: 1 to train on, 1 held out/);

    const { child, finished } = startCommand(commandFor(killed, STEPS));
    const checkpoint = join(killed, "checkpoint.safetensors");
    while (!existsSync(checkpoint) && child.exitCode === null) await setTimeout(5);
    child.kill("SIGKILL");
    await finished;
    expect(child.signalCode).toBe("SIGKILL");
    const { step } = await readCheckpoint(checkpoint);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(STEPS);
    expect(existsSync(join(killed, "model.onnx"))).toBe(false);

    const resumed = await parfocal(...commandFor(killed, STEPS, "--resume"));
    expect(resumed.code, resumed.stderr).toBe(0);
    const weightsIn = (out: string) => readFile(join(out, "weights.safetensors"));
    expect((await weightsIn(killed)).equals(await weightsIn(unbroken))).toBe(true);
    expect((await openModel(killed)).card.training.steps).toBe(STEPS);
    // So few steps teach nothing, and that is said.
    expect(whole.stderr).toMatch(
      /Warning: this model is weak\. Of the patches held out it puts [\d.]+ % within one level .* the model that ships puts [\d.]+ %/,
    );
  });

  it("trains by minutes and writes a model", async () => {
    const out = join(await temporaryFolder(), "timed");
    const flags = ["--backend", "wasm", "--threads", "1", "--minutes", "0.02"];
    const { code, stderr } = await parfocal("train", ...IMAGES, "--out", out, ...flags);
    expect(code, stderr).toBe(0);
    const { training, metrics } = (await openModel(out)).card;
    expect(training.steps).toBeGreaterThan(0);
    expect(training.seconds).toBeGreaterThanOrEqual(1);
    expect(metrics.map(({ name }) => name)).toContain("patches within one level");
  });

  it("trains on no frame that was marked as bad, and tells what the model makes of the marked ones", async () => {
    const folder = await temporaryFolder();
    const bad = join(DATA, "evaluation", "dsb_520x696_5afb7932e9.png");
    const rows = [...IMAGES.map((image) => `${image},in focus`), `${bad},out of focus`];
    await writeFile(join(folder, "marks.csv"), `file,focus_label\n${rows.join("\n")}\n`);
    const flags = ["--steps", "1", "--backend", "wasm", "--threads", "1", "--network", "compact"];
    const { code, stderr } = await parfocal(
      "train",
      join(folder, "marks.csv"),
      ...["--out", join(folder, "model")],
      ...flags,
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("Images: 1 to train on, 1 held out");
    expect(stderr).toMatch(
      /Of the frames that were marked it takes \d of 2 fine ones and \d of 1 bad ones for in focus; default takes 2 of 2 fine ones and 0 of 1 bad ones/,
    );
  });

  it("leaves a checkpoint when it is interrupted, says how to go on and ends with code 130", async () => {
    const out = join(await temporaryFolder(), "interrupted");
    const { child, finished } = startCommand(commandFor(out, 100_000));
    while (!existsSync(join(out, "checkpoint.safetensors")) && child.exitCode === null) await setTimeout(20);
    child.kill("SIGINT");
    const { code, stderr } = await finished;
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/Stopped at step \d+; run the same command with --resume to continue\./);
    expect((await readCheckpoint(join(out, "checkpoint.safetensors"))).step).toBeGreaterThan(0);
  });

  it("names what is wrong without a stack trace: one field, a folder of nothing", async () => {
    const out = join(await temporaryFolder(), "model");
    const oneField = await parfocal("train", IMAGES[0]!, "--out", out, "--backend", "wasm");
    expect(oneField.code).toBe(1);
    expect(oneField.stderr).toMatch(/at least two fields/);
    const missing = await parfocal("train", join(out, "nowhere"), "--out", out, "--backend", "wasm");
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/nowhere: no such file or folder/);
    expect(oneField.stderr + missing.stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [["--steps", "0"], "--steps 0 trains nothing: name the model whose weights are kept with --start-from"],
    [["--steps", "0.5"], "--steps must be a whole number, 0 or more"],
    [["--steps", "many"], "--steps needs a number"],
    [["--steps", "5", "--steps", "6"], "--steps is given more than once"],
    [["--start-from", ""], "--start-from needs a value"],
    [["--start-from", "-"], "--start-from needs a value, and a lone - is none"],
    [["--minutes", "0"], "--minutes must be above 0"],
    [["--minutes", "3", "--steps", "5"], "Give --steps or --minutes, not both"],
    [["--held-out", "10"], "--held-out must lie between 0 and 1"],
    [["--network", "resnet"], "Invalid values"],
  ])("refuses %j as wrong usage, code 2", async (wrong, reason) => {
    const { code, stderr } = await parfocal("train", IMAGES[0]!, "--out", "unused", ...wrong);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
