import { ParfocalError } from "../../errors.js";

/** Micro-Manager's server cannot be reached, or no longer answers; the message names the call and what to do. */
export class MicroManagerError extends ParfocalError {
  readonly tag = "MicroManagerError";
  readonly address: string;

  constructor(address: string, reason: string, options?: { cause?: unknown }) {
    super(`Micro-Manager at ${address}: ${reason}`, options);
    this.address = address;
  }
}

/** Micro-Manager answered a call with an exception; the connection is as good as before. */
export class JavaExceptionError extends ParfocalError {
  readonly tag = "JavaExceptionError";
  /** The exception with its Java stack. */
  readonly javaStack: string;

  constructor(call: string, javaStack: string) {
    super(`Micro-Manager refused ${call}: ${firstLine(javaStack)}`);
    this.javaStack = javaStack;
  }
}

/** "java.lang.Exception: Camera is busy" without the class that says nothing. */
function firstLine(javaStack: string): string {
  const line = javaStack.split("\n", 1)[0]!.trim();
  return line.replace(/^java\.lang\.(Exception|RuntimeException|Error): (?=.)/, "");
}
