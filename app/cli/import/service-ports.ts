import type { ServiceSpec } from "@plinth/resource";
import { EXTRA_PORTS_MAX, PUBLISHED_MAX } from "../schema-bounds.ts";
import { checkKeys } from "./keys.ts";
import { type Part, child, isMap } from "./part.ts";
import { PORT_KEYS } from "./service-keys.ts";
import type { ComposeService, Translating } from "./translated.ts";

const PORT_MAX = 65_535;
/** Compose's. */
const EVERYWHERE = "0.0.0.0";

type Range = readonly [first: number, last: number];

/** What an entry of `ports` says. */
interface Published {
  readonly address: string;
  readonly published: Range | undefined;
  readonly target: Range;
}

/** True where the file says that others connect to the service. */
export const saysPorts = ({ part }: ComposeService, { values }: Translating): boolean =>
  ["expose", "ports"].some((key) => values.oneOrMore(child(part, key)).length > 0);

/** `port`, `extraPorts` and `publish` of `expose` and `ports`. */
export function portsOf({ name, part }: ComposeService, context: Translating): Partial<ServiceSpec> {
  const targets = new Set<number>();
  for (const each of context.values.list(child(part, "expose"))) {
    for (const port of exposed(each, context)) targets.add(port);
  }
  const leading: { readonly address: string; readonly port: number; readonly target: number }[] = [];
  for (const each of context.values.list(child(part, "ports"))) {
    const entry = entryOf(each, context);
    if (entry === undefined) continue;
    const { address, published, target } = entry;
    for (const port of span(target)) targets.add(port);
    if (published === undefined) {
      const instead = 'say "PORT:TARGET" to reach it from outside';
      context.notes.ignored(each, "it gets no port of the machine; services reach it by its name", instead);
      continue;
    }
    const wide = size(published) !== size(target);
    if (wide && size(target) !== 1) {
      context.notes.refused(each, "as many ports cannot lead to so many others");
      continue;
    }
    if (wide) context.notes.ignored(each, `the first of these ports is taken, ${published[0]}`);
    for (const [index, inside] of [...span(target)].entries())
      leading.push({ address, port: published[0] + index, target: inside });
  }
  const [port, ...extraPorts] = targets;
  if (port === undefined) {
    context.portless.add(name);
    return {};
  }
  // What names no target leads to `port`.
  const publish = leading.map(
    (each) => `${each.address}:${each.port}${each.target === port ? "" : `:${each.target}`}`,
  );
  limit(child(part, "ports"), publish.length, PUBLISHED_MAX, "published ports");
  limit(child(part, "ports") ?? child(part, "expose"), extraPorts.length, EXTRA_PORTS_MAX, "further ports");
  return {
    port,
    ...(extraPorts.length > 0 && { extraPorts }),
    ...(publish.length > 0 && { publish: [...new Set(publish)] }),
  };

  function limit(at: Part | undefined, count: number, most: number, what: string): void {
    if (at !== undefined && count > most)
      context.notes.refused(at, `${count} ${what}, and at most ${most} can be had`);
  }
}

function exposed(part: Part, { notes, values }: Translating): number[] {
  const text = values.text(part, "a port");
  if (text === undefined) return [];
  const [ports = "", protocol = "tcp"] = text.split("/");
  const range = rangeOf(ports);
  if (range === undefined) notes.wrong(part, `a port, such as "8080" or "8080-8085"`);
  else if (protocol === "tcp") return [...span(range)];
  else notes.ignored(part, `only TCP leads from service to service, not ${protocol}`);
  return [];
}

function entryOf(part: Part, context: Translating): Published | undefined {
  const entry = isMap(part) ? longEntry(part, context) : shortEntry(part, context);
  if (entry === undefined) return undefined;
  const { protocol, ...published } = entry;
  if (protocol === "tcp") return published;
  const instead = "leave it to a program outside of Plinth";
  context.notes.refused(part, `only TCP is published, not ${protocol}`, instead);
  return undefined;
}

type Entry = Published & { readonly protocol: string };

function shortEntry(part: Part, { notes, values }: Translating): Entry | undefined {
  const text = values.text(part, "a port");
  if (text === undefined) return undefined;
  const [, host, ports, protocol = "tcp"] =
    /^(?:(\[[0-9A-Fa-f:.]+\]|[0-9.]+):(?=.*:|\d*$))?([0-9:-]+)(?:\/([a-z]+))?$/.exec(text) ?? [];
  // "8080:80" has a number, not an address, before its colon.
  const isAddress = host !== undefined && /[.[]/.test(host);
  const words = `${host !== undefined && !isAddress ? `${host}:` : ""}${ports ?? ""}`.split(":");
  const target = rangeOf(words.at(-1) ?? "");
  const publishedText = words.length > 1 ? words[0]! : "";
  const published = publishedText === "" ? undefined : rangeOf(publishedText);
  if (target === undefined || words.length > 2 || (publishedText !== "" && published === undefined)) {
    notes.wrong(part, 'a port, such as "8080:80", "127.0.0.1:5432:5432" or "8080-8085:80-85"');
    return undefined;
  }
  return { address: addressOf(isAddress ? host : undefined), published, target, protocol };
}

function longEntry(part: Part, { notes, values }: Translating): Entry | undefined {
  checkKeys(part, PORT_KEYS, notes, values);
  const targetText = values.text(child(part, "target"), "a port");
  const publishedText = values.text(child(part, "published"), "a port or a range of them");
  const target = rangeOf(targetText ?? "");
  const published = publishedText === undefined ? undefined : rangeOf(publishedText);
  if (target === undefined || (publishedText !== undefined && published === undefined)) {
    notes.wrong(part, "a port as `target`, and one as `published` if it is to be reached from outside");
    return undefined;
  }
  const address = addressOf(values.text(child(part, "host_ip"), "an address"));
  return { address, published, target, protocol: values.text(child(part, "protocol")) ?? "tcp" };
}

/** As `publish` writes it: an IPv6 address in brackets. */
function addressOf(text: string | undefined): string {
  if (text === undefined || text === "") return EVERYWHERE;
  return text.includes(":") && !text.startsWith("[") ? `[${text}]` : text;
}

function rangeOf(text: string): Range | undefined {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && last <= PORT_MAX && first <= last ? [first, last] : undefined;
}

const size = ([first, last]: Range): number => last - first + 1;
const span = ([first, last]: Range): Iterable<number> =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);
