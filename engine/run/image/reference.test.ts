import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "@plinth/fault";
import { parseReference, referenceText } from "./reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

const names: readonly (readonly [text: string, full: string])[] = [
  ["redis", "docker.io/library/redis:latest"],
  ["redis:7", "docker.io/library/redis:7"],
  ["team/app:1.2_x-y", "docker.io/team/app:1.2_x-y"],
  ["docker.io/redis", "docker.io/library/redis:latest"],
  ["index.docker.io/team/app", "docker.io/team/app:latest"],
  ["docker://redis:7", "docker.io/library/redis:7"],
  ["localhost/app", "localhost/app:latest"],
  ["localhost:5000/app:1", "localhost:5000/app:1"],
  ["127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"],
  ["[::1]:5000/app", "[::1]:5000/app:latest"],
  ["ghcr.io/x/y__z.w-v", "ghcr.io/x/y__z.w-v:latest"],
  [`redis@${digest}`, `docker.io/library/redis@${digest}`],
  [`example.org:80/app:1@${digest}`, `example.org:80/app:1@${digest}`],
  ["oci:images/redis", "oci:/base/images/redis"],
  ["oci:/abs/redis:7", "oci:/abs/redis:7"],
  ["archive:../x.tar:docker.io/library/redis:7", "archive:/x.tar:docker.io/library/redis:7"],
  ["docker-archive:x.tar", "docker-archive:/base/x.tar"],
];

for (const [text, full] of names) {
  test(`parseReference() takes ${text.slice(0, 60)} for ${full.slice(0, 60)}`, () => {
    const reference = parseReference(text, "/base");
    assert.equal(referenceText(reference), full);
    assert.deepEqual(
      { ...parseReference(full, "/elsewhere"), shortName: undefined },
      { ...reference, shortName: undefined },
    );
  });
}

const wrong: readonly (readonly [text: string, why: RegExp])[] = [
  ["", /empty/],
  ["Redis", /lower case/],
  ["redis:", /its tag "" is not one/],
  ["redis:a/b:c:d", /its tag "c:d" is not one/],
  [`redis:${"x".repeat(129)}`, /at most 128/],
  ["redis@sha256:abc", /no sha256 or sha512 digest/],
  [`redis@${digest.toUpperCase()}`, /no sha256/],
  ["a//b", /not a name/],
  ["-a/b", /not a name/],
  ["a.b:123456/c", /no host name/],
  ["../etc/passwd", /no host name|not a name/],
  [`a/${"b".repeat(255)}`, /longer than 255/],
  ["oci:", /names no path/],
  ["oci:x:", /nothing follows/],
  ["archive:a\0b", /zero byte/],
];

for (const [text, why] of wrong) {
  test(`parseReference() refuses ${JSON.stringify(text).slice(0, 40)}`, () => {
    assert.throws(
      () => parseReference(text, "/base"),
      (error) =>
        error instanceof Fault &&
        error.code === "invalid" &&
        why.test(error.message) &&
        error.hint !== undefined,
    );
  });
}

test("parseReference() of any text gives a reference or a Fault, and what it gives is read again as itself", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9./:@_-]{0,30}$/));
  fc.assert(
    fc.property(text, (each) => {
      try {
        const full = referenceText(parseReference(each, "/base"));
        assert.equal(referenceText(parseReference(full, "/base")), full);
      } catch (error) {
        assert.ok(error instanceof Fault);
      }
    }),
  );
});
