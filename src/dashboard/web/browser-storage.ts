type StorageName = "localStorage" | "sessionStorage";

/** What the browser keeps under a name; nothing where a person has it keep nothing, for then even looking throws. */
export function kept(storage: StorageName, name: string): string | undefined {
  try {
    return window[storage].getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Has the browser keep a text, if it does; undefined forgets it. */
export function keep(storage: StorageName, name: string, text: string | undefined): void {
  try {
    if (text === undefined) window[storage].removeItem(name);
    else window[storage].setItem(name, text);
  } catch {
    // It lasts as long as the page.
  }
}
