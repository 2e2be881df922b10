/**
 * Builds the Java test server (test/java/micro-manager-server) with Maven, unless it is built from these sources.
 * As a program, prints one line of JSON: `{"jar": PATH}` or `{"missing": WHY}`.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../test/java/micro-manager-server", import.meta.url));
const TARGET = join(PROJECT, "target");
const JAR = join(TARGET, "micro-manager-test-server.jar");
const STAMP = join(TARGET, "parfocal-stamp");
/** Held by the process that builds; test workers ask for the jar at the same time. */
const LOCK = join(PROJECT, ".building");
/** A lock this old was left behind by a process that was killed, ms. */
const STALE_LOCK_MS = 10 * 60_000;

/** Path of the jar, or why there is none: `{ jar }` or `{ missing }`. */
export function buildJavaTestServer() {
  if (!runs("java", "-version")) return { missing: "there is no java (the Java test server needs JDK 17)" };
  const digest = digestOfSources();
  if (isBuilt(digest)) return { jar: JAR };
  if (!runs("mvn", "-v")) return { missing: "there is no mvn (Maven builds the Java test server)" };
  takeLock();
  try {
    return isBuilt(digest) ? { jar: JAR } : build(digest);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function runs(command, flag) {
  return spawnSync(command, [flag], { stdio: "ignore" }).status === 0;
}

function build(digest) {
  rmSync(STAMP, { force: true });
  const { status, stdout, stderr } = spawnSync("mvn", ["-B", "-q", "package"], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  if (status !== 0) return { missing: `mvn package failed in ${PROJECT}:\n${stdout}${stderr}` };
  writeFileSync(STAMP, digest);
  return { jar: JAR };
}

function isBuilt(digest) {
  return existsSync(JAR) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest;
}

function digestOfSources() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(PROJECT, "src"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".java"))
    .sort();
  for (const file of ["pom.xml", ...sources.map((name) => join("src", name))]) {
    hash.update(`${file}\0`).update(readFileSync(join(PROJECT, file)));
  }
  return hash.digest("hex");
}

function takeLock() {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!madeLock()) {
    const { mtimeMs } = statSync(LOCK, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > STALE_LOCK_MS) rmSync(LOCK, { recursive: true, force: true });
    Atomics.wait(sleeper, 0, 0, 100);
  }
}

function madeLock() {
  try {
    mkdirSync(LOCK);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(buildJavaTestServer()));
