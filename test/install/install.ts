/** Installing takes minutes and asks the package registries: CI does it, or who asks for it. */
export const runsInstallTests = process.env.CI === "true" || process.env.PARFOCAL_TEST_INSTALL !== undefined;

/** What a Markdown page links to within its own files, without the place in the page. */
export function markdownLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/i.test(target));
}
