/** What takes input that anybody may have made. */
export interface Target {
  readonly name: string;
  /** Good inputs, to be changed. */
  readonly corpus: readonly Uint8Array[];
  /** Takes one; throws only if the product does what it must not. */
  readonly take: (input: Uint8Array) => void | Promise<void>;
  readonly stop?: () => Promise<void>;
}

/** Lets pass what a reader throws on purpose. */
export async function onlyRefusing(tag: string, read: () => unknown): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== tag) throw error;
  }
}
