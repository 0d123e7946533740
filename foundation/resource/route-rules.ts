import { isRecord } from "./explain.ts";
import { type Problem, quoted } from "./problem.ts";

type Path = readonly (string | number)[];
type Values = Readonly<Record<string, unknown>>;

/** The name of what no route takes. */
const DEFAULT_ROUTE = "default";
const places = ["path", "pathPrefix", "grpc"] as const;

/** What must hold of a service's routes beyond the schema; what is misshapen is left to the schema's complaint. */
export function routeProblems(routes: unknown, protocol: unknown, path: Path, problems: Problem[]): void {
  if (!Array.isArray(routes)) return;
  if (protocol === "tcp" && routes.length > 0) {
    problems.push({
      path,
      message: "routes are for requests, and `protocol: tcp` is passed on unread",
      expected: "another protocol, or no routes",
      received: "tcp",
    });
  }
  const before: Values[] = [];
  for (const [index, route] of routes.entries()) {
    if (!isRecord(route)) continue;
    const at = [...path, index];
    nameProblems(route, before, at, problems);
    if (isRecord(route["match"])) {
      matchProblems(route["match"], protocol, [...at, "match"], problems);
      reachProblems(route, before, at, problems);
    }
    before.push(route);
  }
}

function nameProblems(route: Values, before: readonly Values[], at: Path, problems: Problem[]): void {
  const { name } = route;
  const path = [...at, "name"];
  const received = quoted(name);
  if (name === DEFAULT_ROUTE) {
    const expected = "another name";
    problems.push({ path, message: `${received} stands for requests of no route`, expected, received });
  } else if (typeof name === "string" && before.some((other) => other["name"] === name)) {
    const expected = "a name of its own";
    problems.push({ path, message: `another route is named ${received}`, expected, received });
  }
}

function matchProblems(match: Values, protocol: unknown, path: Path, problems: Problem[]): void {
  const said = places.filter((place) => Object.hasOwn(match, place));
  if (said.length > 1) {
    problems.push({
      path,
      message: `the route asks for ${said.length} places at once`,
      expected: `at most one of ${places.join(", ")}`,
      received: said.join(", "),
    });
  }
  if (match["grpc"] !== undefined && protocol === "http") {
    const expected = "`protocol: grpc`, http2 or auto";
    problems.push({
      path: [...path, "grpc"],
      message: "gRPC needs HTTP/2, and `protocol: http` is HTTP/1",
      expected,
      received: quoted(match["grpc"]),
    });
  }
  if (match["grpc"] !== undefined && match["method"] !== undefined) {
    problems.push({
      path: [...path, "method"],
      message: "gRPC calls are all POST",
      expected: "no method beside grpc",
      received: quoted(match["method"]),
    });
  }
  for (const place of ["path", "pathPrefix"]) pathProblems(match[place], [...path, place], problems);
  headerProblems(match["headers"], [...path, "headers"], problems);
}

/** A path that no request has once it is resolved is a mistake. */
function pathProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (typeof value !== "string") return;
  const received = quoted(value);
  if (/%(?![0-9A-Fa-f]{2})/.test(value)) {
    const expected = 'escapes of two digits, such as "%20"';
    problems.push({ path, message: `${received} has a broken escape`, expected, received });
  }
  if (/\/\/|\/(\.|%2e){1,2}(\/|$)/i.test(value)) {
    const expected = 'a path without "//", "/./" and "/../"';
    problems.push({ path, message: `${received} is no path as instances resolve it`, expected, received });
  }
}

function headerProblems(value: unknown, path: Path, problems: Problem[]): void {
  if (!isRecord(value)) return;
  const names = new Set<string>();
  for (const name of Object.keys(value)) {
    const lower = name.toLowerCase();
    const received = quoted(name);
    if (lower === "host") {
      const expected = "another header; `ingress` says which service answers for which host name";
      problems.push({ path: [...path, name], message: "routes do not go by host name", expected, received });
    } else if (names.has(lower)) {
      const expected = "each header once: capitals make no difference";
      problems.push({ path: [...path, name], message: `${received} stands there twice`, expected, received });
    }
    names.add(lower);
  }
}

/** A route after one that takes all of its requests would never have any. */
function reachProblems(route: Values, before: readonly Values[], at: Path, problems: Problem[]): void {
  const wider = before.find((other) => isRecord(other["match"]) && covers(other["match"], route["match"]));
  if (wider === undefined) return;
  problems.push({
    path: [...at, "match"],
    message: `route ${quoted(wider["name"])} before it takes all of its requests`,
    expected: "the narrower route first: the first that matches decides",
    received: quoted(route["name"]),
  });
}

/** Whether all that `other` takes is taken by `match`. False for what is misshapen. */
function covers(match: Values, other: unknown): boolean {
  if (!isRecord(other) || Object.keys(match).length === 0 || Object.keys(other).length === 0) return false;
  if (match["grpc"] !== undefined && other["grpc"] === undefined) return false;
  return coversPath(match, other) && coversMethods(match, other) && coversHeaders(match, other);
}

function coversPath(match: Values, other: Values): boolean {
  const [wide, narrow] = [placeOf(match), placeOf(other)];
  if (wide === undefined) return true;
  if (narrow === undefined || (wide.isExact && !narrow.isExact)) return false;
  if (wide.isExact) return wide.text === narrow.text;
  return narrow.text === wide.text || narrow.text.startsWith(`${wide.text}/`);
}

interface Place {
  readonly text: string;
  readonly isExact: boolean;
}

/** Undefined where any path will do. */
function placeOf({ path, pathPrefix, grpc }: Values): Place | undefined {
  if (typeof path === "string") return { text: path, isExact: true };
  if (typeof pathPrefix === "string") return { text: pathPrefix.replace(/\/$/, ""), isExact: false };
  if (typeof grpc === "string") return { text: `/${grpc}`, isExact: grpc.includes("/") };
  return undefined;
}

function coversMethods(match: Values, other: Values): boolean {
  const wide = match["method"];
  if (!Array.isArray(wide)) return true;
  const narrow = other["grpc"] === undefined ? other["method"] : ["POST"];
  return Array.isArray(narrow) && narrow.length > 0 && narrow.every((method) => wide.includes(method));
}

function coversHeaders(match: Values, other: Values): boolean {
  if (!isRecord(match["headers"])) return true;
  const narrow = new Map(
    Object.entries(isRecord(other["headers"]) ? other["headers"] : {}).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  return Object.entries(match["headers"]).every(([name, value]) => narrow.get(name.toLowerCase()) === value);
}
