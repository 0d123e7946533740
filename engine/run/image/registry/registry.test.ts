import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type FakeBlobs, fakeEntry, fakeImage } from "../fake-images.ts";
import type { ImageProgress } from "../progress.ts";
import { openImageStore } from "../store/open.ts";
import type { ImageStore } from "../store/store.ts";
import { type FakeRegistry, type Interference, startFakeRegistry } from "./fake-registry.ts";
import type { RegistryOptions } from "./open.ts";

const IS_SOAK = process.env["PLINTH_SOAK"] === "1";

/** Waits for nothing, and notes how long it should have. */
function impatientClock(waits: number[] = []): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    schedule: (delayMs, callback) => systemClock.schedule(delayMs, callback),
    sleep: (delayMs) => {
      waits.push(delayMs);
      return Promise.resolve();
    },
  };
}

const content = randomBytes(300_000);
const image = fakeImage({ layers: [[{ name: "file", content }]], config: { Cmd: ["serve"] } });
const layer = image.layers[0]!;
const layerPath = `/v2/app/blobs/${layer.digest}`;

interface Scene {
  readonly directory: string;
  readonly store: ImageStore;
  readonly registry: FakeRegistry;
  readonly reference: string;
  readonly waits: readonly number[];
}

async function scene(
  t: TestContext,
  interfere?: Interference,
  options: Partial<RegistryOptions> & { readonly blobs?: FakeBlobs } = {},
): Promise<Scene> {
  const { blobs = image, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "plinth-registry-"));
  const registry = await startFakeRegistry({ image: blobs, ...(interfere !== undefined && { interfere }) });
  const waits: number[] = [];
  const store = await openImageStore(join(directory, "store"), {
    clock: impatientClock(waits),
    registry: { credentialFiles: [join(directory, "auth.json")], ...rest },
  });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, store, registry, reference: `${registry.host}/app:1`, waits };
}

async function refused(work: Promise<unknown>, code: Fault["code"], message: RegExp): Promise<Fault> {
  const error: unknown = await work.then(
    () => assert.fail("it was accepted"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault, String(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  return error;
}

/** Nothing of it may stay under a name that says it is whole. */
async function assertNothingKept({ directory, store }: Scene): Promise<void> {
  assert.deepEqual(await readdir(join(directory, "store", "layers")), []);
  assert.deepEqual(await store.list(), []);
}

async function signInFile(directory: string, host: string, mode = 0o600): Promise<void> {
  const auth = Buffer.from("anna:s3cret").toString("base64");
  const path = join(directory, "auth.json");
  await writeFile(path, JSON.stringify({ auths: { [host]: { auth } } }), { mode });
  await chmod(path, mode);
}

test("pull() from a registry on loopback needs no TLS, and tells how far it is", async (t) => {
  const { store, registry, reference } = await scene(t);
  const seen: ImageProgress[] = [];
  const pulled = await store.pull(reference, { onProgress: (progress) => seen.push(progress) });
  assert.equal(pulled.digest, image.manifest.digest);
  assert.deepEqual(pulled.config.command, ["serve"]);
  const downloads = seen.filter((each) => each.kind === "download");
  assert.equal(downloads.at(-1)?.bytes, layer.bytes);
  const before = registry.requests.length;
  await store.pull(`${registry.host}/app@${image.manifest.digest}`, { name: reference });
  assert.equal(registry.requests.length, before, "what a digest names here needs no registry");
});

test("a download that breaks off goes on where it ended", async (t) => {
  let breaks = 2;
  const ranges: (string | undefined)[] = [];
  const { store, reference } = await scene(t, (request, response) => {
    if (request.url !== layerPath) return false;
    ranges.push(request.headers.range);
    if (breaks-- <= 0) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
    const whole = image.blobs.get(layer.digest)!;
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": whole.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` }),
    });
    response.write(whole.subarray(from, from + 100_000), () => response.destroy());
    return true;
  });
  await store.pull(reference);
  assert.equal(ranges.length, 3);
  assert.equal(ranges[0], undefined);
  const starts = ranges.slice(1).map((range) => Number(/\d+/.exec(range!)![0]));
  assert.ok(starts[0]! > 0 && starts[1]! > starts[0]!, String(starts));
});

test("a part from an earlier attempt that is wrong is fetched again", async (t) => {
  const { directory, store, registry, reference } = await scene(t);
  await writeFile(join(directory, "store", "partial", layer.digest.replace(":", "-")), randomBytes(1000));
  await store.pull(reference);
  assert.equal(registry.requests.filter((request) => request.endsWith(layerPath)).length, 2);
});

test("blobs that lie about their digest or size are cut off, and nothing of them is kept", async (t) => {
  let answer: (response: Parameters<Interference>[1]) => void = () => {};
  const lying = await scene(t, (request, response) => {
    if (request.url !== layerPath) return false;
    answer(response);
    return true;
  });
  const { store, reference } = lying;
  answer = (response) => response.end(randomBytes(layer.bytes));
  await refused(store.pull(reference), "corrupt", /another digest/);
  let sent = 0;
  answer = (response) => {
    // Endless, until somebody hangs up.
    Readable.from(endless((bytes) => (sent += bytes))).pipe(response);
  };
  await refused(store.pull(reference), "corrupt", /more than the \d+ bytes it promised/);
  assert.ok(sent < 64 * 2 ** 20, `${sent} bytes were taken`);
  answer = (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x");
  await refused(store.pull(reference), "corrupt", /encodes a blob/);
  answer = (response) => response.writeHead(206, { "content-range": "bytes 5-9/10" }).end("12345");
  await refused(store.pull(reference), "corrupt", /another part/);
  await assertNothingKept(lying);
});

test("manifests that are no image, lie, or have no end are refused with a word why", async (t) => {
  let body: string | Buffer = "";
  let headers: Record<string, string> = {};
  const lying = await scene(t, (request, response) => {
    if (request.url?.includes("/manifests/") !== true) return false;
    response.writeHead(200, headers).end(body);
    return true;
  });
  const { store, registry, reference } = lying;
  const manifest = image.blobs.get(image.manifest.digest)!;
  body = manifest;
  headers = { "docker-content-digest": `sha256:${"1".repeat(64)}` };
  await refused(store.pull(reference), "corrupt", /another manifest than it says/);
  headers = {};
  await refused(store.pull(`${registry.host}/app@sha256:${"1".repeat(64)}`), "corrupt", /another digest/);
  headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
  await refused(store.pull(reference), "corrupt", /served as .*index.*says itself/);
  headers = { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" };
  body = JSON.stringify({ schemaVersion: 1 });
  await refused(store.pull(reference), "unsupported", /schema 1/);
  headers = {};
  body = Buffer.alloc(5 * 2 ** 20, "x");
  await refused(store.pull(reference), "too-large", /more than \d+ bytes/);
  body = "<html>";
  await refused(store.pull(reference), "corrupt", /no JSON/);
  await assertNothingKept(lying);
});

test(
  "a gzip bomb ends where its blob's size no longer explains it",
  { skip: !IS_SOAK && "PLINTH_SOAK=1 is not set" },
  async (t) => {
    // 600 MiB of zeros in about 600 KB.
    const tar = Buffer.alloc(600 * 2 ** 20);
    const [head] = fakeEntry({ name: "zeros", bytes: tar.length - 2048 });
    tar.set(head!);
    const bomb = await scene(t, undefined, { blobs: fakeImage({ layers: [tar] }) });
    await refused(bomb.store.pull(bomb.reference), "too-large", /bomb/);
    await assertNothingKept(bomb);
  },
);

async function* endless(onSent: (bytes: number) => void): AsyncGenerator<Buffer> {
  for (const piece = Buffer.alloc(65_536); ; onSent(piece.length)) {
    await immediate();
    yield piece;
  }
}

test("a registry that is busy is asked again when it says so, and not for ever", async (t) => {
  let left = 2;
  const busy = await scene(t, (request, response) => {
    if (request.url?.includes("/manifests/") !== true || left-- <= 0) return false;
    response.writeHead(429, { "retry-after": "7" }).end();
    return true;
  });
  const reasons: string[] = [];
  const onProgress = (progress: ImageProgress): void => {
    if (progress.kind === "retry") reasons.push(progress.reason);
  };
  await busy.store.resolve(busy.reference, { onProgress });
  assert.deepEqual(
    busy.waits.map((ms) => ms >= 7000),
    [true, true],
  );
  assert.match(reasons[0]!, /answers 429/);
  left = Number.POSITIVE_INFINITY;
  await refused(busy.store.resolve(busy.reference), "unavailable", /answers 429/);
  assert.equal(busy.waits.length, 2 + 4);
});

test("a registry that sends nothing is given up", async (t) => {
  const silent = await scene(t, (request) => request.url?.includes("/manifests/") === true, { waitMs: 60 });
  await refused(silent.store.resolve(silent.reference), "timeout", /no answer within/);
  const slow = await scene(
    t,
    (request, response) => {
      if (request.url !== layerPath) return false;
      response.writeHead(200);
      response.write("x");
      return true;
    },
    { waitMs: 60 },
  );
  await refused(slow.store.pull(slow.reference), "timeout", /sends almost nothing/);
  const controller = new AbortController();
  const patient = await scene(t, (request) => {
    if (request.url?.includes("/manifests/") !== true) return false;
    controller.abort(new Error("enough"));
    return true;
  });
  await assert.rejects(patient.store.resolve(patient.reference, { signal: controller.signal }), /enough/);
});

test("passwords go to the registry only: not to where it redirects, not into messages, not from a file others may read", async (t) => {
  const elsewhere = await scene(t, undefined);
  const seenElsewhere: (string | undefined)[] = [];
  const store = await startFakeRegistry({
    image,
    interfere: (request) => (seenElsewhere.push(request.headers.authorization), false),
  });
  t.after(() => store[Symbol.asyncDispose]());
  const asked = await scene(t, (request, response) => {
    const expected = `Basic ${Buffer.from("anna:s3cret").toString("base64")}`;
    if (request.headers.authorization !== expected) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="here"' }).end();
      return true;
    }
    if (request.url !== layerPath) return false;
    response.writeHead(307, { location: `http://${store.host}${request.url}` }).end();
    return true;
  });
  const fault = await refused(asked.store.pull(asked.reference), "unauthorized", /answers 401/);
  assert.match(fault.hint!, /login/);
  await signInFile(asked.directory, asked.registry.host, 0o644);
  const open = await refused(asked.store.pull(asked.reference), "forbidden", /other users may read/);
  assert.doesNotMatch(`${open.message}${open.hint}`, /s3cret/);
  await signInFile(asked.directory, asked.registry.host);
  await asked.store.pull(asked.reference);
  assert.deepEqual(seenElsewhere, [undefined]);
  assert.ok(elsewhere.registry.requests.length === 0);
});

test("tokens are asked for where the registry says, with the password there, and used until they run out", async (t) => {
  const scopes: (string | null)[] = [];
  let valid = "";
  const tokens = await startFakeRegistry({
    image,
    interfere: (request, response) => {
      const isAnna =
        request.headers.authorization === `Basic ${Buffer.from("anna:s3cret").toString("base64")}`;
      scopes.push(new URL(request.url!, "http://x").searchParams.get("scope"));
      valid = `token-${scopes.length}`;
      response.writeHead(isAnna ? 200 : 401).end(JSON.stringify({ token: valid, expires_in: 60 }));
      return true;
    },
  });
  t.after(() => tokens[Symbol.asyncDispose]());
  const asked = await scene(t, (request, response) => {
    // The token runs out between the manifest and the layer.
    if (request.url === layerPath && valid === "token-1") valid = "";
    if (request.headers.authorization === `Bearer ${valid}`) return false;
    const challenge = `Bearer realm="http://${tokens.host}/token",service="me",scope="repository:app:pull"`;
    response.writeHead(401, { "www-authenticate": challenge }).end();
    return true;
  });
  await signInFile(asked.directory, asked.registry.host);
  await asked.store.pull(asked.reference);
  assert.deepEqual(scopes, ["repository:app:pull", "repository:app:pull"]);
});

test("TLS: an authority of one's own has to be named, and nothing goes from https to http", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-registry-tls-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = spawnSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
    "-keyout",
    key,
    "-out",
    cert,
    ...subject,
  ]);
  if (made.status !== 0) {
    t.skip("openssl is not there to make a certificate");
    return;
  }
  const seen: (string | undefined)[] = [];
  const plain = await startFakeRegistry({
    image,
    interfere: (request) => (seen.push(request.url), false),
  });
  t.after(() => plain[Symbol.asyncDispose]());
  let downgrades = false;
  const registry = await startFakeRegistry({
    image,
    tls: { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") },
    interfere: (request, response) => {
      if (!downgrades || request.url !== layerPath) return false;
      response.writeHead(302, { location: `http://${plain.host}${request.url}` }).end();
      return true;
    },
  });
  t.after(() => registry[Symbol.asyncDispose]());
  const reference = `${registry.host}/app:1`;
  const stranger = await scene(t);
  const fault = await refused(stranger.store.pull(reference), "forbidden", /certificate is not in order/);
  assert.match(fault.hint!, /--cacert/);
  const trusting = await scene(t, undefined, { caFile: cert });
  downgrades = true;
  await refused(trusting.store.pull(reference), "forbidden", /redirects from https to http/);
  assert.deepEqual(seen, []);
  downgrades = false;
  assert.equal((await trusting.store.pull(reference)).digest, image.manifest.digest);
});

test("mirrors are asked first, and the registry itself for what they lack", async (t) => {
  const mirror = await startFakeRegistry({
    image,
    interfere: (request, response) => {
      if (request.url?.includes("/manifests/") === true) return false;
      response.writeHead(404).end();
      return true;
    },
  });
  t.after(() => mirror[Symbol.asyncDispose]());
  const mirrors: Record<string, readonly string[]> = {};
  const asked = await scene(t, undefined, { mirrors });
  mirrors[asked.registry.host] = [`http://${mirror.host}`];
  await asked.store.pull(asked.reference);
  assert.deepEqual(
    asked.registry.requests
      .filter((request) => request.includes("/v2/app/"))
      .map((each) => each.includes("/blobs/")),
    [true, true],
  );
});

test("a mirror that changes what it gives is passed over, and the registry itself has the last word", async (t) => {
  for (const changed of ["blobs", "manifests"]) {
    const mirror = await startFakeRegistry({
      image,
      interfere: (request, response) => {
        const [, kind, digest] = /\/(blobs|manifests)\/(sha256:.*)$/.exec(request.url ?? "") ?? [];
        if (kind !== changed) return false;
        const [, right] = [...image.blobs].find(([each]) => each === digest)!;
        response.end(Buffer.from(right).fill(32, 0, 8));
        return true;
      },
    });
    t.after(() => mirror[Symbol.asyncDispose]());
    const mirrors: Record<string, readonly string[]> = {};
    const asked = await scene(t, undefined, { mirrors });
    mirrors[asked.registry.host] = [`http://${mirror.host}`];
    const { digest } = await asked.store.pull(`${asked.registry.host}/app@${image.manifest.digest}`);
    assert.equal(digest, image.manifest.digest);
    const served = asked.registry.requests.filter((request) => request.includes(`/v2/app/${changed}/`));
    assert.notEqual(served.length, 0);
    assert.ok(mirror.requests.some((request) => request.includes(`/v2/app/${changed}/`)));
  }
});

test("where a registry redirects to cannot ask for the registry's password", async (t) => {
  const seen: (string | undefined)[] = [];
  const thief = await startFakeRegistry({
    image,
    interfere: (request, response) => {
      seen.push(request.headers.authorization);
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="x"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
      return true;
    },
  });
  t.after(() => thief[Symbol.asyncDispose]());
  const asked = await scene(t, (request, response) => {
    if (request.url !== layerPath) return false;
    response.writeHead(307, { location: `http://${thief.host}${request.url}` }).end();
    return true;
  });
  await signInFile(asked.directory, asked.registry.host);
  await refused(asked.store.pull(asked.reference), "unauthorized", /answers 401/);
  assert.deepEqual(seen, [undefined]);
});

test("a mirror never gets the registry's own password", async (t) => {
  const over = new AbortController();
  const seen: (string | undefined)[] = [];
  const mirror = await startFakeRegistry({
    image,
    interfere: (request, response) => {
      seen.push(request.headers.authorization);
      if (seen.length === 2) over.abort(new Error("seen"));
      response.writeHead(401, { "www-authenticate": 'Basic realm="mirror"' }).end();
      return true;
    },
  });
  t.after(() => mirror[Symbol.asyncDispose]());
  const { directory, store } = await scene(t, undefined, {
    mirrors: { "docker.io": [`http://${mirror.host}`] },
  });
  await signInFile(directory, "docker.io");
  await assert.rejects(store.pull("redis:7", { signal: over.signal }), /seen/);
  assert.deepEqual(seen, [undefined, undefined]);
});

test("an image that a registry does not have is said so, in its words as far as they can be shown", async (t) => {
  const { store, registry } = await scene(t);
  const fault = await refused(
    store.pull(`${registry.host}/app@sha256:${"2".repeat(64)}`),
    "not-found",
    /MANIFEST_UNKNOWN/,
  );
  assert.match(fault.hint!, /spelling/);
});
