import { AddressError, reasonOf } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";

/** An error of binding a socket that says what to do. `setting` is the configuration key of the address. */
export function bindError(address: string, cause: unknown, setting: string): AddressError {
  return new AddressError(address, reasonFor(cause, setting), { cause });
}

function reasonFor(cause: unknown, setting: string): string {
  const code = errorCode(cause);
  if (code === "EADDRINUSE")
    return `already in use, perhaps by another parfocal agent; stop that one, or set ${setting} to another port (0 picks a free one)`;
  // What is not the system's word on the address needs no other one.
  const advice = code === undefined ? "" : `; set ${setting} to another address`;
  return `cannot be bound: ${reasonOf(cause)}${advice}`;
}
