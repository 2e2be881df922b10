import { PATCH_PX } from "../frames/frame.js";
import { type Architecture, type Layer, shapeAfter } from "../networks/architecture.js";
import type { Weights, WeightTensor } from "../networks/weights.js";
import type { Random } from "../optics/random.js";

/** How much a copied filter differs from its original, relative to the deviation of the weights: equal ones stay equal. */
const COPY_NOISE = 0.1;

/** For each channel of the wide network the channel of the narrow one that it copies. */
type Copies = readonly number[];

/**
 * The weights of a network as those of a wider one with the same layers: surplus filters are copies of the first ones,
 * slightly changed, and what reads them shares its weights among the copies, so that training goes on from about the
 * same answers. Source: Chen et al. 2016, Net2Net, section 2.3.
 * @throws RangeError when the layers differ in more than their width or `to` is narrower.
 */
export function widened(
  weights: Weights,
  from: Architecture,
  to: Architecture,
  random: Random,
  copyNoise = COPY_NOISE,
): Weights {
  const wide = new Map<string, WeightTensor>();
  let inputs: Copies = [0];
  let shape: ReturnType<typeof shapeAfter> = [PATCH_PX, PATCH_PX, 1];
  assertSameLayers(from, to);
  for (const [i, layer] of to.layers.entries()) {
    const narrow = from.layers[i]!;
    if (layer.kind === "convolution" || layer.kind === "dense") {
      const outputs = copiesOf(widthOf(narrow), widthOf(layer), layer.name);
      wide.set(
        `${layer.name}/weights`,
        widenedKernel(
          weights.get(`${layer.name}/weights`)!,
          inputs,
          outputs,
          () => copyNoise * random.normal(),
        ),
      );
      for (const name of ["gamma", "beta", "moving_mean", "moving_variance", "biases"]) {
        const tensor = weights.get(`${layer.name}/${name}`);
        if (tensor) wide.set(`${layer.name}/${name}`, chosen(tensor, outputs));
      }
      inputs = outputs;
    } else if (layer.kind === "global-mean-max" || layer.kind === "flatten") {
      const channels = shape[2]!;
      const times = shapeAfter(narrow, shape)[0]! / channels;
      const before = inputs;
      inputs = Array.from({ length: times }, (_, t) =>
        before.map((channel) => t * channels + channel),
      ).flat();
    }
    shape = shapeAfter(narrow, shape);
  }
  return wide;
}

function widenedKernel(
  { shape, values }: WeightTensor,
  inputs: Copies,
  outputs: Copies,
  noise: () => number,
): WeightTensor {
  const [narrowIn, narrowOut] = shape.slice(-2) as [number, number];
  const places = values.length / (narrowIn * narrowOut);
  const shares = inputs.map((input) => 1 / inputs.filter((other) => other === input).length);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const wide = new Float32Array(places * inputs.length * outputs.length);
  let at = 0;
  for (let place = 0; place < places; place++) {
    for (const [i, input] of inputs.entries()) {
      for (const [o, output] of outputs.entries()) {
        const change = o < narrowOut ? 0 : deviation * noise();
        wide[at++] = (values[(place * narrowIn + input) * narrowOut + output]! + change) * shares[i]!;
      }
    }
  }
  return { shape: [...shape.slice(0, -2), inputs.length, outputs.length], values: wide };
}

function chosen({ values }: WeightTensor, copies: Copies): WeightTensor {
  return { shape: [copies.length], values: Float32Array.from(copies, (channel) => values[channel]!) };
}

function copiesOf(narrow: number, wide: number, name: string): Copies {
  if (wide < narrow) throw new RangeError(`${name} would shrink from ${narrow} to ${wide}`);
  return Array.from({ length: wide }, (_, channel) => channel % narrow);
}

function widthOf(layer: Layer): number {
  if (layer.kind === "convolution") return layer.filters;
  return layer.kind === "dense" ? layer.units : 0;
}

function assertSameLayers(from: Architecture, to: Architecture): void {
  const form = (layer: Layer) => JSON.stringify({ ...layer, filters: 0, units: 0 });
  if (from.layers.length !== to.layers.length || to.layers.some((l, i) => form(l) !== form(from.layers[i]!)))
    throw new RangeError(`${from.name} and ${to.name} differ in more than the width of their layers`);
}
