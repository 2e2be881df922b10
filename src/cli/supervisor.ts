import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { isUnderNohup } from "./hang-up.js";

/** Time from a death to the next start, ms, where the program did not get ready; doubled for each time in a row. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1000;

/**
 * For glibc, which else keeps what one thread has freed for that thread alone, and large pieces among small ones: frames are made by one
 * thread and let go of by another, and a long run took a fifth more memory (`npm run bench:soak`).
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** What the line `ready` says. */
interface Ready {
  readonly addresses: { readonly zeromq?: string; readonly publish?: string; readonly dashboard?: string };
}

/** How a supervisor says something. It waits for nobody who reads it: then no agent would be started again. */
export interface SupervisorOutput {
  /** Passes on what the agent says when it is ready. */
  readonly print: (line: string) => void;
  /** For the person at the terminal. */
  readonly say: (line: string) => void;
}

/**
 * Runs the agent as a process of its own and starts it again, on the same addresses, when it dies: by a signal, or with any
 * exit code but that of an orderly stop. An agent that never got ready is not started again: its configuration is wrong.
 */
export class Supervisor {
  readonly #command: readonly string[];
  readonly #output: SupervisorOutput;
  #child: ChildProcess | undefined;
  #ready: Ready | undefined;
  #isStopping: boolean = false;
  #failedStarts = 0;
  #wake: () => void = () => undefined;

  /** @param command arguments of Node that start the agent. */
  constructor(command: readonly string[], output: SupervisorOutput) {
    this.#command = command;
    this.#output = output;
  }

  /** Resolves with the exit code once the agent was stopped, or never got ready. */
  async run(): Promise<number> {
    const isAtTerminal = process.stdin.isTTY === true;
    const onSignal = (signal: NodeJS.Signals) => {
      if (signal === "SIGHUP" && isUnderNohup()) return;
      this.#isStopping = true;
      // A terminal tells Ctrl-C, and that it closes, to the agent itself, for which a second signal would mean "at once".
      if (signal === "SIGTERM" || !isAtTerminal) this.#child?.kill(signal);
      this.#wake();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
    try {
      for (;;) {
        const code = await this.#runOnce();
        if (code === 0 || this.#isStopping || this.#ready === undefined) return code ?? 1;
        if (this.#failedStarts > 0) {
          await this.#pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failedStarts - 1)));
        }
        if (this.#isStopping) return 0;
      }
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    }
  }

  /** @returns its exit code; undefined if a signal ended it. */
  #runOnce(): Promise<number | undefined> {
    const child = spawn(process.execPath, [...this.#command, ...this.#samePlaces()], {
      // The channel closes when this process ends, however it does: the agent then ends, too.
      stdio: ["ignore", "pipe", "inherit", "ipc"],
      env: { ...ALLOCATOR, ...process.env, ...this.#sameToken() },
    });
    this.#child = child;
    this.#failedStarts++;
    createInterface({ input: child.stdout! }).on("line", (line) => this.#heard(line));
    return new Promise((resolve) => {
      child.on("error", (error) => this.#output.say(`The agent cannot be started: ${error.message}`));
      child.on("close", (code, signal) => {
        if (!this.#isStopping && code !== 0) this.#output.say(`The agent ended (${signal ?? code})`);
        resolve(code ?? undefined);
      });
    });
  }

  #heard(line: string): void {
    this.#output.print(line);
    this.#failedStarts = 0;
    this.#ready ??= JSON.parse(line) as Ready;
  }

  /** Controllers, subscribers and pages find the next agent where they found the first. */
  #samePlaces(): string[] {
    const { zeromq, publish, dashboard } = this.#ready?.addresses ?? {};
    const settings = [
      ...(zeromq === undefined ? [] : [`sources.zeromq.address=${zeromq}`]),
      ...(publish === undefined ? [] : [`publish.address=${publish}`]),
      ...(dashboard === undefined ? [] : [`dashboard.port=${new URL(dashboard).port}`]),
    ];
    return settings.flatMap((setting) => ["--set", setting]);
  }

  /** A page that was opened with the token of the first agent goes on. */
  #sameToken(): Record<string, string> {
    const token = /#token=(.+)$/.exec(this.#ready?.addresses.dashboard ?? "")?.[1];
    return token === undefined ? {} : { PARFOCAL_DASHBOARD__TOKEN: token };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
