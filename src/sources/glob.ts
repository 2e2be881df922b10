/**
 * A test for paths with forward slashes. `**` stands for any folders, `*` for any characters of one name, `?` for one
 * character, `{a,b}` for either. Upper and lower case are the same.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const expression = new RegExp(`^${translate(pattern)}$`, "i");
  return (path) => expression.test(path);
}

function translate(pattern: string): string {
  return pattern.replace(
    /\*\*\/|\*\*|\*|\?|\{(?<choices>[^{}]*)\}|[\\^$.|+()[\]{}]/g,
    (token: string, choices: string | undefined) => {
      if (choices !== undefined) return `(?:${choices.split(",").map(translate).join("|")})`;
      if (token === "**/") return "(?:[^/]+/)*";
      if (token === "**") return ".*";
      if (token === "*") return "[^/]*";
      if (token === "?") return "[^/]";
      return `\\${token}`;
    },
  );
}
