/**
 * Inputs that nobody should send: `npm run test:fuzz -- --inputs N --seconds S --seed S --only NAME`. So many for each target, or as
 * many as the time allows; ends with 1 where one fails, takes over a second or over 300 MiB, with the smallest input that was found.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LONGEST_MS } from "../../test/fuzz/fuzz.js";
import type { TargetEnd } from "./campaign-run.js";

/** An input that is at work for so long never ends, ms. */
const HUNG_MS = 60 * LONGEST_MS;

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "10000" },
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    only: { type: "string", default: "" },
  },
});
console.log(`Seed ${values.seed}`);
const folder = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "parfocal-fuzz-"));
// Written before each input: what is at work when the process hangs or dies.
const atWork = join(folder, "input");
const program = fileURLToPath(new URL("./campaign-run.ts", import.meta.url));
const args = ["--import", "tsx", program, values.inputs, values.seconds, values.seed, values.only, atWork];
const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
let sum = 0;
createInterface({ input: child.stdout }).on("line", (line) => {
  const { name, count, seconds, failure } = JSON.parse(line) as TargetEnd;
  sum += count;
  console.log(`${name}: ${count} inputs in ${seconds.toFixed(0)} s`);
  if (failure === undefined) return;
  process.exitCode = 1;
  console.error(failure);
});
const timer = setInterval(() => void killIfHung(), LONGEST_MS);
const code = await new Promise<number | null>((resolve) => void child.once("close", resolve));
clearInterval(timer);
if (code !== 0) {
  process.exitCode = 1;
  // It may have ended before its first input.
  const input = await readFile(atWork).catch(() => Buffer.of());
  console.error(`Ended with ${code ?? "a signal"} at\n${input.toString("base64")}`);
}
await rm(folder, { recursive: true, force: true });
console.log(`${sum} inputs`);

async function killIfHung(): Promise<void> {
  const { mtimeMs = Date.now() } = (await stat(atWork).catch(() => undefined)) ?? {};
  if (Date.now() - mtimeMs > HUNG_MS) child.kill("SIGKILL");
}
