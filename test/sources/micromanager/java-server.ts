import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { Dealer, Router } from "zeromq";
import { MicroManagerConnection } from "../../../src/sources/micromanager/connection.js";
import { until as waitUntil } from "../../agent/helpers.js";

const BUILD = join(import.meta.dirname, "../../../scripts/build-java-test-server.js");

const { stdout } = await promisify(execFile)(process.execPath, [BUILD]);
const built = JSON.parse(stdout) as { jar?: string; missing?: string };
if (built.missing !== undefined && process.env.CI === "true") throw new Error(built.missing);

/** Why the tests against the Java server are skipped; undefined where they run. */
export const missing = built.missing;

/** The state of the microscope behind the server, and what was done to it. */
export interface BenchState {
  readonly liveObjects: number;
  readonly zUm: number;
  readonly focusUm: number;
  readonly running: boolean;
  readonly paused: boolean;
  readonly pauses: readonly boolean[];
  readonly moves: readonly number[];
  readonly calls: Readonly<Record<string, number>>;
}

/** A process whose microscope no test needs any more: another one is begun in it, as Java takes long to start. */
interface Java {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}
const idle: Java[] = [];

/** Micro-Manager's own server over a core without hardware. */
export class JavaServer {
  readonly port: number;
  readonly #java: Java;
  /** A test has done something to the process that others must not meet. */
  #isSpoilt: boolean = false;

  private constructor(java: Java, port: number) {
    this.#java = java;
    this.port = port;
  }

  get address(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  /** Starts one; it ends with the test. */
  static async start(settings: Readonly<Record<string, number | boolean>> = {}): Promise<JavaServer> {
    const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const java = idle.pop();
    if (java !== undefined) java.child.stdin!.write(`again ${options.join(" ")}\n`);
    const server = await JavaServer.#ready(java ?? startJava(options));
    onTestFinished(() => server.#release());
    return server;
  }

  static async #ready(java: Java): Promise<JavaServer> {
    const { value } = await java.lines.next();
    return new JavaServer(java, (JSON.parse(value as string) as { port: number }).port);
  }

  /** Does to the process what a signal does. */
  async kill(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): Promise<void> {
    this.#isSpoilt = true;
    const { child } = this.#java;
    child.kill(signal);
    if (signal === "SIGKILL" && child.exitCode === null && child.signalCode === null)
      await once(child, "exit");
  }

  async #release(): Promise<void> {
    // Objects of clients that went without a word are there for the next ones, too.
    if (!this.#isSpoilt && (await this.state()).liveObjects === 0) idle.push(this.#java);
    else await this.kill("SIGKILL");
  }

  state(): Promise<BenchState> {
    return this.#command("state") as Promise<BenchState>;
  }

  set(name: string, value: number | boolean): Promise<unknown> {
    return this.#command(`set ${name} ${value}`);
  }

  /** Makes a method never return. */
  hang(method: string): Promise<unknown> {
    return this.#command(`hang ${method}`);
  }

  /** Makes a method throw. */
  fail(method: string, message: string): Promise<unknown> {
    return this.#command(`fail ${method} ${message}`);
  }

  /** Takes all faults back; a call that hangs goes on hanging. */
  heal(): Promise<unknown> {
    return this.#command("heal");
  }

  async #command(line: string): Promise<unknown> {
    this.#java.child.stdin!.write(`${line}\n`);
    const { value } = await this.#java.lines.next();
    const answer = JSON.parse(value as string) as { type: string; message?: string };
    if (answer.type === "error") throw new Error(answer.message);
    return answer;
  }
}

function startJava(options: readonly string[]): Java {
  const child = spawn("java", ["-Djava.awt.headless=true", "-jar", built.jar!, ...options], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  // It ends with its input: with this process at the latest.
  child.unref();
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

/** Waits until `check` gives something, half a minute at most: processes start at their leisure. */
export function until<T>(check: Parameters<typeof waitUntil<T>>[0]): Promise<T> {
  return waitUntil(check, 30_000);
}

/** A started connection that stops with the test. */
export async function connect(
  port: number,
  options: { timeoutMs?: number; warn?: (message: string) => void } = {},
): Promise<MicroManagerConnection> {
  const connection = new MicroManagerConnection({ port, ...options });
  onTestFinished(() => connection.stop());
  await connection.start();
  return connection;
}

/** Stands between a client and the server and keeps what they say, part by part. */
export async function recordingProxy(
  serverAddress: string,
): Promise<{ port: number; requests: Buffer[][]; replies: Buffer[][] }> {
  const front = new Router({ linger: 0 });
  const back = new Dealer({ linger: 0 });
  onTestFinished(() => {
    front.close();
    back.close();
  });
  const [requests, replies] = [[] as Buffer[][], [] as Buffer[][]];
  await front.bind("tcp://127.0.0.1:*");
  back.connect(serverAddress);
  let client = Buffer.alloc(0);
  void (async () => {
    for await (const [identity, ...parts] of front) {
      client = Buffer.from(identity!);
      requests.push(parts);
      await back.send(parts);
    }
  })();
  void (async () => {
    for await (const parts of back) {
      replies.push(parts);
      await front.send([client, ...parts]);
    }
  })();
  return { port: Number(front.lastEndpoint!.split(":").at(-1)), requests, replies };
}
