const ZEROS = Buffer.alloc(64 * 1024);

/** Whether bytes are all zeros. */
export function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

/** Whether so many zeros lie in a row anywhere. */
export function hasZeroRun(values: Uint8Array | Uint16Array, least: number): boolean {
  // A run so long has a value at one of these places.
  for (let at = least - 1; at < values.length; at += least) {
    if (values[at] !== 0) continue;
    let [first, end] = [at, at + 1];
    while (first > at - least + 1 && values[first - 1] === 0) first--;
    while (end < first + least && values[end] === 0) end++;
    if (end - first >= least) return true;
  }
  return false;
}

/** What zeros say about pixels as a file stores them: a copy that has not come to a part of the file has left zeros there. */
export interface StoredZeros {
  /** All of them are zeros. */
  readonly isZero: boolean;
  /** Those that lie last are zeros, a row of them or more. */
  readonly endsInZeros: boolean;
  /** So many zeros lie in a row that they may be a part that is not there yet. */
  readonly hasGap: boolean;
}

/** Finds `StoredZeros` in parts of a file, as they are read. Runs go on from a part into the one right behind it. */
export class ZeroWatch {
  #isZero = true;
  #hasGap = false;
  #endsInZeros = false;
  /** Where the last part ended, and zeros up to there, bytes. */
  #end = 0;
  #run = 0;
  /** Where the furthest part ended. */
  #furthest = 0;

  /** Undefined where no part was read. */
  get found(): StoredZeros | undefined {
    if (this.#furthest === 0) return undefined;
    return { isZero: this.#isZero, endsInZeros: this.#endsInZeros, hasGap: this.#hasGap };
  }

  /** Begins with other pixels. */
  reset(): void {
    [this.#isZero, this.#hasGap, this.#endsInZeros] = [true, false, false];
    [this.#end, this.#run, this.#furthest] = [0, 0, 0];
  }

  /**
   * @param offset of the part in the file. @param length of the part there; what `bytes` leaves out at its end is not looked at.
   * @param rowBytes zeros at the end that count. @param gapBytes zeros in a row that count as a gap.
   */
  add(
    offset: number,
    length: number,
    bytes: Uint8Array,
    { rowBytes, gapBytes }: { readonly rowBytes: number; readonly gapBytes: number },
  ): void {
    const before = offset === this.#end ? this.#run : 0;
    let first = 0;
    while (first < bytes.length && bytes[first] === 0) first++;
    let last = bytes.length;
    while (last > first && bytes[last - 1] === 0) last--;
    const isZero = first === bytes.length;
    this.#isZero &&= isZero;
    this.#run = isZero ? before + bytes.length : bytes.length - last;
    this.#hasGap ||=
      before + first >= gapBytes ||
      this.#run >= gapBytes ||
      hasZeroRun(bytes.subarray(first, last), gapBytes);
    this.#end = offset + length;
    if (this.#end <= this.#furthest) return;
    this.#furthest = this.#end;
    this.#endsInZeros = this.#run >= rowBytes;
  }
}
