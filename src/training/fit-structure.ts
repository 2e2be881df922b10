import type * as tfjs from "@tensorflow/tfjs";
import type { ContentReading } from "../networks/content.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { Random } from "../optics/random.js";
import { Adam } from "./adam.js";
import { type FeatureRows, featureScale } from "./feature-rows.js";

const HIDDEN = 24;
const EPOCHS = 30;
const BATCH = 256;
const LEARNING_RATE = 3e-3;
/** Weight of the squared weights in the loss: keeps the reading from learning examples by heart. */
const DECAY = 1e-3;

/**
 * Fits the log odds that features are those of a patch with structure: one hidden layer, logistic loss, Adam.
 * @param shown with structure. @param nothing without.
 */
export async function fitStructure(
  tf: TensorFlow,
  shown: FeatureRows,
  nothing: FeatureRows,
  seed: number,
): Promise<Pick<ContentReading, "hidden" | "hiddenBias" | "structure" | "structureBias">> {
  const { features } = shown;
  const { means, deviations } = featureScale([shown, nothing]);
  const random = new Random(seed);
  const variable = (initial: tfjs.Tensor) => {
    const made = tf.variable(initial);
    initial.dispose();
    return made;
  };
  const start = (inputs: number, outputs: number) => {
    const deviation = Math.sqrt(2 / inputs);
    const values = Float32Array.from({ length: inputs * outputs }, () => deviation * random.normal());
    return variable(tf.tensor2d(values, [inputs, outputs]));
  };
  const variables = new Map<string, tfjs.Variable>([
    ["hidden", start(features, HIDDEN)],
    ["hiddenBias", variable(tf.zeros([HIDDEN]))],
    ["structure", start(HIDDEN, 1)],
    ["structureBias", variable(tf.zeros([1]))],
  ]);
  const of = <T extends tfjs.Tensor>(name: string) => variables.get(name)! as unknown as T;
  const logitsOf = (input: tfjs.Tensor2D) => {
    const hidden = tf.matMul(input, of<tfjs.Tensor2D>("hidden")).add(of("hiddenBias")).relu();
    return tf.matMul(hidden as tfjs.Tensor2D, of<tfjs.Tensor2D>("structure")).add(of("structureBias"));
  };
  const adam = new Adam(tf, variables);
  let order = Array.from({ length: shown.count + nothing.count }, (_, row) => row);
  const batches = Math.floor(order.length / BATCH);
  for (let step = 0; step < EPOCHS * batches; step++) {
    const at = step % batches;
    if (at === 0) order = random.shuffled(order);
    const rows = order.slice(at * BATCH, (at + 1) * BATCH);
    const examples = exampleRows(rows, shown, nothing, means, deviations);
    tf.tidy(() => {
      const input = tf.tensor2d(examples, [BATCH, features]);
      const signs = tf.tensor2d(
        rows.map((row) => (row < shown.count ? 1 : -1)),
        [BATCH, 1],
      );
      const { grads } = tf.variableGrads(() => {
        // ln(1 + e^(-s x)), s = 1 with structure and -1 without.
        const loss = logitsOf(input).mul(signs).neg().softplus().mean();
        const size = of("hidden").square().sum().add(of("structure").square().sum());
        return loss.add(size.mul(DECAY)) as tfjs.Scalar;
      }, [...variables.values()]);
      const gradients = new Map(
        [...variables].map(([name, variable]) => [name, grads[variable.name]!] as const),
      );
      const rate = LEARNING_RATE * (0.5 + 0.5 * Math.cos((Math.PI * step) / (EPOCHS * batches)));
      adam.apply(gradients, rate, step + 1);
    });
  }
  adam.dispose();
  const fitted = new Map<string, Float32Array>();
  for (const [name, variable] of variables) {
    fitted.set(name, Float32Array.from(await variable.data<"float32">()));
    variable.dispose();
  }
  return {
    ...unscaled(fitted.get("hidden")!, fitted.get("hiddenBias")!, means, deviations),
    structure: { shape: [HIDDEN, 1], values: fitted.get("structure")! },
    structureBias: { shape: [1], values: fitted.get("structureBias")! },
  };
}

/** Takes the scaling of the features into the first weights. */
function unscaled(
  weights: Float32Array,
  biases: Float32Array,
  means: Float64Array,
  deviations: Float64Array,
) {
  const values = weights.map((weight, i) => weight / deviations[Math.floor(i / HIDDEN)]!);
  const shifted = Float64Array.from(biases);
  for (const [i, value] of values.entries()) shifted[i % HIDDEN]! -= value * means[Math.floor(i / HIDDEN)]!;
  return {
    hidden: { shape: [means.length, HIDDEN], values },
    hiddenBias: { shape: [HIDDEN], values: Float32Array.from(shifted) },
  };
}

/** Scaled features of some rows, counted through both sets. */
function exampleRows(
  rows: readonly number[],
  shown: FeatureRows,
  nothing: FeatureRows,
  means: Float64Array,
  deviations: Float64Array,
): Float32Array {
  const { features } = shown;
  const examples = new Float32Array(rows.length * features);
  for (const [i, row] of rows.entries()) {
    const [set, at] = row < shown.count ? [shown, row] : [nothing, row - shown.count];
    for (let k = 0; k < features; k++) {
      examples[i * features + k] = (set.values[at * features + k]! - means[k]!) / deviations[k]!;
    }
  }
  return examples;
}
