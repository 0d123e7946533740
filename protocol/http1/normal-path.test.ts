import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { normalPath } from "./normal-path.ts";

const rounds = { numRuns: Number(process.env["PLINTH_ROUNDS"] ?? 10) * 100 };

test("normalPath() gives one text for what is one place to servers", () => {
  for (const [target, path] of [
    ["/checkout", "/checkout"],
    ["/checkout?to=/search", "/checkout"],
    ["/checkout#x", "/checkout"],
    ["//checkout", "/checkout"],
    ["/%63heckout", "/checkout"],
    ["/checkout/../search", "/search"],
    ["/checkout/%2e%2E/search", "/search"],
    ["/a/./b/", "/a/b/"],
    ["/a/b/..", "/a/"],
    ["/a/..", "/"],
    ["/..", "/"],
    ["/a//../b", "/b"],
    ["/.well-known/x", "/.well-known/x"],
    ["/a..b/...", "/a..b/..."],
    ["/a%2fb", "/a%2Fb"],
    ["/a%252e", "/a%252e"],
    ["/a%20b", "/a%20b"],
    ["/a b", "/a%20b"],
    ["/caf\u00c3\u00a9", "/caf%C3%A9"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/user%40example", "/user@example"],
    ["/100%", "/100%"],
    ["http://shop.test/search?q=1", "/search"],
    ["http://shop.test", "/"],
    ["http://shop.test?q=/a", "/"],
    ["HTTP://shop.test//a/../search", "/search"],
    ["*", "*"],
    ["", "/"],
  ] as const) {
    assert.equal(normalPath(target), path, target);
  }
});

const octet = fc.nat({ max: 255 }).map((code) => String.fromCharCode(code));
const piece = fc.oneof(
  fc.constantFrom("/", "//", ".", "..", "/./", "/../", "%2e", "%2F", "%25", "%", "?", "#", "a", "*"),
  octet,
);
const target = fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join("")}`);

test("normalPath() changes nothing of what it gave", () => {
  fc.assert(
    fc.property(target, (text) => {
      const path = normalPath(text);
      assert.match(path, /^\/[!-~]*$/);
      assert.ok(!/\/\/|\/\.{1,2}(\/|$)|[?#]/.test(path), path);
      assert.equal(normalPath(path), path);
    }),
    rounds,
  );
});

const plainCharacters = "abcXYZ019-._~!$&'()*+,;=:@".split("");
const segment = fc
  .array(fc.constantFrom(...plainCharacters), { minLength: 1, maxLength: 6 })
  .map((characters) => characters.join(""))
  .filter((text) => text !== "." && text !== "..");

test("normalPath() sees through every way to write a path that servers resolve alike", () => {
  const detour = fc.constantFrom("/", "/.", "//", "/%2e", "/x/..", "/x/%2e%2E", "/x//..", "/x/./..");
  const written = fc.array(
    fc.record({
      segment,
      detours: fc.array(detour, { maxLength: 3 }),
      escapes: fc.array(fc.nat({ max: 5 })),
    }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(written, fc.boolean(), fc.constantFrom("", "?a=/../b", "#c"), (parts, isAbsolute, rest) => {
      let text = isAbsolute ? "http://shop.test" : "";
      for (const { segment: plain, detours, escapes } of parts) {
        text += `${detours.join("")}/`;
        for (const [index, character] of plain.split("").entries())
          text += escapes.includes(index) ? `%${character.charCodeAt(0).toString(16)}` : character;
      }
      assert.equal(normalPath(text + rest), `/${parts.map(({ segment: plain }) => plain).join("/")}`);
    }),
    rounds,
  );
});
