import { spawn } from "node:child_process";
import type { Logger } from "pino";
import type { Clock } from "../protocol/clock.js";

export interface ServiceManagerParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock: Clock;
  /** Asked before each sign of life. */
  readonly isHealthy: () => boolean;
}

/**
 * Tells systemd how the agent does: ready, alive, stopping. Node has no datagram sockets of the file system, so systemd's
 * own `systemd-notify` tells it. Does nothing where no service manager asks to be told (NOTIFY_SOCKET).
 */
export class ServiceManager {
  readonly #parts: ServiceManagerParts;
  #cancel: (() => void) | undefined;
  #hasFailed: boolean = false;

  constructor(parts: ServiceManagerParts) {
    this.#parts = parts;
  }

  /** @param status a line for `systemctl status`. */
  ready(status: string): void {
    this.#tell("READY=1", `STATUS=${status}`);
    const { environment } = this.#parts;
    const watchdogMs = Number(environment.WATCHDOG_USEC) / 1000;
    const isMeant =
      environment.WATCHDOG_PID === undefined || Number(environment.WATCHDOG_PID) === process.pid;
    if (watchdogMs > 0 && isMeant) this.#watch(watchdogMs / 2);
  }

  stopping(): void {
    this.#cancel?.();
    this.#tell("STOPPING=1");
  }

  /** The timer hangs with the event loop: an agent that is stuck gives no sign, and systemd restarts it. */
  #watch(everyMs: number): void {
    const { clock, isHealthy } = this.#parts;
    this.#cancel = clock.after(everyMs, () => {
      if (isHealthy()) this.#tell("WATCHDOG=1");
      this.#watch(everyMs);
    });
  }

  #tell(...states: readonly string[]): void {
    const { environment, log } = this.#parts;
    if (!environment.NOTIFY_SOCKET) return;
    const failed = (reason: string) => {
      if (!this.#hasFailed) log.warn({ reason }, "systemd-notify failed");
      this.#hasFailed = true;
    };
    // Sent in this process's name where that is allowed; the unit allows any process of the service (NotifyAccess=all).
    // It stays until systemd has read it (so no --no-block): of a process that is gone, systemd cannot tell the service.
    const teller = spawn("systemd-notify", [`--pid=${process.pid}`, ...states], {
      stdio: "ignore",
      env: { ...environment },
    });
    teller.on("error", (error) => failed(error.message));
    teller.on("exit", (code) => {
      if (code !== 0) failed(`systemd-notify ended with ${code}`);
    });
  }
}
