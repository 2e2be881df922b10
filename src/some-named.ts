/** The first few of some names, and how many more there are, for a message. */
export function someNamed(names: readonly string[], most: number): string {
  const named = names.slice(0, most).join(", ");
  return names.length > most ? `${named}, and ${names.length - most} more` : named;
}
