/**
 * A search for a leaner network: `npm run bench:networks -- images/manifest.csv [--steps 1500] [--only medium,compact]
 * [--teacher default] [--json FILE]`. What each candidate costs, in one run, and how well it judges held-out fields after
 * the same few steps on the same patches: from their true levels alone, and from the shipped model's answers, too. Best
 * with native TensorFlow (`scripts/install-tensorflow`).
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { openModel } from "../../src/focus/model.js";
import { PATCH_PX } from "../../src/frames/frame.js";
import { describeMachine } from "../../src/machine.js";
import { weightCount } from "../../src/networks/architecture.js";
import { startTensorFlow } from "../../src/networks/tensorflow-runtime.js";
import { loadImageSet } from "../../src/training/image-set.js";
import { CANDIDATES } from "./candidates.js";
import { costsOf } from "./cost.js";
import { type Result, table } from "./pareto.js";
import { train } from "./school.js";

const HELD_OUT_SHARE = 0.1;
const LEARNING_RATE = 0.002;
const SEED = 1;
const STEPS_BETWEEN_NEWS = 100;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string", default: "1500" },
    only: { type: "string" },
    teacher: { type: "string", default: "default" },
    json: { type: "string" },
  },
});
if (positionals.length === 0) throw new Error("name the images to train on: a folder, or a manifest.csv");
const steps = Number(values.steps);
const wanted = values.only?.split(",");
const candidates = CANDIDATES.filter(({ name }) => wanted === undefined || wanted.includes(name));
if (candidates.length === 0)
  throw new Error(`--only: choose from ${CANDIDATES.map(({ name }) => name).join(", ")}`);

const machine = describeMachine();
const { tf, description: engine } = await startTensorFlow();
console.log(`Machine: ${machine}\nEngine: ${engine}\n`);
const costs = await costsOf(candidates);
const { learned, teacher } = await train(candidates, {
  tf,
  images: await loadImageSet(positionals, HELD_OUT_SHARE, SEED),
  teacher: await openModel(values.teacher),
  ...{ steps, learningRate: LEARNING_RATE, seed: SEED, threads: availableParallelism() },
  onStep: (step) => {
    if (step % STEPS_BETWEEN_NEWS === 0) console.log(`step ${step} of ${steps}`);
  },
});
const results = candidates.map(
  (architecture, i): Result => ({
    name: architecture.name,
    description: architecture.description,
    weights: weightCount(architecture, PATCH_PX),
    ms: costs[i]!,
    ...learned[i]!,
  }),
);
console.log(`\n${table(results, teacher)}`);
if (values.json !== undefined) {
  const all = { machine, engine, steps, teacher, results };
  await writeFile(values.json, `${JSON.stringify(all, null, 2)}\n`);
}
