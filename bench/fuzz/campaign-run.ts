/**
 * The process that takes the inputs of a campaign: a line of JSON for each target. Arguments: inputs, seconds, seed,
 * part of a name, file.
 */
import { writeFileSync } from "node:fs";
import { fuzz } from "../../test/fuzz/fuzz.js";
import { targets } from "../../test/fuzz/targets.js";

/** How a target has ended. */
export interface TargetEnd {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
  readonly failure?: string;
}

const [inputs, most, seed, only, atWork] = process.argv.slice(2) as [string, string, string, string, string];
for (const target of await targets()) {
  if (target.name.includes(only)) {
    let count = 0;
    const onInput = (input: Uint8Array) => {
      count++;
      writeFileSync(atWork, input);
    };
    const startMs = performance.now();
    const limits = { inputs: Number(inputs), mostMs: 1000 * Number(most), seed: Number(seed) };
    const failure = await fuzz(target, { ...limits, onInput }).then(
      () => undefined,
      (error: Error) => `${error.message}\n${error.cause instanceof Error ? error.cause.stack : ""}`,
    );
    const seconds = (performance.now() - startMs) / 1000;
    const end: TargetEnd = { name: target.name, count, seconds, ...(failure !== undefined && { failure }) };
    process.stdout.write(`${JSON.stringify(end)}\n`);
  }
  await target.stop?.();
}
