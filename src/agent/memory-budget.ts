import { totalmem } from "node:os";

const MIB = 2 ** 20;
/** Share of the memory that pixels may take where nothing is configured. */
const SHARE = 1 / 4;

/** Bytes that pixels may take: as configured, else a quarter of the memory that this process may use. */
export function memoryBudget(configuredMib: number | undefined): number {
  if (configuredMib !== undefined) return configuredMib * MIB;
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.floor(available * SHARE);
}
