import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage } from "../protocol/messages.js";

/** Headers of the last frames, for a person's mark; older ones are looked up, or not known any more. As text, which takes a third of the memory. */
export class KeptHeaders {
  readonly #texts: BoundedMap<string, string>;

  /** @param maxBytes of JSON; the least recently used go first. */
  constructor(maxBytes: number) {
    this.#texts = new BoundedMap(maxBytes, (text) => text.length);
  }

  /** Of what the controller adds of its own, which has no limit of its own, only the name of the file is kept. */
  add({ meta, ...header }: FrameMessage): void {
    const kept = typeof meta?.file === "string" ? { ...header, meta: { file: meta.file } } : header;
    this.#texts.set(keyOf(header.session, header.id), JSON.stringify(kept));
  }

  get(run: string, frameId: string): FrameMessage | undefined {
    const text = this.#texts.get(keyOf(run, frameId));
    return text === undefined ? undefined : (JSON.parse(text) as FrameMessage);
  }
}

/** Two runs may use the same ids. */
function keyOf(run: string, frameId: string): string {
  return JSON.stringify([run, frameId]);
}
