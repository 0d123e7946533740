import { isRecord } from "./explain.ts";
import { type Problem, quoted } from "./problem.ts";
import { portsMeet, publishedPort } from "./published-port.ts";

type Path = readonly (string | number)[];
type Named = Readonly<Record<string, unknown>>;

const PORT_MAX = 65_535;
/** What must hold among an app's services: an order of starting, ports and names that are nobody else's. */
export function serviceSetProblems(services: Named, path: Path): Problem[] {
  return [
    ...orderProblems(services, path),
    ...publishProblems(services, path),
    ...aliasProblems(services, path),
  ];
}

function orderProblems(services: Named, path: Path): Problem[] {
  const problems: Problem[] = [];
  const afterOf = (name: string): string[] => {
    const service = services[name];
    return isRecord(service) && isRecord(service["after"]) ? Object.keys(service["after"]) : [];
  };
  const done = new Set<string>();
  for (const first of Object.keys(services)) {
    const way = wayBack(first, afterOf, done);
    if (way === undefined) continue;
    problems.push({
      path: [...path, way[0]!, "after", way[1]!],
      message: `none of them can start first: ${[...way, way[0]!].map(quoted).join(" after ")}`,
      expected: "services that can start one after another",
      received: quoted(way[1]!),
    });
    return problems;
  }
  return problems;
}

/** A way from service to service that comes back to where it began. */
function wayBack(
  first: string,
  afterOf: (name: string) => readonly string[],
  done: Set<string>,
): string[] | undefined {
  const way: string[] = [];
  const visit = (name: string): string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return way.slice(at);
    if (done.has(name)) return undefined;
    way.push(name);
    for (const other of afterOf(name)) {
      const found = visit(other);
      if (found !== undefined) return found;
    }
    way.pop();
    done.add(name);
    return undefined;
  };
  return visit(first);
}

function publishProblems(services: Named, path: Path): Problem[] {
  const problems: Problem[] = [];
  const taken: { readonly address: string; readonly port: number; readonly service: string }[] = [];
  for (const [service, spec] of Object.entries(services)) {
    if (!isRecord(spec) || !Array.isArray(spec["publish"])) continue;
    const own = new Set([spec["port"], ...(Array.isArray(spec["extraPorts"]) ? spec["extraPorts"] : [])]);
    for (const [index, text] of spec["publish"].entries()) {
      if (typeof text !== "string") continue;
      const place = [...path, service, "publish", index];
      const tell = (message: string, expected: string): void => {
        problems.push({ path: place, message, expected, received: quoted(text) });
      };
      const { address, port, target } = publishedPort(text);
      if (port > PORT_MAX || (target ?? 1) > PORT_MAX) {
        tell(`${quoted(text)} has no such port`, `ports from 1 to ${PORT_MAX}`);
        continue;
      }
      if (target !== undefined && !own.has(target))
        tell(`service ${quoted(service)} has no port ${target}`, "its `port`, or one of its `extraPorts`");
      const other = taken.find((one) => portsMeet(one, { address, port }));
      if (other === undefined) taken.push({ address, port, service });
      else tell(`port ${port} is published by service ${quoted(other.service)} already`, "a port of its own");
    }
  }
  return problems;
}

function aliasProblems(services: Named, path: Path): Problem[] {
  const problems: Problem[] = [];
  const owners = new Map(Object.keys(services).map((name) => [name, name]));
  for (const [service, spec] of Object.entries(services)) {
    if (!isRecord(spec) || !Array.isArray(spec["aliases"])) continue;
    for (const [index, alias] of spec["aliases"].entries()) {
      if (typeof alias !== "string") continue;
      const owner = owners.get(alias);
      if (owner === undefined) owners.set(alias, service);
      else
        problems.push({
          path: [...path, service, "aliases", index],
          message: `service ${quoted(owner)} is called ${quoted(alias)} already`,
          expected: "a name of its own",
          received: quoted(alias),
        });
    }
  }
  return problems;
}
