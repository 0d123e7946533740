import { policyProblem, type PolicyProblem } from "../policy-problem.ts";
import type { ServicePolicy } from "../policy.ts";

/** Which requests a route takes: all that is said must be so. */
export interface RouteMatch {
  /** The whole path. */
  readonly path?: string;
  /** What the path begins with, in whole segments. */
  readonly pathPrefix?: string;
  /** "package.Service" or "package.Service/Method". */
  readonly grpc?: string;
  /** Any of these. Default: all. */
  readonly methods?: readonly string[];
  /** All of these with exactly these values; names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests of a service with settings of their own. */
export interface ServiceRoute {
  readonly name: string;
  readonly match: RouteMatch;
  /** Whole: nothing is taken from the service's. It has no breaker. */
  readonly policy: ServicePolicy;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Checks a service's routes of parsed JSON; what it does not know it leaves alone. */
export function routesProblem(routes: unknown): PolicyProblem | undefined {
  if (routes === undefined) return undefined;
  if (!Array.isArray(routes)) return { place: "", expected: "a list" };
  const names = new Set<unknown>();
  for (const [index, route] of routes.entries()) {
    const problem = routeProblem(route);
    if (problem !== undefined) return { ...problem, place: `[${index}]${problem.place}` };
    const { name } = route as ServiceRoute;
    if (names.has(name)) return { place: `[${index}].name`, expected: "a name of its own" };
    names.add(name);
  }
  return undefined;
}

function routeProblem(route: unknown): PolicyProblem | undefined {
  if (!isRecord(route)) return { place: "", expected: "an object" };
  if (!isText(route["name"])) return { place: ".name", expected: "a text" };
  const { match } = route;
  if (!isRecord(match)) return { place: ".match", expected: "an object" };
  for (const key of ["path", "pathPrefix", "grpc"])
    if (match[key] !== undefined && !isText(match[key]))
      return { place: `.match.${key}`, expected: "a text" };
  const { methods, headers } = match;
  if (methods !== undefined && !(Array.isArray(methods) && methods.every(isText)))
    return { place: ".match.methods", expected: "a list of a text" };
  if (headers !== undefined && !(isRecord(headers) && Object.values(headers).every(isText)))
    return { place: ".match.headers", expected: "an object of texts" };
  const problem = policyProblem(route["policy"] ?? null);
  return problem === undefined ? undefined : { ...problem, place: `.policy${problem.place}` };
}
