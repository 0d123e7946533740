import { fieldValue } from "@plinth/grpc";
import { type Head, normalPath } from "@plinth/http1";
import { Policy } from "../policy.ts";
import { fieldLookup, type FieldLookup, headLookup } from "./field-lookup.ts";
import type { RouteMatch, ServiceRoute } from "./service-route.ts";

/** What routes go by of one request. */
interface Asked {
  readonly method: string;
  /** Normal. */
  readonly path: string;
  readonly isGrpc: boolean;
  /** Undefined where no route asks for headers. */
  readonly lookup: FieldLookup | undefined;
}

/** One route as requests ask it. */
export class CompiledRoute {
  readonly name: string;
  readonly policy: Policy;
  /** Its place in the order. */
  readonly index: number;
  /** The whole path; undefined where another will do. */
  readonly path: string | undefined;
  /** Without the slash at its end. */
  readonly #prefix: string | undefined;
  readonly #grpcOnly: boolean;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];

  constructor({ name, match, policy }: ServiceRoute, index: number) {
    this.name = name;
    this.policy = new Policy(policy);
    this.index = index;
    this.path = wholePath(match);
    this.#prefix = pathPrefix(match)?.replace(/\/$/, "");
    this.#grpcOnly = match.grpc !== undefined;
    this.#methods = match.methods === undefined ? undefined : new Set(match.methods);
    this.headers = Object.entries(match.headers ?? {}).map(([key, value]) => [key.toLowerCase(), value]);
  }

  /** All but the whole path, which the table looks up. */
  takes({ method, path, isGrpc, lookup }: Asked): boolean {
    if (this.#grpcOnly && !isGrpc) return false;
    if (this.#methods !== undefined && !this.#methods.has(method)) return false;
    if (this.#prefix !== undefined && !isWithin(path, this.#prefix)) return false;
    for (const [name, value] of this.headers) if (lookup!(name) !== value) return false;
    return true;
  }
}

function wholePath({ path, grpc }: RouteMatch): string | undefined {
  if (grpc?.includes("/") === true) return `/${grpc}`;
  return path === undefined ? undefined : normalPath(path);
}

function pathPrefix({ pathPrefix: prefix, grpc }: RouteMatch): string | undefined {
  if (grpc !== undefined) return grpc.includes("/") ? undefined : `/${grpc}`;
  return prefix === undefined ? undefined : normalPath(prefix);
}

/** In whole segments: /api is within /api, /apis is not. */
function isWithin(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || path.charCodeAt(prefix.length) === SLASH;
}

const SLASH = 0x2f;

/**
 * A service's routes in their order: the first that takes a request decides. Budget: one look-up for all routes of a
 * whole path, one comparison for each of the others before it, one small object.
 */
export class RouteTable {
  readonly #byPath: ReadonlyMap<string, readonly CompiledRoute[]>;
  readonly #others: readonly CompiledRoute[];
  readonly #names: ReadonlySet<string>;
  readonly #asksHeaders: boolean;

  constructor(routes: readonly ServiceRoute[]) {
    const compiled = routes.map((route, index) => new CompiledRoute(route, index));
    const byPath = compiled.filter(({ path }) => path !== undefined);
    this.#byPath = Map.groupBy(byPath, ({ path }) => path!);
    this.#others = compiled.filter(({ path }) => path === undefined);
    this.#names = new Set(compiled.map(({ name }) => name));
    this.#asksHeaders = compiled.some(({ headers }) => headers.length > 0);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The route of an HTTP/1 request. */
  ofHead(head: Head): CompiledRoute | undefined {
    const lookup = this.#asksHeaders ? headLookup(head) : undefined;
    return this.#choose({ method: head.method, path: normalPath(head.target), isGrpc: false, lookup });
  }

  /** The route of an HTTP/2 request. */
  ofFields(method: string, fields: readonly string[], isGrpc: boolean): CompiledRoute | undefined {
    const lookup = this.#asksHeaders ? fieldLookup(fields) : undefined;
    return this.#choose({ method, path: normalPath(fieldValue(fields, ":path") ?? ""), isGrpc, lookup });
  }

  #choose(asked: Asked): CompiledRoute | undefined {
    const known = this.#byPath.get(asked.path);
    const exact = known === undefined ? undefined : firstThatTakes(known, Infinity, asked);
    return firstThatTakes(this.#others, exact?.index ?? Infinity, asked) ?? exact;
  }
}

/** The first of those whose place is before `before`. */
function firstThatTakes(
  routes: readonly CompiledRoute[],
  before: number,
  asked: Asked,
): CompiledRoute | undefined {
  for (const route of routes) {
    if (route.index > before) return undefined;
    if (route.takes(asked)) return route;
  }
  return undefined;
}
