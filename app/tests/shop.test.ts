/** The example shop as a newcomer meets it: real processes, a real daemon, Debian's Chromium. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { after, before, suite, test } from "node:test";
import { fingerprintContainerDriver } from "@plinth/run";
import { launchChromium, whyNoChromium } from "@plinth/dashboard/testing";
import type { Browser, Locator, Page } from "playwright-core";
import { createPlinth, type Plinth } from "./index.ts";

const SHOP = new URL("../../examples/shop", import.meta.url).pathname;
/** Longest wait for anything on a page; only a failing test waits this long. */
const PATIENCE_MS = 30_000;
const UNAUTHORIZED = 401;
/** One of the shop's services is a container where there can be one, as after \`npm start\`. */
const { available: hasContainers } = await fingerprintContainerDriver(tmpdir());
const CRASH_LINE = /cannot read the price list: PRICES is not set/;

// The tests tell one story, in order, on one Plinth: starting the shop anew for each would take longer than all of them.
suite("the shop in Chromium", { skip: whyNoChromium() }, () => {
  let plinth: Plinth;
  let browser: Browser;
  let page: Page;
  let signInUrl: string;

  before(async () => {
    plinth = createPlinth();
    if (hasContainers) execFileSync(process.execPath, [`${SHOP}/recommend/node-image.ts`]);
    [browser] = await Promise.all([launchChromium(), plinth.up(SHOP)]);
    ({ url: signInUrl } = await plinth.json<{ url: string }>("open"));
    page = await newPage();
  });
  after(async () => {
    await browser.close();
    await plinth[Symbol.asyncDispose]();
  });

  async function newPage(): Promise<Page> {
    // A context of its own: no page knows another's cookies.
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    return context.newPage();
  }

  const goTo = (name: string): Promise<void> =>
    page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
  const node = (name: string, says: string): Locator =>
    page.getByRole("button", { name: new RegExp(`^${name}: ${says}`) });
  const banner = (): Locator => page.getByRole("status").filter({ hasText: "was halted" });
  const diary = (): Locator => page.getByRole("list", { name: "What was done" });

  /** Waits until a good many more requests have been counted, then says how many of all have failed. */
  async function failedRequests(): Promise<string | null> {
    const counted = async (): Promise<number> => {
      const text = (await page.getByText(/failed requests of/).textContent()) ?? "";
      return Number(/failed requests of ([\d,]+)/.exec(text)?.[1]?.replaceAll(",", ""));
    };
    const sofar = await counted();
    await plinth.until("more requests are counted", async () => (await counted()) >= sofar + 20);
    return page.getByLabel("Failed requests since this page opened").textContent();
  }

  test("a visitor clicks through from the shelf to a confirmed order", async () => {
    const visitor = await newPage();
    await visitor.goto(`http://127.0.0.1:${await plinth.ingressPort()}/`);
    await visitor.getByRole("link", { name: "mug" }).first().click();
    const recommended = (await plinth.ps()).find(({ service }) => service === "recommend");
    assert.equal(recommended?.driver, hasContainers ? "container" : "process");
    await visitor.getByRole("heading", { name: "Goes well with it" }).waitFor();
    await visitor.getByRole("button", { name: "Add to cart" }).click();
    await visitor.getByRole("button", { name: /^One .* more$/ }).click();
    await visitor.getByRole("link", { name: "Cart 2" }).waitFor();
    await visitor.getByRole("link", { name: "Check out" }).click();
    await visitor.getByLabel("Who is it for?").fill("Ada");
    // The payment service refuses now and then, and says that trying again usually works.
    const confirmed = visitor.getByRole("heading", { name: "Thank you, Ada" });
    const refused = visitor.getByRole("alert");
    for (let attempt = 1; attempt <= 10; attempt++) {
      await visitor.getByRole("button", { name: /^Pay € / }).click();
      await confirmed.or(refused).waitFor();
      if (await confirmed.isVisible()) break;
    }
    await visitor.getByText(/Your order .+ is on its way/).waitFor();
    await visitor.getByRole("link", { name: "Cart", exact: true }).click();
    await visitor.getByText("Nothing in it yet.").waitFor();
    await visitor.context().close();
  });

  test("the dashboard opens by a URL that works once, and shows what the mesh measures", async () => {
    await page.goto(signInUrl);
    await node("storefront", "Ready, 2/2 ready").waitFor();
    const live = /success, [\d.]+\/s, p95 [\d.]+ m?s; HTTP · same host$/;
    for (const call of ["loadgen calls storefront", "storefront calls catalog", "checkout calls payment"]) {
      await page.getByRole("button", { name: new RegExp(`^${call}: .*${live.source}`) }).waitFor();
    }
    assert.equal(await failedRequests(), "0");

    const second = await newPage();
    const answer = await second.goto(signInUrl);
    assert.equal(answer?.status(), UNAUTHORIZED);
    await second.getByText("This link was used already or has expired").waitFor();
    await second.goto(new URL("/", signInUrl).href);
    await second.getByText("plinth open").waitFor();
    await second.context().close();
  });

  test("the daemon is killed from the page: it says so and goes on, and no request fails", async () => {
    const pid = await plinth.pidOf("daemon");
    await page.getByRole("button", { name: "Kill the daemon" }).click();
    await page.getByText("Reconnecting…").waitFor();
    await page.getByText("Reconnecting…").waitFor({ state: "detached" });
    await diary()
      .getByText(/the daemon is back after/)
      .waitFor();
    assert.notEqual(await plinth.pidOf("daemon"), pid);
    assert.equal(await failedRequests(), "0");
  });

  test("an instance is killed from the page: it comes back, and no request fails", async () => {
    const victim = (await plinth.ps()).find(({ service }) => service === "catalog")!;
    await page.getByLabel("Which instance").selectOption(victim.instance);
    await page.getByRole("button", { name: "Kill an instance" }).click();
    await node("catalog", "Ready, 2/2 ready · 1 restart").waitFor();
    const now = (await plinth.ps()).find(({ instance }) => instance === victim.instance);
    assert.notEqual(now?.pid, victim.pid);
    assert.equal(await failedRequests(), "0");
  });

  test("a release that crashes is shipped: the reason is on the page, the old one serves, and undoing clears it", async () => {
    await page.getByRole("button", { name: "Ship a release that crashes" }).click();
    await banner()
      .getByText(/catalog crashed at start \(exit code 1\)/)
      .waitFor();
    await banner().getByText(CRASH_LINE).waitFor();
    assert.match((await banner().textContent()) ?? "", /Release 1 keeps serving/);
    assert.equal(await failedRequests(), "0");

    await page.getByRole("link", { name: "See why" }).click();
    const failed = page
      .getByRole("listitem")
      .filter({ has: page.getByRole("heading", { name: "Release 2" }) });
    await failed.getByText("env BREAK=crash added").waitFor();
    assert.equal(await failed.getByRole("definition").filter({ hasText: /^1$/ }).count(), 1, "the exit code");
    await failed.getByLabel("The last lines it wrote").getByText(CRASH_LINE).waitFor();

    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await banner().waitFor({ state: "detached" });
    await goTo("Overview");
    await node("catalog", "Ready, 2/2 ready").waitFor();
    assert.equal(await failedRequests(), "0");
  });

  test("the catalog is flooded and the flood ended, and no shopper's request fails", async () => {
    await page.getByRole("button", { name: "Flood the catalog" }).click();
    await page.getByRole("button", { name: /^flood calls catalog: .* success, \d\d+\/s/ }).waitFor();
    assert.equal(await failedRequests(), "0");
    await page.getByRole("button", { name: "End the flood" }).click();
    await node("flood", "Scaled to 0").waitFor();
    assert.equal(await failedRequests(), "0");
  });

  test("cart and store are killed, the store filled and emptied: shoppers keep their carts and lose no request", async () => {
    const visitor = await newPage();
    await visitor.goto(`http://127.0.0.1:${await plinth.ingressPort()}/products/lamp`);
    await visitor.getByRole("button", { name: "Add to cart" }).click();
    for (const service of ["cart", "carts"]) {
      const victim = (await plinth.ps()).find((row) => row.service === service)!;
      await page.getByLabel("Which instance").selectOption(victim.instance);
      await page.getByRole("button", { name: "Kill an instance" }).click();
      const again = `${victim.instance.slice("shop.".length)} is ready again`;
      await diary()
        .getByText(new RegExp(`${again} after`))
        .waitFor();
    }
    await visitor.reload();
    await visitor.getByRole("link", { name: "Cart 1" }).waitFor();
    assert.equal(await visitor.getByRole("status").count(), 0);

    await page.getByRole("button", { name: "Fill the store of carts" }).click();
    await diary()
      .getByText(/the store refuses writes/)
      .waitFor();
    await visitor.getByRole("button", { name: /^One .* more$/ }).click();
    await visitor.getByRole("status").getByText("The shop has no room to keep carts just now.").waitFor();
    await visitor.getByRole("link", { name: "Cart 2" }).waitFor();
    await page.getByRole("button", { name: "Empty the store of carts" }).click();
    await diary()
      .getByText(/takes writes again/)
      .waitFor();
    await visitor.reload();
    await visitor.getByRole("link", { name: "Cart 2" }).waitFor();
    assert.equal(await visitor.getByRole("status").count(), 0);
    await visitor.context().close();
    assert.equal(await failedRequests(), "0");
  });

  test("every certificate is taken for expired and replaced, and no request fails", async () => {
    await page.getByRole("button", { name: "Expire certificates" }).click();
    await diary()
      .getByText(/\d+ certificates are new after/)
      .waitFor();
    assert.equal(await failedRequests(), "0");
  });

  test("what services write in their own ways is read as fields of their types", async () => {
    const fieldsOf = async (service: string): Promise<Record<string, unknown>[]> => {
      const { stdout } = await plinth.run(["logs", service, "--json", "--tail", "50"]);
      const lines = stdout.trim().split("\n");
      return lines.map((line) => (JSON.parse(line) as { fields: Record<string, unknown> }).fields);
    };
    const typesOf = (fields: Record<string, unknown> | undefined): Record<string, string> =>
      Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name, typeof value]));
    const request = { method: "string", path: "string", status: "number" };
    const isRequest = (fields: Record<string, unknown>): boolean => "status" in fields;
    const read = async (service: string) => typesOf((await fieldsOf(service)).find(isRequest));
    assert.deepEqual(await read("storefront"), { ...request, duration_ms: "number" });
    assert.deepEqual(await read("catalog"), { ...request, ms: "number" });
    const charge = { at: "string", outcome: "string", amount_cents: "number", reference: "string" };
    assert.deepEqual(await read("payment"), { ...request, ...charge });
    const { status, size, timestamp } = await read("recommend");
    assert.deepEqual([status, size, timestamp], ["number", "number", "string"]);
  });

  test("logs of all instances follow live, and the filter keeps what contains its text", async () => {
    await goTo("Logs");
    await page.getByText("Following.").waitFor();
    const log = page.getByRole("log");
    const visit = (mark: string): Promise<unknown> => plinth.get(`/products/no-such-thing?${mark}`);
    await visit("first-mark");
    await log.getByText(/first-mark/).waitFor();
    await page.getByPlaceholder("Filter by text").fill("SECOND-mark");
    await log.getByText("No line contains").waitFor();
    await visit("second-mark");
    await log
      .getByText(/second-mark/)
      .first()
      .waitFor();
    assert.equal(await log.locator("mark").first().textContent(), "second-mark");
    assert.equal(await log.getByText(/first-mark/).count(), 0);
  });

  test("the list of releases leads back to an older one and forward again", async () => {
    await goTo("Releases");
    const release = (number: number): Locator =>
      page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: `Release ${number}` }) });
    await release(1)
      .getByText(/Active$/)
      .waitFor();
    for (const to of [3, 1]) {
      await release(to)
        .getByRole("button", { name: `Roll back to ${to}` })
        .click();
      await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
      await release(to)
        .getByText(/Active$/)
        .waitFor();
    }
    await goTo("Overview");
    assert.equal(await failedRequests(), "0");
  });

  test("the proxy is killed from the page, which says what that cost; after that no request fails", async () => {
    await page.getByRole("button", { name: "Kill the proxy" }).click();
    await diary()
      .getByText(/the load generator lost (no|\d+) requests?/)
      .waitFor();
    await diary()
      .getByText(/another proxy serves after/)
      .waitFor();
    // It is gone for half a second, in which some ten requests are made.
    const lost = Number(await failedRequests());
    assert.ok(lost < 60, `${lost} lost`);
    assert.equal(Number(await failedRequests()), lost);
  });
});
