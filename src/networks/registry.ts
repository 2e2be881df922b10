import { UnknownNameError } from "../errors.js";
import type { Architecture } from "./architecture.js";
import { compact } from "./compact.js";
import { medium } from "./medium.js";
import { yang2018 } from "./yang2018.js";

/** Networks that can be trained, by name. */
export const networks: ReadonlyMap<string, Architecture> = new Map(
  [compact, medium, yang2018].map((n) => [n.name, n]),
);

/** @throws UnknownNameError listing the known names. */
export function networkNamed(name: string): Architecture {
  const network = networks.get(name);
  if (!network) throw new UnknownNameError("network", name, networks.keys());
  return network;
}
