import { Request } from "zeromq";
import { reasonOf } from "../../errors.js";
import { encodeArguments, type JavaArgument } from "./java-arguments.js";
import { JavaObject } from "./java-object.js";
import { decodeReply, encodeRequest, type Json, type Reply } from "./messages.js";
import { JavaExceptionError, MicroManagerError } from "./micro-manager-error.js";

/** Where Micro-Manager's server listens unless something else has that port. */
export const DEFAULT_PORT = 4827;
/** Version of the server that this client was written against. */
export const SERVER_VERSION = "5.1.0";
/** Time to hand over the last `destructor`s of a stop, ms. */
const LINGER_MS = 1000;

export interface ConnectionOptions {
  /** @default 4827 */
  readonly port?: number;
  /** Longest wait for an answer, ms, unless a call says otherwise. @default 10000 */
  readonly timeoutMs?: number;
  /** Told what is odd but not in the way. */
  readonly warn?: (message: string) => void;
}

export interface CallOptions {
  /** Longest wait for this answer, ms, instead of the connection's. */
  readonly timeoutMs?: number;
  /** Time that the call takes as it is, such as an exposure, ms: the wait is longer by that. */
  readonly takesMs?: number;
  /** Ends the wait; what was asked for still happens, since the server cannot be told to leave it. */
  readonly signal?: AbortSignal | undefined;
}

interface Sent extends CallOptions {
  /** For messages: "mmcorej.CMMCore.snapImage". */
  readonly call: string;
  readonly request: { readonly [key: string]: Json };
  readonly args?: readonly JavaArgument[];
}

/**
 * A connection to the ZeroMQ server inside Micro-Manager (PyJavaZ), which listens on this machine only.
 *
 * The server answers one request at a time, of all its clients, and keeps no time: a call that hangs there hangs
 * everybody. So every wait has an end; after it the connection is given up, and a new one is needed. Constructing does
 * nothing.
 */
export class MicroManagerConnection {
  readonly address: string;
  readonly #options: ConnectionOptions;
  readonly #port: number;
  readonly #timeoutMs: number;
  readonly #warn: (message: string) => void;
  readonly #cached = new Map<string, Promise<JavaObject>>();
  #socket: Request | undefined;
  /** Why the connection is given up. */
  #failure: MicroManagerError | undefined;
  /** The end of the last exchange: they take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectionOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? DEFAULT_PORT;
    this.address = `tcp://127.0.0.1:${this.#port}`;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#warn = options.warn ?? (() => undefined);
  }

  /**
   * Connects and says hello.
   * @throws MicroManagerError when nothing that speaks this protocol answers.
   */
  async start(signal?: AbortSignal): Promise<void> {
    // `immediate`: a send waits for a connection instead of being queued for a server that is not there.
    this.#socket = new Request({ linger: 0, immediate: true });
    this.#socket.connect(this.address);
    const reply = await this.#ask({ call: "connect", request: { command: "connect", debug: false }, signal });
    const version = reply.kind === "value" ? reply.version : undefined;
    if (version !== SERVER_VERSION) {
      this.#warn(
        `Micro-Manager at ${this.address} speaks version ${version ?? "unknown"} of its protocol, ` +
          `not ${SERVER_VERSION}: calls may fail`,
      );
    }
  }

  /** Frees the objects that are kept, as far as the server still answers, and closes. */
  async stop(): Promise<void> {
    const kept = [...this.#cached.values()];
    this.#cached.clear();
    if (this.#failure === undefined && this.#socket !== undefined) {
      for (const object of kept) await object.then((held) => held.free()).catch(() => undefined);
      await this.#turn;
    }
    this.#failure ??= new MicroManagerError(this.address, "the connection was stopped");
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** Another connection to the same server, not started: after this one was given up, say. */
  another(): MicroManagerConnection {
    return new MicroManagerConnection(this.#options);
  }

  /** A new object of a class, or the one that Micro-Manager has of it (its core, its studio). Free it after use. */
  async construct(className: string, args: readonly JavaArgument[] = [], options: CallOptions = {}) {
    const request = { command: "constructor", classpath: className };
    return this.#object(await this.#ask({ ...options, call: `new ${className}`, request, args }), className);
  }

  /** A class itself, for its static methods. Free it after use. */
  async classNamed(className: string, options: CallOptions = {}): Promise<JavaObject> {
    const request = { command: "get-class", classpath: className };
    const reply = await this.#ask({ ...options, call: `class ${className}`, request });
    return this.#object(reply, className, true);
  }

  /** An object that is asked for once and kept until the connection stops. */
  kept(name: string, make: () => Promise<JavaObject>): Promise<JavaObject> {
    const known = this.#cached.get(name);
    if (known !== undefined) return known;
    const making = make();
    this.#cached.set(name, making);
    making.catch(() => this.#cached.delete(name));
    return making;
  }

  /**
   * Sends one request and waits for its reply. For JavaObject.
   * @throws JavaExceptionError, MicroManagerError, or the signal's reason.
   */
  async ask(sent: Sent): Promise<unknown> {
    const reply = await this.#ask(sent);
    return reply.kind === "reference" ? this.#object(reply, sent.call) : plainValue(reply);
  }

  async #ask(sent: Sent): Promise<Reply> {
    const { signal, call } = sent;
    signal?.throwIfAborted();
    const { fields, arrays } = encodeArguments(sent.args ?? []);
    const withArguments = sent.args === undefined ? sent.request : { ...sent.request, ...fields };
    // Outside the turn, so that what must not be sent does not wait.
    const parts = this.#encoded(() => encodeRequest(withArguments, arrays), call);
    const exchange = this.#turn.then(() => {
      signal?.throwIfAborted();
      return this.#exchange(parts, call, (sent.timeoutMs ?? this.#timeoutMs) + (sent.takesMs ?? 0));
    });
    this.#turn = exchange.catch(() => undefined);
    const reply = await (signal === undefined ? exchange : this.#unlessAborted(exchange, call, signal));
    if (reply.kind === "exception") throw new JavaExceptionError(call, reply.javaStack);
    if (reply.kind === "reference" && reply.reference.interfaces.includes("java.lang.Throwable")) {
      // A Java `Error` comes back as an object: in the core, a native method that is not there.
      await this.#object(reply, call).free();
      throw new JavaExceptionError(call, reply.reference.class);
    }
    return reply;
  }

  #encoded(encode: () => Buffer[], call: string): Buffer[] {
    try {
      return encode();
    } catch (cause) {
      throw new MicroManagerError(this.address, `${call} was not sent: ${reasonOf(cause)}`, { cause });
    }
  }

  async #exchange(parts: Buffer[], call: string, timeoutMs: number): Promise<Reply> {
    const socket = this.#socket;
    if (this.#failure !== undefined) throw this.#failure;
    if (socket === undefined) throw new MicroManagerError(this.address, "the connection was not started");
    try {
      socket.sendTimeout = timeoutMs;
      await socket.send(parts);
    } catch (cause) {
      throw this.#giveUp(
        "nothing listens there. Is Micro-Manager running, with Tools > Options > Run server on port " +
          `${this.#port} switched on? (${call})`,
        cause,
      );
    }
    let answer: Buffer[];
    try {
      socket.receiveTimeout = timeoutMs;
      answer = await socket.receive();
    } catch (cause) {
      throw this.#giveUp(
        `no answer to ${call} within ${timeoutMs} ms. ` +
          (call === "connect"
            ? "Another program may listen there: check the port. If it is right: its"
            : "Its") +
          " server does one call at a time and does not recover from some faults: if Micro-Manager is idle, restart it " +
          `(Tools > Options > Run server on port ${this.#port})`,
        cause,
      );
    }
    try {
      return decodeReply(answer);
    } catch (cause) {
      throw this.#giveUp(`the answer to ${call} cannot be read: ${reasonOf(cause)}`, cause);
    }
  }

  /** Drops the socket: a late answer must not be taken for that to another request. */
  #giveUp(reason: string, cause: unknown): MicroManagerError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = new MicroManagerError(this.address, reason, { cause });
    this.#socket?.close();
    return this.#failure;
  }

  async #unlessAborted(exchange: Promise<Reply>, call: string, signal: AbortSignal): Promise<Reply> {
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([exchange, aborted]);
    } catch (error) {
      if (signal.aborted) void this.#freeLate(exchange, call);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** An object in an answer that nobody waits for any more would live in Micro-Manager for ever. */
  async #freeLate(exchange: Promise<Reply>, call: string): Promise<void> {
    const reply = await exchange.catch(() => undefined);
    if (reply?.kind !== "reference") return;
    await this.#object(reply, call)
      .free()
      .catch(() => undefined);
  }

  #object(reply: Reply, call: string, isClass = false): JavaObject {
    if (reply.kind !== "reference") {
      throw new MicroManagerError(this.address, `${call} returned no object`);
    }
    return new JavaObject(this, reply.reference, isClass, LINGER_MS);
  }
}

function plainValue(reply: Reply): unknown {
  return reply.kind === "value" || reply.kind === "json" || reply.kind === "array" ? reply.value : undefined;
}
