import { readFileSync } from "node:fs";

/** Resident memory of a process, MiB; NaN where the system does not say. */
export function residentMib(pid: number | "self"): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
