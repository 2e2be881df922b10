import { z } from "zod";
import type { CallOptions, MicroManagerConnection } from "./connection.js";
import type { JavaArgument } from "./java-arguments.js";
import type { JavaReference } from "./messages.js";
import { MicroManagerError } from "./micro-manager-error.js";

/** An object inside Micro-Manager. It lives there until it is freed. */
export class JavaObject {
  readonly className: string;
  readonly #connection: MicroManagerConnection;
  readonly #hashCode: string;
  readonly #isClass: boolean;
  readonly #freeTimeoutMs: number;

  constructor(
    connection: MicroManagerConnection,
    reference: JavaReference,
    isClass: boolean,
    freeTimeoutMs: number,
  ) {
    this.#connection = connection;
    this.className = reference.class;
    this.#hashCode = reference["hash-code"];
    this.#isClass = isClass;
    this.#freeTimeoutMs = freeTimeoutMs;
  }

  /**
   * Runs a method: number, text, boolean, null, parsed JSON, array or JavaObject (to be freed).
   * @throws JavaExceptionError, MicroManagerError, or the signal's reason.
   */
  call(method: string, args: readonly JavaArgument[] = [], options: CallOptions = {}): Promise<unknown> {
    const request = {
      command: "run-method",
      static: this.#isClass,
      "hash-code": this.#hashCode,
      name: method,
    };
    return this.#connection.ask({ ...options, call: this.#nameOf(method), request, args });
  }

  /** Runs a method and checks what it gives. */
  async get<T>(
    schema: z.ZodType<T>,
    method: string,
    args: readonly JavaArgument[] = [],
    options: CallOptions = {},
  ): Promise<T> {
    return this.#checked(schema, method, await this.call(method, args, options));
  }

  /** Runs a method that gives an object, or null. */
  async object(method: string, options: CallOptions = {}): Promise<JavaObject | undefined> {
    const value = await this.get(z.union([z.instanceof(JavaObject), z.null()]), method, [], options);
    return value ?? undefined;
  }

  /** Reads a public field and checks it. */
  async field<T>(schema: z.ZodType<T>, name: string, options: CallOptions = {}): Promise<T> {
    const request = { command: "get-field", "hash-code": this.#hashCode, name };
    const value = await this.#connection.ask({ ...options, call: this.#nameOf(name), request });
    return this.#checked(schema, name, value);
  }

  /** Lets Micro-Manager forget the object. */
  async free(): Promise<void> {
    const request = { command: "destructor", "hash-code": this.#hashCode };
    await this.#connection.ask({
      call: this.#nameOf("(destructor)"),
      request,
      timeoutMs: this.#freeTimeoutMs,
    });
  }

  #nameOf(member: string): string {
    return `${this.className}.${member}`;
  }

  #checked<T>(schema: z.ZodType<T>, member: string, value: unknown): T {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    if (value instanceof JavaObject) void value.free().catch(() => undefined);
    const reason = `${this.#nameOf(member)} gave what was not expected: ${result.error.issues[0]!.message}`;
    throw new MicroManagerError(this.#connection.address, reason);
  }
}

/** Uses an object and frees it, also when that fails. */
export async function using<T>(object: JavaObject, use: (object: JavaObject) => Promise<T>): Promise<T> {
  try {
    return await use(object);
  } finally {
    // A server that no longer answers has said so already.
    await object.free().catch(() => undefined);
  }
}
