import type { AgentConfig } from "../../config/schema.js";

/** What a check has found. Where all is not well, `advice` says what to do. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warning" | "failed";
  readonly message: string;
  readonly advice?: string;
}

/** One thing that must hold before a run. It never throws: what is in the way is a finding. */
export type Check = (config: AgentConfig) => Promise<readonly Finding[]>;

export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

export function warning(check: string, message: string, advice: string): Finding {
  return { check, status: "warning", message, advice };
}

export function failed(check: string, message: string, advice: string): Finding {
  return { check, status: "failed", message, advice };
}
