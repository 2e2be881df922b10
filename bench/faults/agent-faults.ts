import { execFileSync } from "node:child_process";
import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sendLarge } from "./controller-faults.js";
import { type Fault, milliseconds, type Target } from "./fault.js";
import { pause } from "./steady-controller.js";

const HOUR_S = 3600;

/** What happens to the agent's process, its clock and its model. */
export const AGENT_FAULTS: readonly Fault[] = [
  { name: "agent killed (SIGKILL)", happen: async ({ pid }) => void process.kill(pid, "SIGKILL") },
  { name: "agent aborted (SIGABRT)", happen: async ({ pid }) => void process.kill(pid, "SIGABRT") },
  {
    name: "agent stopped for a while (SIGSTOP)",
    happen: async (target) => {
      process.kill(target.pid, "SIGSTOP");
      await pause(milliseconds(target, 200, 1500));
      process.kill(target.pid, "SIGCONT");
    },
  },
  {
    name: "no more files may be opened (EMFILE)",
    happen: async (target) => {
      limit(target.pid, "nofile", "8:4096");
      await pause(milliseconds(target, 300, 1000));
      limit(target.pid, "nofile", "1024:4096");
    },
  },
  { name: "no more memory, and large frames", happen: starve },
  {
    name: "wall clock jumps an hour ahead and back",
    lacks: ({ shiftClock }) => (shiftClock === undefined ? "libfaketime" : undefined),
    happen: async (target) => {
      await target.shiftClock!(target.random.below(2) === 0 ? HOUR_S : -HOUR_S);
      await pause(milliseconds(target, 1200, 2500));
      await target.shiftClock!(0);
    },
  },
  { name: "model file swapped, agent killed, model put back", happen: swapModel },
];

function limit(pid: number, what: "nofile" | "as", value: string): void {
  try {
    execFileSync("prlimit", ["--pid", String(pid), `--${what}=${value}`], { stdio: "ignore" });
  } catch {
    // It has died of it.
  }
}

/** Lets the agent have no more address space than it has. */
async function starve(target: Target): Promise<void> {
  const status = await readFile(`/proc/${target.pid}/status`, "utf8");
  const kib = Number(/VmSize:\s+(\d+)/.exec(status)![1]);
  limit(target.pid, "as", `${(kib + 16 * 1024) * 1024}:unlimited`);
  await sendLarge(target, 8000, 4);
  await pause(milliseconds(target, 300, 1000));
  limit(target.pid, "as", "unlimited:unlimited");
}

async function swapModel(target: Target): Promise<void> {
  const file = join(target.model, "model.onnx");
  await copyFile(file, `${file}.kept`);
  await writeFile(file, "this is no model");
  await pause(milliseconds(target, 100, 500));
  process.kill(target.pid, "SIGKILL");
  await pause(milliseconds(target, 300, 2000));
  await rename(`${file}.kept`, file);
}
