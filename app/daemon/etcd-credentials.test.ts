import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readEtcdCredentials } from "./etcd-credentials.ts";

const FAR = "etcds://a,b:1/team";

test("readEtcdCredentials() reads what is there, and refuses what does not fit or is not secret", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-etcd-credentials-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const put = (name: string, text: string): void =>
    writeFileSync(join(directory, name), text, { mode: 0o600 });
  const read = (url: string) => readEtcdCredentials(directory, url);

  assert.deepEqual(await readEtcdCredentials(join(directory, "none"), "etcd://a"), {});
  assert.deepEqual(await read("etcd://a"), {});
  assert.deepEqual(await read(FAR), { tls: {} });

  put("password", "plinth:a word:with colon\n");
  assert.deepEqual(await read(FAR), {
    tls: {},
    credentials: { user: "plinth", password: "a word:with colon" },
  });
  for (const url of ["etcd://127.0.0.1:1", "etcd://localhost,[::1]:5", "etcd://127.0.0.2/x"]) {
    assert.deepEqual(
      await read(url),
      { credentials: { user: "plinth", password: "a word:with colon" } },
      url,
    );
  }
  for (const url of ["etcd://10.0.0.1", "etcd://localhost,b", "etcd://127.0.0.1.evil.test"]) {
    await assert.rejects(read(url), { code: "invalid", message: /in the clear/ }, url);
  }
  put("password", "no colon");
  await assert.rejects(read(FAR), (error: Error) => !error.message.includes("no colon"));
  put("password", "a:b");
  chmodSync(join(directory, "password"), 0o644);
  await assert.rejects(read(FAR), { code: "forbidden" });
  rmSync(join(directory, "password"));

  put("client.crt", "CERTIFICATE");
  await assert.rejects(read(FAR), { message: /client.crt and client.key belong together/ });
  put("client.key", "KEY");
  put("ca.crt", "CA");
  const [ca, cert, key] = ["CA", "CERTIFICATE", "KEY"].map((text) => Buffer.from(text));
  assert.deepEqual(await read(FAR), { tls: { ca, cert, key } });
  await assert.rejects(read("etcd://127.0.0.1"), { code: "invalid", message: /in the clear/ });
  chmodSync(join(directory, "client.key"), 0o640);
  await assert.rejects(read(FAR), { code: "forbidden" });
  chmodSync(join(directory, "client.key"), 0o600);
  put("cilent.crt", "");
  await assert.rejects(read(FAR), { message: /"cilent.crt" is none of ca.crt, client.crt/ });
});
