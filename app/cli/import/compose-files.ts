import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** In the Compose specification's order: the first that is there is taken. */
export const COMPOSE_NAMES: readonly string[] = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yaml",
  "docker-compose.yml",
];

/** The file that is merged on top of one; only for the names that are found by themselves, as Compose has it. */
export function overrideOf(file: string): string | undefined {
  if (!COMPOSE_NAMES.includes(basename(file))) return undefined;
  const stem = basename(file).replace(/\.ya?ml$/, "");
  return ["yaml", "yml"]
    .map((extension) => join(dirname(file), `${stem}.override.${extension}`))
    .find((name) => existsSync(name));
}

/** Keys that only a Compose file has, and such that only Plinth's own has. */
const COMPOSE_ROOT = ["version", "networks", "volumes", "secrets", "configs", "include"];
const COMPOSE_SERVICE = [
  "ports",
  "expose",
  "environment",
  "env_file",
  "build",
  "depends_on",
  "networks",
  "healthcheck",
];
const PLINTH_ROOT = ["stores", "ingress", "$schema"];
const PLINTH_SERVICE = [
  "calls",
  "env",
  "health",
  "cwd",
  "port",
  "policy",
  "routes",
  "isolate",
  "egress",
  "replicas",
];

/** True for a YAML file of Compose's form; its name decides, else what is in it. */
export function isCompose(file: string, value: unknown): boolean {
  const name = basename(file);
  if (!/\.ya?ml$/.test(name) || name.startsWith("plinth.config.")) return false;
  if (/^(docker-)?compose([.-].*)?\.ya?ml$/.test(name)) return true;
  if (!isRecord(value) || !isRecord(value["services"])) return false;
  const services = Object.values(value["services"]).filter(isRecord);
  const has = (root: readonly string[], service: readonly string[]): boolean =>
    root.some((key) => Object.hasOwn(value, key)) ||
    services.some((each) => service.some((key) => Object.hasOwn(each, key)));
  if (has(PLINTH_ROOT, PLINTH_SERVICE)) return false;
  return has(COMPOSE_ROOT, COMPOSE_SERVICE) || !Object.hasOwn(value, "name");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
