/** The shop by itself, without a mesh: its services call each other directly. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
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
/** The command line as users have it. */
const plinth = join(root, "../../app/cli/plinth");
const PASSWORD = "a word of the store's";

async function stop({ process: child }: Running): Promise<number | null> {
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exited;
  return code;
}

suite("shop", () => {
  let storefront: Running;
  let payment: Running;
  let carts: Running;
  const env = { PLINTH_CARTS_URL: "" };
  const data = mkdtempSync(join(tmpdir(), "shop-carts-"));

  before(async () => {
    const quota = "--quota-backend-bytes=4194304";
    const listen = "--listen-client-urls=http://127.0.0.1:$PORT";
    const words = ["sh", plinth, "store", "serve", `--data-dir=${data}`, listen, quota];
    carts = await start(".", words, { PLINTH_STORE_PASSWORD: PASSWORD });
    env.PLINTH_CARTS_URL = `etcd://root:${encodeURIComponent(PASSWORD)}@${new URL(carts.url).host}`;
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
    const cart = await start("cart", node, { PLINTH_CATALOG_URL: catalog.url, ...env });
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
      ready(carts, "/health"),
    ]);
  });

  after(async () => {
    for (const child of running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    rmSync(data, { recursive: true, force: true });
  });

  /** One shopper's browser: keeps the cookie. */
  function browser() {
    let cookie = "";
    const visit = async (path: string, fields?: Record<string, string>): Promise<string> => {
      const response = await fetch(`${storefront.url}${path}`, {
        ...(fields && { method: "POST", body: new URLSearchParams(fields) }),
        headers: { cookie },
        redirect: "manual",
      });
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      assert.ok(response.status < 500, `${path} answered ${response.status}`);
      return response.text();
    };
    return { visit, cookie: () => cookie };
  }

  test("a shopper browses, fills a cart and gets an order, or a kind word when the bank fails", async () => {
    const home = await fetch(storefront.url);
    assert.match(await home.text(), /Morning mug/);
    const image = await fetch(`${storefront.url}/assets/images/mug.svg`);
    assert.equal(image.headers.get("content-type"), "image/svg+xml");
    await image.arrayBuffer();

    const { visit, cookie } = browser();
    await visit("/cart/add", { id: "lamp" });
    await visit("/cart/add", { id: "mug" });
    assert.match(cookie(), /^cart=[0-9a-f-]{36}\.2$/);
    assert.match(await visit("/cart"), /€ 153\.00/);

    const page = await visit("/checkout", { name: "<Ada>" });
    assert.match(page, /Thank you, &lt;Ada&gt;|Nothing was charged/);
    assert.match(cookie(), page.includes("Thank you") ? /\.0$/ : /\.2$/);
  });

  test("while the store is full the shop sells on and says what it cannot keep; with room again it keeps it", async () => {
    const { visit, cookie } = browser();
    await visit("/cart/add", { id: "lamp" });
    const hoard = await start("hoard", node, env);
    while (!hoard.output().includes("nothing more fits")) await once(hoard.process.stdout!, "data");

    await visit("/cart/add", { id: "mug" });
    assert.match(cookie(), /\.2\.mug:1$/);
    const page = await visit("/cart");
    assert.match(page, /no room to keep carts/);
    assert.match(page, /€ 153\.00/);
    assert.match(await visit("/"), /Morning mug/);

    assert.equal(await stop(hoard), 0, hoard.output());
    assert.doesNotMatch(await visit("/cart"), /no room/);
    assert.match(cookie(), /\.2$/);
    assert.match(await visit("/cart"), /€ 153\.00/);
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
          : fetch(`${target.url}/cart/add`, { method: "POST", body: "id=mug", redirect: "manual" });
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
