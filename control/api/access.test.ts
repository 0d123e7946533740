import assert from "node:assert/strict";
import { test } from "node:test";
import { routes } from "@plinth/resource";
import * as fc from "fast-check";
import { Fixture, TOKEN } from "./fixture.ts";
import { LOGIN_MS, SESSION_MS } from "./limits.ts";

const paths = Object.values(routes).map(({ method, path, access }) => ({
  method,
  access,
  path: path.replace("{plural}", "apps").replace("{name}", "a").replace("{store}", "b"),
}));
const text = (code: number): string => String(code);

test("every route is 401 without a credential, with a wrong one, and served with the right one", async () => {
  await using fixture = await Fixture.start();
  const wrong = [
    undefined,
    "Bearer ",
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    "Bearer undefined",
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
  ];
  for (const { method, path, access } of paths) {
    for (const authorization of access === "anyone" ? [] : wrong) {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      const {
        code,
        json,
        headers: answered,
      } = await fixture.call(path, { method, headers, anonymous: true });
      assert.equal(code, 401, `${method} ${path} ${authorization}`);
      assert.equal(json.reason, "Unauthorized");
      assert.match(answered["www-authenticate"]!, /^Bearer/);
    }
    const { code, json } = await fixture.call(path, { method });
    // Not served: 405, or a 404 that speaks of the path instead of the thing.
    assert.ok(
      code !== 405 && !(code === 404 && /no such path/.test(json.message)),
      `${method} ${path} ${code}`,
    );
    if (access === "credential") assert.notEqual(code, 401, `${method} ${path}`);
  }
});

test("any other path is 404 to who has a credential and 401 to who has none", async () => {
  await using fixture = await Fixture.start({ dashboard: true });
  const segment = fc.oneof(
    fc.constantFrom(
      "apis",
      "plinth.dev",
      "v1",
      "apps",
      "secrets",
      "..",
      ".",
      "",
      "%2e%2e",
      "value",
      "plugins",
      "API",
    ),
    fc.stringMatching(/^[a-z0-9%~:@!$&'()*+,;=-]{0,8}$/),
  );
  const path = fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join("/")}`);
  const method = fc.constantFrom(
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "HEAD",
    "TRACE",
    "PROPFIND",
  );
  await fc.assert(
    fc.asyncProperty(method, path, async (verb, target) => {
      const { code } = await fixture.call(target, { method: verb, anonymous: true });
      const open = target === "/healthz" || target === "/login";
      if (!open) assert.equal(code, 401, `${verb} ${target}`);
      const known = await fixture.call(target, { method: verb });
      assert.ok(
        [200, 400, 401, 404, 405, 415, 422].includes(known.code),
        `${verb} ${target}: ${text(known.code)}`,
      );
      if (known.code === 200) assert.ok(verb === "GET", `${verb} ${target}`);
    }),
    { numRuns: 300 },
  );
});

test("the Unix socket needs no token", async () => {
  await using fixture = await Fixture.start();
  const answer = await fixture.call("/apis/plinth.dev/v1/apps", { overSocket: true });
  assert.equal(answer.code, 200);
  const unknown = await fixture.call("/nothing", { overSocket: true });
  assert.equal(unknown.code, 404);
});

test("a foreign Host or Origin is refused, token or not", async () => {
  await using fixture = await Fixture.start();
  const { port } = new URL(fixture.api.url!);
  const ask = (headers: Record<string, string>) => fixture.call("/version", { headers });
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.2",
    "0.0.0.0",
    "user@localhost",
    "localhost:1:2",
    "[::1",
  ]) {
    assert.equal((await ask({ Host: host })).code, 403, host);
  }
  for (const host of [`localhost:${port}`, "127.0.0.1", `[::1]:${port}`, "LOCALHOST"]) {
    assert.equal((await ask({ Host: host })).code, 200, host);
  }
  const host = `127.0.0.1:${port}`;
  for (const origin of [
    "null",
    "http://evil.example",
    `https://${host}`,
    "http://127.0.0.1",
    `http://${host}.evil`,
  ]) {
    assert.equal((await ask({ Host: host, Origin: origin })).code, 403, origin);
  }
  assert.equal((await ask({ Host: host, Origin: `http://${host}` })).code, 200);
});

test("a login URL works once, within a minute, and its session outlives a restart", async () => {
  await using fixture = await Fixture.start();
  const login = async (): Promise<string> => {
    const { json } = await fixture.call("/apis/plinth.dev/v1/session", { method: "POST", overSocket: true });
    const url = new URL(json.url);
    assert.equal(url.origin, fixture.api.url);
    return url.pathname + url.search;
  };
  const late = await login();
  await fixture.clock.advance(LOGIN_MS);
  assert.equal((await fixture.call(late, { anonymous: true })).code, 401);

  const path = await login();
  const answer = await fixture.call(path, { anonymous: true });
  assert.equal(answer.code, 303);
  assert.equal(answer.headers.location, "/");
  assert.equal((await fixture.call(path, { anonymous: true })).code, 401);
  const page = await fixture.call(path, { anonymous: true, headers: { Accept: "text/html,*/*" } });
  assert.equal(page.code, 401);
  assert.match(page.text, /<code>plinth open<\/code>/);
  const [setCookie = ""] = answer.headers["set-cookie"] ?? [];
  assert.match(setCookie, /HttpOnly; SameSite=Strict; Path=\//);
  const [pair = ""] = setCookie.split(";");
  const value = pair.slice(pair.indexOf("=") + 1);
  const ask = (cookie: string, headers: Record<string, string> = {}) => {
    const name = `plinth_session_${new URL(fixture.api.url!).port}`;
    const all = { Cookie: `other=1; ${name}=${cookie}`, ...headers };
    return fixture.call("/version", { anonymous: true, headers: all });
  };
  const again = { Cookie: pair, Accept: "text/html" };
  assert.equal((await fixture.call(path, { anonymous: true, headers: again })).code, 303);
  assert.equal((await ask(value)).code, 200);
  assert.equal((await ask(value, { "Sec-Fetch-Site": "same-origin" })).code, 200);
  assert.equal((await ask(value, { "Sec-Fetch-Site": "same-site" })).code, 403);
  assert.equal((await ask(value, { "Sec-Fetch-Site": "cross-site" })).code, 403);
  const [ends, signature] = value.split(".");
  for (const forged of ["", value.slice(0, -1), `${Number(ends) + 1}.${signature}`, `${ends}.`, ".", "x.y"]) {
    assert.equal((await ask(forged)).code, 401, forged);
  }
  await fixture.api[Symbol.asyncDispose]();
  await fixture.listen();
  assert.equal((await ask(value)).code, 200);
  await fixture.clock.advance(SESSION_MS);
  assert.equal((await ask(value)).code, 401);
});

test("createApi() refuses a token that could be guessed", async () => {
  await using fixture = await Fixture.start();
  const { createApi } = await import("./api.ts");
  for (const token of ["", "undefined", "secret"]) {
    const options = { registry: fixture.registry, token, clock: fixture.clock };
    await assert.rejects(createApi(options as unknown as Parameters<typeof createApi>[0]), /API token/);
  }
});
