import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Account, type FrameEnd, pause } from "./steady-controller.js";

const PROGRAM = fileURLToPath(new URL("./controller-process.ts", import.meta.url));

/** A steady controller in a process of its own, which may be stopped, killed and started again. */
export class RemoteController {
  readonly account = new Account("remote");
  readonly #address: string;
  #child: ChildProcess | undefined;
  #starts = 0;

  constructor(address: string) {
    this.#address = address;
  }

  /** Begins a run of its own. */
  start(): void {
    const session = `remote${this.#starts++}`;
    const args = ["--import", "tsx", PROGRAM, this.#address, session];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const end = JSON.parse(line) as FrameEnd;
      // While it is stopped, its own time stands still: the frame in flight then holds nothing up.
      this.account.take({ ...end, heldMs: 0 });
    });
    this.#child = child;
  }

  /** Resolves once it has ended a frame. */
  async running(): Promise<void> {
    const { sent } = this.account;
    while (this.account.sent === sent) await pause(5);
  }

  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child?.kill(signal);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => void child.once("close", resolve));
    child.kill("SIGKILL");
    await closed;
  }
}
