import { Fault } from "@plinth/fault";
import { type Kind, kinds, type Route, type RouteName, routes } from "@plinth/resource";
import { Refusal } from "./status.ts";

export interface Match {
  readonly name: RouteName;
  readonly route: Route;
  /** The `{name}` segment, decoded. */
  readonly resourceName: string;
  /** The `{store}` segment, decoded; empty where the route has none. */
  readonly storeName: string;
  /** The `{plural}` segment's kind. */
  readonly kind: Kind | undefined;
}

const table = (Object.entries(routes) as [RouteName, Route][]).map(([name, route]) => ({
  name,
  route,
  segments: route.path.split("/"),
}));
const kindByPlural = new Map(Object.values(kinds).map((kind) => [kind.plural, kind]));

/** Finds the route of a request; undefined when no route has this path. */
export function match(method: string, path: string): Match | undefined {
  const segments = path.split("/");
  const allow: string[] = [];
  for (const { name, route, segments: expected } of table) {
    if (segments.length !== expected.length) continue;
    let kind: Kind | undefined;
    let resourceName = "";
    let storeName = "";
    const fits = expected.every((part, index) => {
      const segment = segments[index]!;
      if (part === "{plural}") return (kind = kindByPlural.get(segment)) !== undefined;
      if (part === "{name}") resourceName = segment;
      else if (part === "{store}") storeName = segment;
      else return part === segment;
      return segment !== "";
    });
    if (!fits) continue;
    if (route.writableOnly === true && kind?.writable !== true) continue;
    if (route.method === method) {
      const decoded = { resourceName: decodeSegment(resourceName), storeName: decodeSegment(storeName) };
      return { name, route, kind, ...decoded };
    }
    allow.push(route.method);
  }
  if (allow.length === 0) return undefined;
  throw new Refusal("method-not-allowed", `Cannot ${method} ${path}: use ${allow.join(" or ")}`, allow);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal("bad-request", "Cannot read the path: its percent-encoding is wrong");
  }
}

export function notFoundPath(path: string): Fault {
  return new Fault("not-found", `Cannot find ${JSON.stringify(path.slice(0, 200))}: there is no such path`);
}
