import assert from "node:assert/strict";
import { test } from "node:test";
import { pathText } from "./problem.ts";
import { validate } from "./validate.ts";

const problems = (routes: unknown, more: object = {}): string[] =>
  validate("ServiceSpec", { command: ["x"], routes, ...more }).map(
    ({ path, message }) => `${pathText(path)}: ${message}`,
  );
const route = (name: string, match: unknown): unknown => ({ name, match });

test("routes take paths, prefixes, gRPC, methods and headers, with a policy but for the breaker", () => {
  assert.deepEqual(
    problems([
      {
        name: "search",
        match: { path: "/search", method: ["GET", "HEAD"] },
        policy: { timeout: { request: "500ms" }, retry: { on: ["5xx"], limit: 2 } },
      },
      { name: "beta", match: { headers: { "X-Beta": "yes please" } } },
      { name: "checkout", match: { pathPrefix: "/checkout/" }, policy: {} },
      { name: "method", match: { grpc: "shop.v1.Cart/Add" } },
      { name: "service", match: { grpc: "shop.v1.Cart" } },
    ]),
    [],
  );
  assert.deepEqual(problems([{ name: "a", match: { path: "/" }, policy: { breaker: false } }]), [
    'routes[0].policy.breaker: unknown key "breaker"',
  ]);
});

test("all that is wrong with routes is said at once, each with its place", () => {
  assert.deepEqual(
    problems([
      route("default", { path: "/a" }),
      route("Bad", { path: "b" }),
      route("empty", {}),
      route("two", { path: "/c", pathPrefix: "/d" }),
      route("two", { path: "/e?x=1" }),
      route("dots", { pathPrefix: "/f/../g" }),
      route("slashes", { path: "//h" }),
      route("escape", { path: "/%zz" }),
      route("methods", { path: "/i", method: ["get"] }),
      route("none", { path: "/j", method: [] }),
      route("headers", { headers: { host: "x", "X-A": "1", "x-a": "1", "a b": "1" } }),
      route("post", { grpc: "a.B", method: ["POST"] }),
      route("call", { grpc: "a.B/C/D" }),
      { name: "open" },
    ]),
    [
      'routes[1].name: "Bad" is not valid here',
      'routes[1].match.path: "b" is not valid here',
      "routes[2].match: it is empty",
      'routes[4].match.path: "/e?x=1" is not valid here',
      'routes[8].match.method[0]: "get" is not valid here',
      "routes[9].match.method: the list is too short",
      'routes[10].match.headers["a b"]: "a b" is not a valid name',
      'routes[12].match.grpc: "a.B/C/D" is not valid here',
      'routes[13].match: "match" is missing',
      'routes[0].name: "default" stands for requests of no route',
      "routes[3].match: the route asks for 2 places at once",
      'routes[4].name: another route is named "two"',
      'routes[5].match.pathPrefix: "/f/../g" is no path as instances resolve it',
      'routes[6].match.path: "//h" is no path as instances resolve it',
      'routes[7].match.path: "/%zz" has a broken escape',
      "routes[10].match.headers.host: routes do not go by host name",
      'routes[10].match.headers.x-a: "x-a" stands there twice',
      "routes[11].match.method: gRPC calls are all POST",
      'routes[12].match: route "post" before it takes all of its requests',
    ],
  );
});

test("a route that never gets a request is told which one takes them", () => {
  const taken = (first: unknown, second: unknown): boolean =>
    problems([route("first", first), route("second", second)]).length > 0;
  for (const [first, second, isTaken] of [
    [{ path: "/a" }, { path: "/a" }, true],
    [{ path: "/a" }, { path: "/a", method: ["GET"] }, true],
    [{ path: "/a", method: ["GET"] }, { path: "/a" }, false],
    [{ path: "/a", method: ["GET", "PUT"] }, { path: "/a", method: ["PUT"] }, true],
    [{ path: "/a" }, { pathPrefix: "/a" }, false],
    [{ pathPrefix: "/a/" }, { path: "/a" }, true],
    [{ pathPrefix: "/a" }, { path: "/a/b" }, true],
    [{ pathPrefix: "/a" }, { path: "/ab" }, false],
    [{ pathPrefix: "/" }, { headers: { a: "1" } }, false],
    [{ headers: { A: "1" } }, { path: "/a", headers: { a: "1", b: "2" } }, true],
    [{ headers: { A: "1" } }, { path: "/a", headers: { a: "2" } }, false],
    [{ method: ["POST"] }, { grpc: "a.B" }, true],
    [{ grpc: "a.B" }, { grpc: "a.B/C" }, true],
    [{ grpc: "a.B" }, { path: "/a.B/C" }, false],
    [{ grpc: "a.B/C" }, { grpc: "a.B" }, false],
  ] as const) {
    assert.equal(taken(first, second), isTaken, JSON.stringify([first, second]));
  }
});

test("routes are for what the proxy reads", () => {
  const some = [route("a", { grpc: "a.B" })];
  assert.deepEqual(problems(some, { protocol: "tcp" }), [
    "routes: routes are for requests, and `protocol: tcp` is passed on unread",
  ]);
  assert.deepEqual(problems(some, { protocol: "http" }), [
    "routes[0].match.grpc: gRPC needs HTTP/2, and `protocol: http` is HTTP/1",
  ]);
  assert.deepEqual(problems(some, { protocol: "grpc" }), []);
  assert.equal(
    problems(Array.from({ length: 51 }, (_, at) => route(`r${at}`, { path: `/${at}` }))).length,
    1,
  );
});
