import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openStore } from "@plinth/store";
import { MeshAddresses } from "./mesh-addresses.ts";

async function withStore(
  run: (addresses: MeshAddresses, again: () => MeshAddresses) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-addresses-"));
  const store = await openStore(join(directory, "state"));
  const make = (): MeshAddresses => new MeshAddresses(store, "10.214.0.0/16");
  try {
    await run(make(), make);
  } finally {
    await store[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  }
}

test("MeshAddresses keeps an address for its owner and gives one that was freed to nobody for long", () =>
  withStore(async (addresses, again) => {
    assert.equal(addresses.gateway, "10.214.0.1");
    const first = await addresses.instance("shop.web.b");
    assert.equal(first, "10.214.0.2");
    assert.equal(await again().instance("shop.web.b"), first);
    await addresses.releaseInstance("shop.web.b");
    assert.equal(await again().instance("shop.web.c"), "10.214.0.3");
    const all = await Promise.all(["d", "f", "g"].map((name) => addresses.instance(`shop.web.${name}`)));
    assert.equal(new Set(all).size, 3);
  }));

test("a service's virtual address is in the upper half and goes with its app alone", () =>
  withStore(async (addresses) => {
    const catalog = await addresses.service("shop", "catalog");
    assert.equal(catalog, "10.214.128.1");
    const other = await addresses.service("shop-two", "catalog");
    await addresses.releaseApp("shop");
    assert.equal(await addresses.service("shop-two", "catalog"), other);
    assert.notEqual(await addresses.service("shop", "catalog"), catalog);
  }));

test("MeshAddresses refuses a subnet that is no /16", () =>
  withStore(async () => {
    for (const subnet of ["10.213.0.0/24", "10.213.1.0/16", "nowhere/16"]) {
      assert.throws(() => new MeshAddresses(undefined as never, subnet), { code: "invalid" });
    }
  }));
