import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MessageDecoder, normalPath, Token } from "@plinth/http1";
import { RouteTable } from "./route-table.ts";
import { type RouteMatch, routesProblem, type ServiceRoute } from "./service-route.ts";

interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly isGrpc?: boolean;
}

const ask = (target: string, method = "GET", headers: Request["headers"] = []): Request => ({
  method,
  target,
  headers,
});

function tableOf(...matches: RouteMatch[]): RouteTable {
  return new RouteTable(matches.map((match, index) => ({ name: `r${index}`, match, policy: {} })));
}

function overHttp1(table: RouteTable, { method, target, headers }: Request): string | undefined {
  const decoder = new MessageDecoder({ kind: "request" });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  decoder.feed(Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: callee\r\n${lines}\r\n`, "latin1"));
  assert.equal(decoder.next(), Token.head, `${method} ${target}`);
  return table.ofHead(decoder.head)?.name;
}

function overHttp2(table: RouteTable, { method, target, headers, isGrpc }: Request): string | undefined {
  const fields = [":method", method, ":path", target];
  for (const [name, value] of headers) fields.push(name.toLowerCase(), value);
  return table.ofFields(method, fields, isGrpc === true)?.name;
}

test("RouteTable takes a whole path, a prefix of whole segments, methods and headers", () => {
  const table = tableOf(
    { path: "/search", methods: ["GET", "HEAD"] },
    { pathPrefix: "/api/" },
    { headers: { "X-Tenant": "blue", "x-beta": "1" } },
    { path: "/", methods: ["POST"] },
  );
  for (const [request, name] of [
    [ask("/search"), "r0"],
    [ask("/search?q=/api"), "r0"],
    [ask("/search", "POST"), undefined],
    [ask("/search/"), undefined],
    [ask("/Search"), undefined],
    [ask("/searches"), undefined],
    [ask("/api"), "r1"],
    [ask("/api/"), "r1"],
    [ask("/api/users/1", "PUT"), "r1"],
    [ask("/apis"), undefined],
    [ask("/x/../api/x"), "r1"],
    [ask("/api/../x"), undefined],
    [ask("//search"), "r0"],
    [ask("/%73earch"), "r0"],
    [ask("/x", "GET", [["x-tenant", "blue"]]), undefined],
    [
      ask("/x", "GET", [
        ["X-Beta", "1"],
        ["x-tenant", "blue"],
      ]),
      "r2",
    ],
    [
      ask("/x", "GET", [
        ["X-Beta", "1"],
        ["x-tenant", "red"],
        ["x-tenant", "blue"],
      ]),
      undefined,
    ],
    [ask("/", "POST"), "r3"],
    [ask("*", "OPTIONS"), undefined],
  ] as const) {
    assert.equal(overHttp1(table, request), name, `HTTP/1 ${JSON.stringify(request)}`);
    assert.equal(overHttp2(table, request), name, `HTTP/2 ${JSON.stringify(request)}`);
  }
  assert.equal(overHttp1(table, ask("http://callee/search")), "r0");
});

test("RouteTable joins what was sent in several headers, and cookies as cookies", () => {
  const table = tableOf({ headers: { "x-tag": "a, b" } }, { headers: { cookie: "a=1; b=2" } });
  const twice = (name: string, ...values: string[]): Request =>
    ask(
      "/",
      "GET",
      values.map((value) => [name, value]),
    );
  for (const over of [overHttp1, overHttp2]) {
    assert.equal(over(table, twice("X-Tag", "a", "b")), "r0");
    assert.equal(over(table, twice("X-Tag", "a, b")), "r0");
    assert.equal(over(table, twice("X-Tag", "b", "a")), undefined);
  }
  assert.equal(overHttp2(table, twice("cookie", "a=1", "b=2")), "r1");
});

test("RouteTable takes gRPC calls by service and method, and nothing else that is sent there", () => {
  const table = tableOf({ grpc: "shop.v1.Cart/Add" }, { grpc: "shop.v1.Cart" });
  const call = (target: string, isGrpc = true): string | undefined =>
    overHttp2(table, { ...ask(target, "POST"), isGrpc });
  assert.equal(call("/shop.v1.Cart/Add"), "r0");
  assert.equal(call("/shop.v1.Cart/Remove"), "r1");
  assert.equal(call("/shop.v1.Carts/Add"), undefined);
  assert.equal(call("/shop.v1.Cart/Add", false), undefined);
});

test("RouteTable: the first route that takes a request decides, whatever they go by", () => {
  const place = fc.constantFrom("/", "/a", "/a/", "/a/b", "/b", "/a%2Fb", "/b/c/d");
  const method = fc.constantFrom("GET", "POST", "PUT");
  const value = fc.constantFrom("1", "2");
  const where = fc.oneof(
    fc.record({ path: place }),
    fc.record({ pathPrefix: place }),
    fc.constant<RouteMatch>({}),
  );
  const match = fc
    .tuple(
      where,
      fc.option(fc.uniqueArray(method, { minLength: 1 })),
      fc.option(fc.dictionary(fc.constantFrom("x", "y"), value)),
    )
    .map(([at, methods, headers]): RouteMatch => ({
      ...at,
      ...(methods && { methods }),
      ...(headers && { headers }),
    }));
  const request = fc.record({
    target: fc.oneof(place, fc.constantFrom("/a/./b", "//a", "/c/../a/b", "/%61", "/a/b/c?d", "/ab")),
    method,
    headers: fc.uniqueArray(fc.tuple(fc.constantFrom("x", "y"), value), { selector: ([name]) => name }),
  });
  const isTaken = (
    { path, pathPrefix, methods, headers = {} }: RouteMatch,
    { target, method: asked, headers: sent }: Request,
  ): boolean => {
    const at = normalPath(target);
    if (path !== undefined && path !== at) return false;
    if (
      pathPrefix !== undefined &&
      !`${at}/`.startsWith(pathPrefix.endsWith("/") ? pathPrefix : `${pathPrefix}/`)
    )
      return false;
    if (methods !== undefined && !methods.includes(asked)) return false;
    return Object.entries(headers).every(([name, wanted]) =>
      sent.some(([key, had]) => key === name && had === wanted),
    );
  };
  fc.assert(
    fc.property(fc.array(match, { maxLength: 8 }), request, (matches, asked) => {
      const index = matches.findIndex((one) => isTaken(one, asked));
      const expected = index < 0 ? undefined : `r${index}`;
      const table = tableOf(...matches);
      assert.equal(overHttp1(table, asked), expected);
      assert.equal(overHttp2(table, asked), expected);
    }),
    { numRuns: Number(process.env["PLINTH_ROUNDS"] ?? 10) * 100 },
  );
});

test("routesProblem() tells what is wrong with routes of a snapshot, and where", () => {
  const good: ServiceRoute = { name: "a", match: { path: "/a", later: 1 } as RouteMatch, policy: {} };
  const told = (routes: unknown): string | undefined => routesProblem(routes)?.place;
  assert.equal(told(undefined), undefined);
  assert.equal(told([good, { ...good, name: "b" }]), undefined);
  for (const [routes, place] of [
    ["x", ""],
    [[1], "[0]"],
    [[good, good], "[1].name"],
    [[{ ...good, name: "" }], "[0].name"],
    [[{ ...good, match: null }], "[0].match"],
    [[{ ...good, match: { path: 1 } }], "[0].match.path"],
    [[{ ...good, match: { methods: "GET" } }], "[0].match.methods"],
    [[{ ...good, match: { headers: { a: 1 } } }], "[0].match.headers"],
    [[{ name: "a", match: {} }], "[0].policy"],
    [[{ ...good, policy: { retry: { limit: -1 } } }], "[0].policy.retry.limit"],
  ] as const) {
    assert.equal(told(routes), place, JSON.stringify(routes));
  }
});
