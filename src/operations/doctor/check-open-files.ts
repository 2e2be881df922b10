import { fileReason } from "../../frames/file-reasons.js";
import { assureOpenFiles, FILES_NEEDED } from "../open-files.js";
import { type Check, failed, ok } from "./check.js";

/** The limit of open files. */
export const checkOpenFiles: Check = () => {
  try {
    assureOpenFiles();
  } catch (error) {
    const advice = "ulimit -n 4096, or LimitNOFILE=4096 in the unit";
    return Promise.resolve([failed("open files", fileReason(error), advice)]);
  }
  return Promise.resolve([ok("open files", `${FILES_NEEDED} more may be opened`)]);
};
