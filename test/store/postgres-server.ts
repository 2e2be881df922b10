import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";

const DEBIAN = "/usr/lib/postgresql";

/** Folder of the server's programs: Debian's, which are not in PATH, or those beside `postgres` in PATH. */
function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env.PATH ?? "").split(":"),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
}

/** Why no PostgreSQL can be started here, if so. */
export function missingPostgres(): string | undefined {
  return programs() === undefined
    ? "PostgreSQL's server is not installed (apt-get install postgresql)"
    : undefined;
}

/** A PostgreSQL of its own on a free port of this machine, which can be stopped and started again. */
export class PostgresServer {
  readonly #bin = programs()!;
  readonly #folder: string;
  readonly #account: { uid?: number; gid?: number };
  #port = 0;
  #process: ChildProcess | undefined;

  constructor() {
    // Not below the tests' own folder, which other accounts cannot enter.
    this.#folder = mkdtempSync("/tmp/parfocal-postgres-");
    this.#account = process.getuid?.() === 0 ? accountFor(this.#folder) : {};
  }

  get url(): string {
    return `postgres://parfocal:secret@127.0.0.1:${this.#port}/postgres`;
  }

  async create(): Promise<void> {
    this.#port = await freePort();
    const options = ["--username=parfocal", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    execFileSync(join(this.#bin, "initdb"), ["-D", join(this.#folder, "data"), ...options], {
      ...this.#account,
      cwd: this.#folder,
      stdio: "pipe",
    });
    await this.start();
  }

  async start(): Promise<void> {
    const settings = {
      port: this.#port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: this.#folder,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const process_ = spawn(join(this.#bin, "postgres"), ["-D", join(this.#folder, "data"), ...flags], {
      ...this.#account,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = process_;
    let said = "";
    for await (const chunk of process_.stderr as AsyncIterable<Buffer>) {
      said += chunk.toString();
      if (said.includes("ready to accept connections")) break;
    }
    if (process_.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
  }

  /** Cuts all connections. */
  async stop(): Promise<void> {
    const process_ = this.#process;
    if (process_ === undefined || process_.exitCode !== null) return;
    const ended = once(process_, "exit");
    process_.kill("SIGINT");
    await ended;
  }

  /** An empty database of this name. */
  database(name: string): string {
    execFileSync(
      join(this.#bin, "psql"),
      [
        "-h",
        "127.0.0.1",
        "-p",
        String(this.#port),
        "-U",
        "parfocal",
        "postgres",
        "-c",
        `create database ${name}`,
      ],
      { stdio: "pipe" },
    );
    return this.url.replace(/postgres$/, name);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** PostgreSQL does not run as root: an account that owns the folder. */
function accountFor(folder: string): { uid: number; gid: number } {
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = ["postgres", "nobody"]
    .map((name) => accounts.find((each) => each.startsWith(`${name}:`)))
    .find(Boolean);
  const [, , uid, gid] = line!.split(":").map(Number) as [number, number, number, number];
  chownSync(folder, uid, gid);
  return { uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
