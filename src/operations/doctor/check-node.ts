import { type Check, failed, ok, warning } from "./check.js";

/** Oldest version that runs, and oldest that is looked after (nodejs/Release). */
const OLDEST = [20, 19] as const;
const MAINTAINED = 22;

/** The interpreter. */
export const checkNode: Check = () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const version = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return Promise.resolve([failed("node", version, `install Node ${OLDEST.join(".")} or later`)]);
  }
  if (major < MAINTAINED) {
    const advice = `it runs, but gets no security fixes any more; Node ${MAINTAINED} or later does`;
    return Promise.resolve([warning("node", version, advice)]);
  }
  return Promise.resolve([ok("node", version)]);
};
