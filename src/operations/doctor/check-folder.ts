import { access, constants, stat } from "node:fs/promises";
import { fileReason } from "../../frames/file-reasons.js";
import { type Check, failed, ok } from "./check.js";

/** The folder that is watched, if one is. */
export const checkFolder: Check = async ({ sources: { folder } }) => {
  const { enabled, path } = folder;
  if (!enabled || path === undefined) return [];
  try {
    await access(path, constants.R_OK | constants.X_OK);
    if ((await stat(path)).isDirectory()) return [ok("folder", `${path} can be read`)];
    return [failed("folder", `${path} is not a folder`, "set sources.folder.path to one")];
  } catch (error) {
    const advice =
      "create it, or set sources.folder.path; on a network drive also set sources.folder.polling";
    return [failed("folder", `${path}: ${fileReason(error)}`, advice)];
  }
};
