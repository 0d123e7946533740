/** The console in Debian's Chromium, against an API that only pretends. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { dashboardDirectory } from "./index.ts";
import {
  CRASH_LINE,
  type FakePlinth,
  type FakePlinthOptions,
  FakeShop,
  launchChromium,
  startFakePlinth,
  whyNoChromium,
} from "./testing.ts";

const BUNDLE_BYTES_MAX = 400_000;
const pageNames = ["overview", "services", "logs", "releases", "status"];

/** The texts whose contrast with what is behind them is less than WCAG's AA asks. */
function faintTexts(): string[] {
  // Runs in the page, which sees nothing outside this function.
  // oxlint-disable unicorn/consistent-function-scoping
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([red = 0, green = 0, blue = 0]: number[]): number => {
    const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): number[] => {
    for (let each = element; each !== null; each = each.parentElement) {
      const color = channels(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint: string[] = [];
  for (const element of document.querySelectorAll("main *, header *, .banner *")) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== "",
    );
    if (!own || element.closest(":disabled, svg, .stale, .sr, option") !== null) continue;
    const text = luminance(channels(getComputedStyle(element).color));
    const ground = luminance(behind(element));
    const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (contrast < 4.5) faint.push(`${element.textContent?.slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  // oxlint-enable unicorn/consistent-function-scoping
  return faint;
}

suite("dashboard in Chromium", { skip: whyNoChromium() }, () => {
  let browser: Browser;

  before(async () => {
    await build({ root: import.meta.dirname, logLevel: "error" });
    browser = await launchChromium();
  });
  after(() => browser.close());

  /** A page at `fragment` of a pretended Plinth of its own, both gone when the test ends. */
  async function visit(
    context: TestContext,
    fragment: string,
    options: FakePlinthOptions & { scheme?: "light" | "dark"; width?: number } = {},
  ): Promise<{ page: Page; fake: FakePlinth; shop: FakeShop }> {
    const { scheme = "dark", width = 1280, ...fakeOptions } = options;
    const shop = options.shop ?? new FakeShop(150);
    if (options.shop === undefined) shop.deploy();
    const fake = await startFakePlinth({ ...fakeOptions, shop });
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    context.after(async () => {
      await page.close();
      await fake[Symbol.asyncDispose]();
    });
    await page.goto(fake.url + fragment);
    return { page, fake, shop };
  }

  test("without an app it says which command makes one, and shows the app once it is there", async (context) => {
    const shop = new FakeShop(150);
    const { page } = await visit(context, "", { shop });
    await page.getByText("plinth up", { exact: true }).waitFor();
    shop.deploy();
    await page.getByRole("button", { name: /^catalog: Ready, 2\/2 ready/ }).waitFor();
  });

  test("the graph carries success, rate and latency, and opens details by mouse and keyboard", async (context) => {
    const { page } = await visit(context, "#/shop/overview");
    const edge = page.getByRole("button", {
      name: /^ingress calls storefront: 100 % success, \d\.\d\/s, p95/,
    });
    await edge.waitFor();
    await page.getByRole("button", { name: /^payment:/ }).click();
    await page.getByRole("heading", { name: /^payment/ }).waitFor();
    await edge.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "ingress → storefront" }).waitFor();
  });

  test("a call shows what is spoken and how it is secured, and its live requests can be held still", async (context) => {
    const { page } = await visit(context, "#/shop/overview?caller=checkout&callee=payment");
    await page.getByRole("button", { name: /^checkout calls payment: .*; gRPC · √ mTLS$/ }).waitFor();
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByText("mutual TLS").waitFor();
    await details.getByText("spiffe://plinth-fake/app/shop/service/payment").waitFor();
    const rows = details.getByRole("list", { name: "Requests, newest first" }).getByRole("listitem");
    await rows.filter({ hasText: "GET /products/mug" }).first().waitFor();
    await details.getByRole("button", { name: "Pause" }).click();
    await details.getByText("Held still.").waitFor();
    const held = await rows.allTextContents();
    await page.waitForTimeout(400);
    assert.deepEqual(await rows.allTextContents(), held);
    await details.getByRole("button", { name: "Go on" }).click();
    await details.getByText("Live.").waitFor();
  });

  test("where the graph would not fit, services and their calls are listed and can be chosen", async (context) => {
    const { page } = await visit(context, "#/shop/overview", { width: 375 });
    const list = page.getByRole("list", { name: "Call graph of shop" });
    await list.getByRole("button", { name: /^→ payment 100 %/ }).click();
    await page.getByRole("heading", { name: "checkout → payment" }).waitFor();
    await list.getByRole("button", { name: /^catalog/ }).click();
    await page.getByRole("heading", { name: /^catalog/ }).waitFor();
  });

  test("a service says where each of its callers finds it", async (context) => {
    const { page } = await visit(context, "#/shop/services");
    const addresses = page.getByRole("list", { name: "Addresses of catalog, by caller" });
    await addresses.getByText("cart calls it at http://127.66.0.2:10000").waitFor();
  });

  test("a broken release is shipped from the panel, explained, and undone, while the old one serves", async (context) => {
    const { page, fake } = await visit(context, "#/shop/overview");
    await page.getByRole("button", { name: "Ship a release that crashes" }).click();
    const banner = page.getByRole("status").filter({ hasText: "Release 3 was halted" });
    await banner.waitFor();
    assert.match(
      (await banner.textContent()) ?? "",
      /catalog crashed at start \(exit code 1\).*Release 2 keeps serving/,
    );
    await page.getByText(CRASH_LINE).waitFor();
    assert.ok(
      fake.deeds.includes('PATCH /apps/shop {"spec":{"services":{"catalog":{"env":{"BREAK":"crash"}}}}}'),
    );

    await page.getByRole("link", { name: "See why" }).click();
    const failed = page
      .getByRole("listitem")
      .filter({ has: page.getByRole("heading", { name: "Release 3" }) });
    await failed.getByText("exited with 1 before it was ready, 3 times").waitFor();
    await failed.getByText("env BREAK=crash added").waitFor();
    await failed.getByText("GET /healthz: connection refused").waitFor();

    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await banner.waitFor({ state: "detached" });
    assert.ok(fake.deeds.includes('POST /apps/shop/rollback {"to":2}'));
  });

  test("killing an instance and flooding go to the API as asked", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/overview");
    const victim = shop.store.list("Instance").find(({ metadata }) => metadata.name.includes("cart"))!
      .metadata.name;
    await page.getByLabel("Which instance").selectOption(victim);
    await page.getByRole("button", { name: "Kill an instance" }).click();
    await page.getByRole("button", { name: /^cart: Ready, 1\/1 ready · 1 restart/ }).waitFor();
    await page.getByRole("button", { name: "Flood the catalog" }).click();
    await page.getByRole("button", { name: "End the flood" }).waitFor();
    await page.getByRole("button", { name: /^flood: Ready, 1\/1/ }).waitFor();
    assert.deepEqual(fake.deeds, [
      `POST /instances/${victim}/signal {"signal":"SIGKILL"}`,
      'PATCH /apps/shop {"spec":{"services":{"flood":{"replicas":1}}}}',
    ]);
  });

  test("what finds no proxy is counted as the load generator tells it, and each deed is in the diary", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/overview");
    const loadgen = shop.store.list("Instance").find(({ metadata }) => metadata.name.includes("loadgen"))!;
    fake.write(loadgen.metadata.name, JSON.stringify({ level: "info", failures_total: 3 }));
    const diary = page.getByRole("list", { name: "What was done" });
    await page.getByRole("button", { name: "Kill the proxy" }).click();
    await diary.getByText("the load generator lost 4 requests").waitFor();
    await diary.getByText(/another proxy serves after \d\.\d s/).waitFor();
    await page.getByLabel("Failed requests since this page opened").filter({ hasText: /^4$/ }).waitFor();

    await page.getByRole("button", { name: "Fill the store of carts" }).click();
    await diary.getByText(/the store refuses writes: .* after/).waitFor();
    await page.getByRole("button", { name: "Empty the store of carts" }).click();
    await diary.getByText(/takes writes again, after/).waitFor();

    await page.getByRole("button", { name: "Expire certificates" }).click();
    await diary.getByText(/11 certificates are new after/).waitFor();
    assert.deepEqual(fake.deeds, [
      'POST /processes/proxy/signal {"signal":"SIGKILL"}',
      'PATCH /apps/shop {"spec":{"services":{"hoard":{"replicas":1}}}}',
      'PATCH /apps/shop {"spec":{"services":{"hoard":{"replicas":0}}}}',
      "POST /identity/expire ",
    ]);
  });

  test("another host can be switched off once there is one, and the page says how to join one and bring it back", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/overview");
    const panel = page.getByRole("region", { name: "Break it" });
    assert.ok(await panel.getByRole("button", { name: "Switch off a second host" }).isDisabled());
    await panel.getByText("plinth join-token | ssh OTHER plinth join").waitFor();
    shop.join("beta");
    await panel.getByRole("button", { name: "Switch off beta" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("type plinth join on beta").waitFor();
    await dialog.getByRole("button", { name: "Switch off" }).click();
    await panel.getByText(/beta is given up: nobody calls it any more, after/).waitFor();
    await panel.getByText("beta does not answer. On it, plinth join brings it back.").waitFor();
    shop.join("beta");
    await panel.getByText(/beta is back after/).waitFor();
    assert.deepEqual(fake.deeds, ["POST /hosts/beta/halt "]);
  });

  test("failed requests are counted from when the page opened", async (context) => {
    const { page, fake } = await visit(context, "#/shop/overview");
    const counter = page.getByLabel("Failed requests since this page opened");
    await page.getByText(/failed requests of [1-9]/).waitFor();
    assert.equal(await counter.textContent(), "0");
    fake.traffic.extraFailures.set("ingress→storefront", 3);
    await counter.filter({ hasText: "3" }).waitFor();
  });

  test("when the daemon is killed the page says so and goes on by itself", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/services");
    await page.getByText("2/2 ready").first().waitFor();
    await fake.die();
    await page.getByText("Reconnecting…").waitFor();
    const name = shop.store.list("Instance").find(({ metadata }) => metadata.name.includes("cart"))!
      .metadata.name;
    shop.update(name, { exposed: "0.0.0.0:20005", exitCode: 137 });
    await fake.back();
    await page.getByText("Listens on 0.0.0.0:20005").waitFor();
    await page.getByText("Reconnecting…").waitFor({ state: "detached" });
  });

  test("a history compacted away is listed anew", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/services");
    await page.getByText("2/2 ready").first().waitFor();
    await fake.die();
    const [first] = shop.store.list("Instance");
    shop.update(first!.metadata.name, { reason: "before the compaction" });
    shop.store.compact();
    await fake.back();
    await page.getByText("before the compaction").waitFor();
    shop.store.compact();
    shop.update(first!.metadata.name, { reason: "after the compaction" });
    await page.getByText("after the compaction").waitFor();
  });

  test("logs follow, filter and pause", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/logs?service=catalog");
    const [one = "", other = ""] = shop.store
      .list("Instance")
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith("shop.catalog."));
    await page.getByText("Following.").waitFor();
    fake.write(one, "\u001b[31mGET /mug\u001b[0m 200");
    fake.write(other, "GET /lamp 200 <b>not bold</b>");
    const log = page.getByRole("log");
    await log.getByText("GET /mug 200").waitFor();
    await log.getByText("<b>not bold</b>").waitFor();

    await page.getByPlaceholder("Filter by text").fill("LAMP");
    await log.getByText("GET /mug 200").waitFor({ state: "detached" });
    assert.equal(await log.locator("mark").textContent(), "lamp");

    await page.getByRole("button", { name: "Pause" }).click();
    fake.write(one, "a second lamp");
    await page.getByText("Paused, 1 new.").waitFor();
    assert.equal(await log.getByText("a second").count(), 0);
    await page.getByRole("button", { name: "Go on" }).click();
    await log.getByText("a second").waitFor();
  });

  test("logs of a service with logs.remap show what its lines were read as, or as they were written", async (context) => {
    const { page, fake, shop } = await visit(context, "#/shop/logs?service=payment");
    const one = shop.store
      .list("Instance")
      .map(({ metadata }) => metadata.name)
      .find((name) => name.startsWith("shop.payment."))!;
    await page.getByText("Following.").waitFor();
    fake.write(one, '{"message":"charged","amount":12,"order":9007199254740993}');
    fake.write(one, '{"message":"refused","amount":7,"level":"error"}');
    const log = page.getByRole("log");
    await log.getByText("charged").waitFor();
    assert.match((await log.textContent()) ?? "", /charged.*amount=12.*order=9007199254740993/s);
    assert.equal(await log.locator(".alarming").count(), 1);

    await page.getByPlaceholder("Filter by text or field=value").fill("amount=7");
    await log.getByText("charged").waitFor({ state: "detached" });
    assert.equal(await log.locator("mark").textContent(), "7");
    await page.getByPlaceholder("Filter by text or field=value").fill("");
    await page.getByRole("button", { name: "As written" }).click();
    await log.getByText('{"message":"charged","amount":12').waitFor();
  });

  test("a session that ended asks for a new one", async (context) => {
    const { page, fake } = await visit(context, "#/shop/overview");
    await page.getByRole("button", { name: /^cart:/ }).waitFor();
    fake.refuse = 401;
    await fake.die();
    await fake.back();
    await page.getByText("plinth open").waitFor();
  });

  for (const scheme of ["light", "dark"] as const) {
    test(`every page is legible in ${scheme}, fits 375 pixels and asks nobody else`, async (context) => {
      const { page, fake } = await visit(context, "#/shop/overview", { scheme, width: 375 });
      const troubles: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
      });
      page.on("request", (request) => {
        if (!request.url().startsWith(fake.url)) troubles.push(`asked ${request.url()}`);
      });
      await page.reload();
      for (const name of pageNames) {
        await page.goto(`${fake.url}#/shop/${name}`);
        await page.locator("h1").first().waitFor({ state: "attached" });
        await page
          .getByRole("link", { name, exact: false })
          .and(page.locator("[aria-current=page]"))
          .waitFor();
        assert.deepEqual(await page.evaluate(faintTexts), [], `${name} in ${scheme}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
      }
      assert.deepEqual(troubles, []);
    });
  }

  test("the theme can be chosen and is kept", async (context) => {
    const { page } = await visit(context, "#/shop/overview", { scheme: "light" });
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByRole("button", { name: "Theme: system" }).click();
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    assert.equal(await ground(), dark);
  });

  test("the bundle stays small", () => {
    const assets = join(dashboardDirectory, "assets");
    const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
    const bytes = scripts.reduce((sum, name) => sum + statSync(join(assets, name)).size, 0);
    assert.ok(bytes < BUNDLE_BYTES_MAX, `${bytes} bytes of JavaScript`);
  });
});
