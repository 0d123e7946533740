/** The shop by itself, without a mesh: its services call each other directly. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { Agent, get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { freePort } from "@plinth/process/testing";

const root = import.meta.dirname;
const httpServer = createRequire(import.meta.url).resolve("http-server/bin/http-server");
const running: ChildProcess[] = [];

interface Running {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything written so far. */
  readonly output: () => string;
}

async function start(
  service: string,
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const port = await freePort();
  const [program = "", ...parameters] = command.map((part) => part.replace("$PORT", String(port)));
  const child = spawn(program, parameters, {
    cwd: join(root, service),
    env: { PATH: process.env["PATH"], PORT: String(port), HOST: "127.0.0.1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  return { url: `http://127.0.0.1:${port}`, process: child, output: () => output };
}

async function ready({ url, process: child, output }: Running, path = "/healthz"): Promise<void> {
  for (;;) {
    assert.deepEqual([child.exitCode, child.signalCode], [null, null], output());
    const answered = await fetch(`${url}${path}`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const node = [process.execPath, "server.ts"];

suite("shop", () => {
  let storefront: Running;
  let payment: Running;

  before(async () => {
    const catalog = await start("catalog", node);
    payment = await start("payment", ["perl", "server.pl"]);
    const assets = await start("assets", [
      process.execPath,
      httpServer,
      ".",
      "-a",
      "127.0.0.1",
      "-p",
      "$PORT",
    ]);
    const cart = await start("cart", node, { PLINTH_CATALOG_URL: catalog.url });
    const checkout = await start("checkout", node, {
      PLINTH_CART_URL: cart.url,
      PLINTH_PAYMENT_URL: payment.url,
    });
    storefront = await start("storefront", node, {
      PLINTH_CATALOG_URL: catalog.url,
      PLINTH_CART_URL: cart.url,
      PLINTH_CHECKOUT_URL: checkout.url,
      PLINTH_ASSETS_URL: assets.url,
    });
    await Promise.all([
      ...[catalog, payment, cart, checkout, storefront].map((service) => ready(service)),
      ready(assets, "/shop.css"),
    ]);
  });

  after(async () => {
    for (const child of running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
  });

  test("a shopper browses, fills a cart and gets an order, or a kind word when the bank fails", async () => {
    const home = await fetch(storefront.url);
    assert.match(await home.text(), /Morning mug/);
    const image = await fetch(`${storefront.url}/assets/images/mug.svg`);
    assert.equal(image.headers.get("content-type"), "image/svg+xml");
    await image.arrayBuffer();

    const added = await fetch(`${storefront.url}/cart/add`, {
      method: "POST",
      body: new URLSearchParams({ id: "mug" }),
      headers: { cookie: "cart=lamp:1" },
      redirect: "manual",
    });
    assert.equal(added.status, 303);
    const cookie = added.headers.get("set-cookie")?.split(";")[0] ?? "";
    assert.equal(cookie, "cart=lamp:1.mug:1");
    const cart = await fetch(`${storefront.url}/cart`, { headers: { cookie } });
    assert.match(await cart.text(), /€ 153\.00/);

    const paid = await fetch(`${storefront.url}/checkout`, {
      method: "POST",
      body: new URLSearchParams({ name: "<Ada>" }),
      headers: { cookie },
    });
    const page = await paid.text();
    if (paid.status === 201) assert.match(page, /Thank you, &lt;Ada&gt;/);
    else assert.match(page, /Nothing was charged/);
    assert.ok(paid.status === 201 || paid.status === 402, page);
  });

  test("what the shop does not have is a 404, and an empty cart cannot be paid", async () => {
    for (const path of ["/nothing", "/products/anvil"]) {
      const response = await fetch(`${storefront.url}${path}`);
      assert.equal(response.status, 404);
      await response.arrayBuffer();
    }
    const response = await fetch(`${storefront.url}/checkout`, { method: "POST", body: "name=x" });
    assert.equal(response.status, 422);
    assert.match(await response.text(), /The cart is empty/);
  });

  test("payment keeps connections alive and answers several at once", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (): Promise<boolean> => {
      const request = get(`${payment.url}/healthz`, { agent });
      const [response] = (await once(request, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      return request.reusedSocket;
    };
    assert.equal(await ask(), false);
    assert.equal(await ask(), true);
    agent.destroy();

    const charges = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const response = await fetch(`${payment.url}/charges`, {
          method: "POST",
          body: JSON.stringify({ amountCents: index, reference: "test" }),
        });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.ok(charges.every((status) => [201, 402, 503].includes(status)));
    assert.ok(charges.includes(201));
  });

  for (const service of ["payment", "storefront"] as const) {
    test(`${service} finishes requests under way at SIGTERM, then exits with 0`, async () => {
      const target = service === "payment" ? payment : storefront;
      const request =
        service === "payment"
          ? fetch(`${target.url}/charges`, { method: "POST", body: '{"amountCents": 100}' })
          : fetch(`${target.url}/checkout`, {
              method: "POST",
              body: "name=x",
              headers: { cookie: "cart=mug:1" },
            });
      // Under way: the request has been written once the next one on another connection is answered.
      await ready(target);
      const exited = once(target.process, "exit");
      target.process.kill("SIGTERM");
      const response = await request;
      await response.arrayBuffer();
      assert.ok(response.status < 600);
      assert.deepEqual(await exited, [0, null]);
    });
  }

  test("catalog with BREAK=crash says why and exits with 1; with BREAK=unready it is silent to probes", async () => {
    const crashing = await start("catalog", node, { BREAK: "crash" });
    const [code] = (await once(crashing.process, "close")) as [number];
    assert.equal(code, 1);
    assert.match(crashing.output(), /PRICES is not set/);

    const unready = await start("catalog", node, { BREAK: "unready" });
    await ready(unready, "/products");
    await assert.rejects(fetch(`${unready.url}/healthz`, { signal: AbortSignal.timeout(150) }));
  });
});
