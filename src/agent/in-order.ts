/** Lets what runs at the same time come out in the order in which it was handed in. */
export class InOrder {
  #before: Promise<void> = Promise.resolve();

  /** Ends as `running` does, once all that was handed in before has ended. */
  async after<T>(running: Promise<T>): Promise<T> {
    const before = this.#before;
    let end = (): void => undefined;
    this.#before = new Promise((resolve) => {
      end = resolve;
    });
    try {
      return await running;
    } finally {
      await before;
      end();
    }
  }
}
