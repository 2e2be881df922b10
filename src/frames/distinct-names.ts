/**
 * Names of channels, each once: a camera's channels are often all called by its name, and two of one name would be taken for planes of
 * one. The later ones of a name are numbered: "Mono", "Mono (2)". Empty ones stay undefined.
 */
export function distinctNames(names: readonly (string | undefined)[]): (string | undefined)[] {
  const given = names.map((name) => name?.trim() || undefined);
  const used = new Set<string>();
  return given.map((name) => {
    if (name === undefined) return undefined;
    let distinct = name;
    for (let number = 2; used.has(distinct) || (distinct !== name && given.includes(distinct)); number++) {
      distinct = `${name} (${number})`;
    }
    used.add(distinct);
    return distinct;
  });
}
