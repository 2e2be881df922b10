import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Transform } from "node:stream";

/** A way to a port of this machine that can be cut and mended, as a cable can, and slowed down. */
export class CuttableProxy {
  /** What each piece of data waits on its way, ms. */
  delayMs = 0;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isCut: boolean = false;

  constructor(target: number) {
    this.#target = target;
  }

  /** @returns host and port. */
  async start(): Promise<string> {
    this.#server = createServer((client) => {
      if (this.#isCut) {
        client.destroy();
        return;
      }
      const target = connect(this.#target, "127.0.0.1");
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(this.#delay()).pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    }).listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #delay(): Transform {
    return new Transform({
      transform: (data, _, done) => {
        if (this.delayMs === 0) done(undefined, data);
        else setTimeout(() => done(undefined, data), this.delayMs);
      },
    });
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
