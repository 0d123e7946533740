/** Public suffixes of domain names: by the list that is built in, or by another one in the same format. */
import { parse } from "tldts";
import { domainToAscii } from "../url/domain.ts";

export interface PublicSuffix {
  readonly suffix: string;
  /** Whether the list names it, not only its rule for all others. */
  readonly isKnown: boolean;
}

export type SuffixFinder = (domain: string) => PublicSuffix | undefined;

const OPTIONS = {
  allowPrivateDomains: true,
  detectIp: false,
  extractHostname: false,
  validateHostname: false,
  mixedInputs: false,
} as const;

/** Undefined: there is no name. A dot at the end belongs to the suffix. */
export const builtInSuffix: SuffixFinder = (domain) => withDot(domain, suffixOf);

function suffixOf(name: string): PublicSuffix {
  const { publicSuffix, isIcann, isPrivate } = parse(name, OPTIONS);
  const dot = name.indexOf(".");
  // Of a name that no rule fits, the last label counts.
  if (publicSuffix === null || (isIcann !== true && isPrivate !== true))
    return { suffix: name.slice(name.lastIndexOf(".") + 1), isKnown: false };
  // The library takes `ck` itself for a suffix by the rule `*.ck`, which is of what is below it.
  if (publicSuffix === name && parse(`a.${name}`, OPTIONS).publicSuffix === `a.${name}`)
    return dot === -1 ? { suffix: name, isKnown: false } : suffixOf(name.slice(dot + 1));
  return { suffix: publicSuffix, isKnown: true };
}

function withDot(domain: string, find: SuffixFinder): PublicSuffix | undefined {
  if (domain === "") return undefined;
  if (domain === "." || domain.endsWith("..")) return { suffix: ".", isKnown: false };
  if (!domain.endsWith(".")) return find(domain);
  const found = find(domain.slice(0, -1));
  return found === undefined ? undefined : { ...found, suffix: `${found.suffix}.` };
}

interface Node {
  readonly children: Map<string, Node>;
  rule: "suffix" | "exception" | undefined;
}

/** Reads a list (https://publicsuffix.org/list); undefined: it is none. */
export function suffixFinderOf(list: string): SuffixFinder | undefined {
  const root: Node = { children: new Map(), rule: undefined };
  let hasBegun = false;
  for (const line of list.split("\n")) {
    if (/BEGIN (?:ICANN|PRIVATE) DOMAINS/.test(line)) hasBegun = true;
    const rule = line.trim().split(/\s/)[0]!;
    if (!hasBegun || line.startsWith("//") || rule === "") continue;
    const ascii = domainToAscii(rule);
    if (!addRule(root, rule) || ascii === undefined || !addRule(root, ascii)) return undefined;
  }
  if (root.children.size === 0) return undefined;
  return (domain) => withDot(domain, (name) => findSuffix(root, name));
}

/** False: it is none. */
function addRule(root: Node, rule: string): boolean {
  const isException = rule.startsWith("!");
  if (isException && !rule.includes(".")) return false;
  let node = root;
  for (const label of rule
    .slice(isException ? 1 : 0)
    .toLowerCase()
    .split(".")
    .reverse()) {
    if (label === "") return false;
    let child = node.children.get(label);
    if (child === undefined) {
      child = { children: new Map(), rule: undefined };
      node.children.set(label, child);
    }
    node = child;
  }
  node.rule = isException ? "exception" : "suffix";
  return true;
}

function findSuffix(root: Node, name: string): PublicSuffix {
  const labels = name.split(".").reverse();
  let node: Node | undefined = root.children.get(labels[0]!.toLowerCase());
  let count = 1;
  let isKnown = node?.rule !== undefined;
  for (let index = 1; index < labels.length && node !== undefined; index++) {
    node = node.children.get(labels[index]!.toLowerCase()) ?? node.children.get("*");
    if (node?.rule === undefined) continue;
    isKnown = true;
    count = node.rule === "exception" ? index : index + 1;
    if (node.rule === "exception") break;
  }
  return { suffix: labels.slice(0, count).reverse().join("."), isKnown };
}
