import type { Health } from "../sinks/agent-health.js";

type Status = "pass" | "warn" | "fail";

interface Check {
  readonly status: Status;
  readonly observedValue?: number | string;
  readonly observedUnit?: string;
  readonly output?: string;
}

/** Answer to a probe, in the form of the draft "Health Check Response Format for HTTP APIs". */
export interface HealthAnswer {
  readonly status: number;
  readonly type: "application/health+json";
  readonly body: string;
}

/** For whoever restarts a process that hangs: an answer at all is a good one. */
export function live(version: string): HealthAnswer {
  return answerOf("pass", version, {});
}

/**
 * Whether frames are taken and results kept. 503 if not; a warning is no failure.
 * @param silentMs a warning after so long without a frame, once there was one; 0: none.
 */
export function ready(health: Health, version: string, nowMs: number, silentMs: number): HealthAnswer {
  const checks: Record<string, Check> = {
    "agent:state": { status: health.state === "running" ? "pass" : "fail", observedValue: health.state },
  };
  for (const [name, { failures, lost, written }] of Object.entries(health.sinks)) {
    // Without the journal a run leaves no trace; the others can be made from it.
    const isBroken = name === "jsonl" && lost > 0;
    const status = isBroken ? "fail" : failures > 0 || lost > 0 ? "warn" : "pass";
    checks[`sink:${name}`] = {
      ...{ status, observedValue: written, observedUnit: "records" },
      ...(status !== "pass" && { output: `${failures} failures, ${lost} records lost since the start` }),
    };
  }
  const { lastFrameMs } = health;
  if (lastFrameMs !== undefined) {
    const ageMs = Math.max(0, nowMs - lastFrameMs);
    const status = silentMs > 0 && ageMs > silentMs ? "warn" : "pass";
    checks["frames:age"] = { status, observedValue: Math.round(ageMs / 1000), observedUnit: "s" };
  }
  const all = Object.values(checks).map(({ status }) => status);
  return answerOf(all.includes("fail") ? "fail" : all.includes("warn") ? "warn" : "pass", version, checks);
}

function answerOf(status: Status, version: string, checks: Readonly<Record<string, Check>>): HealthAnswer {
  const lists = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, [check]]));
  return {
    status: status === "fail" ? 503 : 200,
    type: "application/health+json",
    body: JSON.stringify({ status, version, serviceId: "parfocal", checks: lists }),
  };
}
