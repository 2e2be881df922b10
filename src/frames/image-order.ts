const NATURAL = new Intl.Collator("en", { numeric: true });

/** The order in which images are met: folder by folder, names in natural order (z2 before z10). Negative: `a` comes first. */
export function imageOrder(a: string, b: string): number {
  const [left, right] = [a.split(/[\\/]/), b.split(/[\\/]/)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = nameOrder(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Of names that differ, one is always first: to the collator z2 and z02 are the same. */
export function nameOrder(a: string, b: string): number {
  return NATURAL.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
