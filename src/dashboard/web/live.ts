import type { ServerMessage } from "../wire.js";

/** Shortest and longest time between two tries to connect, ms. */
const RETRY_MS = { first: 500, most: 5000 } as const;

/** The agent says every second how it is. One that is silent for so long is gone, though the connection may not know it, ms. */
const SILENT_MS = 6000;

/** Where in the stream of records the page has got to. */
export interface StreamPlace {
  readonly epoch: string;
  readonly sequence: number;
}

/** The connection to the agent, made again whenever it is lost. */
export class LiveConnection {
  readonly #onMessage: (message: ServerMessage) => void;
  readonly #onState: (isConnected: boolean, failures: number) => void;
  readonly #place: () => StreamPlace | undefined;
  #socket: WebSocket | undefined;
  #retryMs: number = RETRY_MS.first;
  /** Connections in a row, the last one that was lost among them, through which nothing came. */
  #failures = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param onState told how many tries in a row have failed, too.
   * @param place asked for at each connection: the server then sends what came since.
   */
  constructor(
    onMessage: (message: ServerMessage) => void,
    onState: (isConnected: boolean, failures: number) => void,
    place: () => StreamPlace | undefined,
  ) {
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#place = place;
  }

  start(): void {
    const place = this.#place();
    const query = place === undefined ? "" : `?epoch=${place.epoch}&since=${place.sequence}`;
    const address = new URL(`ws${query}`, document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#heard(socket);
    socket.onopen = () => {
      this.#retryMs = RETRY_MS.first;
      this.#onState(true, 0);
    };
    socket.onmessage = ({ data }) => {
      this.#heard(socket);
      this.#failures = 0;
      this.#onMessage(JSON.parse(String(data)) as ServerMessage);
    };
    socket.onclose = () => this.#lost(socket);
  }

  /** Connects anew, from the place where the page is now. */
  restart(): void {
    this.#socket?.close();
  }

  #heard(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lost(socket), SILENT_MS);
  }

  #lost(socket: WebSocket): void {
    clearTimeout(this.#silence);
    // A silent one may take long to close: nothing of it counts any more.
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
    this.#onState(false, ++this.#failures);
    setTimeout(() => this.start(), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.most);
  }
}
