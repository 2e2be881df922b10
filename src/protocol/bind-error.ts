import { AddressError, reasonOf } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";

/** An error of binding a socket that says what to do. `setting` is the configuration key of the address. */
export function bindError(address: string, cause: unknown, setting: string): AddressError {
  const reason =
    errorCode(cause) === "EADDRINUSE"
      ? `already in use, perhaps by another parfocal agent; stop that one, or set ${setting} to another port (0 picks a free one)`
      : `cannot be bound: ${reasonOf(cause)}; set ${setting} to another address`;
  return new AddressError(address, reason, { cause });
}
