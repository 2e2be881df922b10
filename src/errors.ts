/**
 * Tagged errors. Each names what went wrong, where, and what to do; `isParfocalError(error, "TAG")` narrows.
 * @module
 */

/** Base of every error that Parfocal raises on purpose. Its message is fit to be shown to a user as it is. */
export abstract class ParfocalError extends Error {
  abstract readonly tag: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A file or buffer is not a readable image. The other images of the same call are unaffected. */
export class FrameReadError extends ParfocalError {
  readonly tag = "FrameReadError";
  readonly path: string;

  constructor(path: string, reason: string, options?: { cause?: unknown }) {
    super(`${path}: ${reason}`, options);
    this.path = path;
  }
}

/** A frame that was read cannot be scored: too small, or its data do not match its shape or bit depth. */
export class FrameShapeError extends ParfocalError {
  readonly tag = "FrameShapeError";
}

/** A model folder is missing, incomplete, or its files do not match its card. */
export class ModelError extends ParfocalError {
  readonly tag = "ModelError";
  readonly modelPath: string;

  constructor(modelPath: string, reason: string, options?: { cause?: unknown }) {
    super(`model ${modelPath}: ${reason}`, options);
    this.modelPath = modelPath;
  }
}

/** A computing engine or device cannot be started here. The message names what would make it start. */
export class EngineError extends ParfocalError {
  readonly tag = "EngineError";
}

/** A name is not in a registry; the message lists the known names. */
export class UnknownNameError extends ParfocalError {
  readonly tag = "UnknownNameError";

  constructor(kind: string, name: string, known: Iterable<string>) {
    super(`unknown ${kind} "${name}"; known: ${[...known].join(", ")}`);
  }
}

/** A configuration or manifest has errors; `problems` lists all of them, each with its path. */
export class ConfigError extends ParfocalError {
  readonly tag = "ConfigError";
  readonly problems: readonly string[];

  constructor(where: string, problems: readonly string[], options?: { cause?: unknown }) {
    super(
      `${where}: ${problems.length === 1 ? problems[0] : `\n${problems.map((p) => `  - ${p}`).join("\n")}`}`,
      options,
    );
    this.problems = problems;
  }
}

/** An address cannot be bound or reached; the message names it and says what to do. */
export class AddressError extends ParfocalError {
  readonly tag = "AddressError";
  readonly address: string;

  constructor(address: string, reason: string, options?: { cause?: unknown }) {
    super(`${address}: ${reason}`, options);
    this.address = address;
  }
}

/** A result cannot be written where it should go (missing permission, full disk). */
export class OutputError extends ParfocalError {
  readonly tag = "OutputError";
  readonly path: string;

  constructor(path: string, reason: string, options?: { cause?: unknown }) {
    super(`${path}: ${reason}`, options);
    this.path = path;
  }
}

/** The results of a run cannot be read. */
export class ResultsError extends ParfocalError {
  readonly tag = "ResultsError";
  readonly path: string;

  constructor(path: string, reason: string, options?: { cause?: unknown }) {
    super(`${path}: ${reason}`, options);
    this.path = path;
  }
}

/** The results store cannot be opened, read or written. */
export class StoreError extends ParfocalError {
  readonly tag = "StoreError";
  readonly place: string;

  constructor(place: string, reason: string, options?: { cause?: unknown }) {
    super(`${place}: ${reason}`, options);
    this.place = place;
  }
}

/** Training cannot start or go on: no usable images, or a checkpoint that does not fit. */
export class TrainingError extends ParfocalError {
  readonly tag = "TrainingError";
}

/** A process that Parfocal started ended before its work was done. */
export class AgentError extends ParfocalError {
  readonly tag = "AgentError";
}

/** A request to the dashboard's server that cannot be met; `status` is the HTTP status that says so. */
export class RequestError extends ParfocalError {
  readonly tag = "RequestError";
  readonly status: number;

  constructor(status: number, reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.status = status;
  }
}

/** A stack says too little to calibrate by; the message names what is missing. */
export class StackFitError extends ParfocalError {
  readonly tag = "StackFitError";
}

/** True when `error` is a Parfocal error, of the given tag if one is named. */
export function isParfocalError(error: unknown, tag?: string): error is ParfocalError {
  return error instanceof ParfocalError && (tag === undefined || error.tag === tag);
}

/** The one-line reason of anything thrown, for messages and logs. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What Node calls a certificate that nobody it trusts has signed. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT(_LOCALLY)?|VERIFY_LEAF_SIGNATURE))$/;

/** What kept `fetch` from an answer; it stands in the cause of its own error. */
export function fetchReason(error: unknown): string {
  return connectionReason((error as Error).cause ?? error);
}

/** What kept a connection from being made, and what to do about certificates. */
export function connectionReason(error: unknown): string {
  const code = String((error as { code?: unknown }).code ?? "");
  // OpenSSL's own text names lines of its source.
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") return "it does not speak TLS: begin its address with http://";
  const reason = reasonOf(error) || code || String(error);
  if (!UNTRUSTED.test(code)) return reason;
  return `${reason}; to trust it, set NODE_EXTRA_CA_CERTS to a PEM file with the certificate of who signed it, and start again`;
}
