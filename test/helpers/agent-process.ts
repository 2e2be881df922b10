import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { type Finished, startCommand } from "./command.js";

/** Arguments for ports that the system chooses, so that agents can run side by side; the page's may be given. */
export function freePorts(dashboard = 0): string[] {
  const sockets = ["--address", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*"];
  return [...sockets, "--dashboard-port", String(dashboard)];
}

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Of the agent itself, which a supervisor may have started. */
  readonly pid: number;
  readonly addresses: { readonly zeromq: string; readonly publish: string; readonly dashboard: string };
  readonly finished: Promise<Finished>;
  /** Ends it as a service manager does. */
  stop(): Promise<void>;
}

/** Starts the built agent (or another command that says where it listens) and waits until it is ready. */
export async function startAgentProcess(
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<AgentProcess> {
  const { child, finished } = startCommand(args, nodeFlags);
  for await (const line of createInterface({ input: child.stdout! })) {
    // Node itself says things, too, if a flag asks for it.
    if (!line.startsWith("{")) continue;
    const { addresses, pid } = JSON.parse(line) as Pick<AgentProcess, "addresses" | "pid">;
    const stop = async () => {
      child.kill("SIGTERM");
      await finished;
    };
    return { child, pid, addresses, finished, stop };
  }
  const { code, stderr } = await finished;
  throw new Error(`the agent ended with ${code} before it was ready:\n${stderr}`);
}
