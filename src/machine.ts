import { availableParallelism, cpus } from "node:os";

/** The machine that a figure was made on, for cards and reports: "2 x AMD EPYC, Node 20.20.2". */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || "unknown CPU";
  return `${availableParallelism()} x ${model}, Node ${process.versions.node}`;
}
