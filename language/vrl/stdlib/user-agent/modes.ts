/** The ways to tell user agents, and the objects they make. */
import type { Value } from "../../runtime/value.ts";
import type { Host } from "../host.ts";
import { type Extracted, type Extractor, extractorOf } from "./uap/extractor.ts";
import type { Agent } from "./woothee/agent.ts";
import { identify } from "./woothee/identify.ts";

export type Mode = "fast" | "reliable" | "enriched";

export function isMode(name: string): name is Mode {
  return name === "fast" || name === "reliable" || name === "enriched";
}

/** Or why the host cannot do it. */
export function identifier(mode: Mode, host: Host): ((text: string) => Value) | string {
  if (mode === "fast") return (text) => plainObject(identify(text));
  if (host.userAgentRules === undefined) return "the host has no rules that tell user agents apart";
  let extractor: Extractor;
  try {
    extractor = extractorOf(host.userAgentRules());
  } catch (error) {
    return `the host's rules that tell user agents apart cannot be read: ${String(error)}`;
  }
  return mode === "reliable"
    ? (text) => reliableObject(text, extractor)
    : (text) => enrichedObject(text, extractor);
}

function plainObject({ name, version, os, osVersion, category }: Agent): Value {
  return {
    browser: { family: name ?? null, version: version ?? null },
    os: { family: os ?? null, version: osVersion ?? null },
    device: { category: category ?? null },
  };
}

function reliableObject(text: string, extractor: Extractor): Value {
  const agent = identify(text);
  if (agent.name !== undefined && agent.os !== undefined) return plainObject(agent);
  return plainObject({
    ...agent,
    name: extractor.browser(text)?.family ?? agent.name,
    os: extractor.system(text)?.family ?? agent.os,
  });
}

const NOTHING: Extracted = { family: "", parts: [] };

function enrichedObject(text: string, extractor: Extractor): Value {
  const { name, version, os, osVersion, category } = identify(text);
  const browser = extractor.browser(text);
  const system = extractor.system(text);
  const device = extractor.device(text);
  const [major, minor, patch] = (browser ?? NOTHING).parts;
  const [osMajor, osMinor, osPatch, osPatchMinor] = (system ?? NOTHING).parts;
  const [brand, model] = (device ?? NOTHING).parts;
  return {
    browser: {
      family: browser?.family ?? name ?? null,
      version: version ?? null,
      major: major ?? null,
      minor: minor ?? null,
      patch: patch ?? null,
    },
    os: {
      family: system?.family ?? os ?? null,
      version: osVersion ?? null,
      major: osMajor ?? null,
      minor: osMinor ?? null,
      patch: osPatch ?? null,
      patch_minor: osPatchMinor ?? null,
    },
    device: {
      family: device?.family ?? null,
      category: category ?? null,
      brand: brand ?? null,
      model: model ?? null,
    },
  };
}
