/** The playground in Debian's Chromium, served with the Content-Security-Policies it is made for. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { deflateRawSync } from "node:zlib";
import { launchChromium, whyNoChromium } from "@plinth/dashboard/testing";
import type { Browser, Locator, Page } from "playwright-core";
import { build } from "vite";
import { contentSecurityPolicy, playgroundDirectory } from "./index.ts";
import { examples } from "./src/examples.ts";
import { faintTexts, namelessControls } from "./testing/look.ts";
import { servePlayground, type ServedPlayground } from "./testing.ts";

/** Longest wait for anything on a page; only a failing test waits this long. */
const PATIENCE_MS = 20_000;
/** Of what must be there before anyone can type. */
const PAGE_BYTES_MAX = 420_000;
const MISTAKES = "What the compiler catches";
/** Nested often enough to outlast whoever waits. */
const ENDLESS = `for_each(array!(.a)) -> |_, _| {
  for_each(array!(.a)) -> |_, _| {
    for_each(array!(.a)) -> |_, _| {
      for_each(array!(.a)) -> |_, last| { .last = last }
    }
  }
}`;

suite("playground in Chromium", { skip: whyNoChromium() }, () => {
  let browser: Browser;
  let served: ServedPlayground;

  before(async () => {
    await build({ root: import.meta.dirname, logLevel: "error" });
    [browser, served] = await Promise.all([launchChromium(), servePlayground()]);
  });
  after(async () => {
    await browser.close();
    await served[Symbol.asyncDispose]();
  });

  /** A page of its own, which must neither complain nor ask anybody else for anything. */
  async function visit(
    context: TestContext,
    fragment = "",
    { width = 1280, scheme = "light" }: { width?: number; scheme?: "light" | "dark" } = {},
  ): Promise<Page> {
    const own = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: scheme });
    await own.grantPermissions(["clipboard-read", "clipboard-write"]);
    own.setDefaultTimeout(PATIENCE_MS);
    const page = await own.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(served.url)) complaints.push(request.url());
    });
    context.after(async () => {
      await own.close();
      assert.deepEqual(complaints, []);
    });
    await page.goto(served.url + fragment);
    await ended(page, /value|error|aborted|compile/);
    return page;
  }

  const editor = (page: Page, name: string): Locator => page.getByRole("textbox", { name, exact: true });
  const yields = (page: Page): Locator => page.getByRole("region", { name: "What the program yields" });
  const eventOut = (page: Page): Locator => editor(page, "Event out, as JSON");
  const diagnostics = (page: Page): Locator => page.getByRole("region", { name: "What the compiler says" });
  const ended = (page: Page, how: RegExp): Promise<void> =>
    page.locator("#ending").filter({ hasText: how }).waitFor();

  /** What is shown is of what is written. */
  const settled = (page: Page): Promise<void> => page.locator('main[aria-busy="false"]').waitFor();

  /** As if pasted, in place of all there is. */
  async function write(page: Page, name: "Program" | "Event in, as JSON", text: string): Promise<void> {
    await editor(page, name).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(text);
  }

  test("what is typed is compiled and run, and its value, the event and the JavaScript are shown", async (context) => {
    const page = await visit(context);
    await write(page, "Event in, as JSON", '{"name": "ada", "big": 9007199254740993}');
    await editor(page, "Program").click();
    await page.keyboard.press("Control+a");
    await page.keyboard.type('.name = upcase!(.name)\n"done"');
    await yields(page).getByText('"done"', { exact: true }).waitFor();
    await eventOut(page).getByText('"name": "ADA"').waitFor();
    await eventOut(page).getByText("9007199254740993").waitFor();
    await page.getByText("Generated JavaScript").click();
    await page.getByRole("region", { name: "Generated JavaScript" }).getByText("function run(").waitFor();
  });

  test("a failure and an abort are told with their messages", async (context) => {
    const page = await visit(context);
    await write(page, "Event in, as JSON", '{"n": 1}');
    await write(page, "Program", ".seen = true\nupcase!(.n)");
    await yields(page).getByText("expected string, got integer").waitFor();
    await eventOut(page).getByText('"seen": true').waitFor();
    await write(page, "Program", '.seen = true\nabort "not wanted"');
    await yields(page).getByText("not wanted").waitFor();
    await eventOut(page).getByText('"seen"').waitFor({ state: "detached" });
  });

  test("what it logs and the metadata it leaves are shown, and nothing of an earlier run stays", async (context) => {
    const page = await visit(context);
    await write(page, "Program", 'log({ "n": 1 }, level: "warn")\n%route = "slow"\n1.0');
    await yields(page).getByText('warn: {"n":1}').waitFor();
    await yields(page).getByText('"route": "slow"').waitFor();
    await write(page, "Program", "2");
    await yields(page).getByText("2", { exact: true }).waitFor();
    assert.equal(await yields(page).textContent(), "2");
  });

  test("of a text with very many mistakes the first are told, and how many others there are", async (context) => {
    const page = await visit(context);
    await write(page, "Program", "f()\n".repeat(150));
    await page.locator("#diagnostics-count").getByText("100 errors, 50 more").waitFor();
    assert.equal(await diagnostics(page).getByRole("listitem").count(), 100);
  });

  test("a mistake is underlined where it is, explained, and found by keys and by its title", async (context) => {
    const page = await visit(context);
    await write(page, "Program", '.a = 1\n.b = upcasse("x")\n');
    const mark = page.locator(".cm-lintRange-error");
    await mark.getByText("upcasse").waitFor();
    assert.deepEqual(await mark.allTextContents(), ["upcasse"]);
    await diagnostics(page).getByText("^^^^^^^").waitFor();
    await editor(page, "Program").press("F8");
    await page.locator(".cm-tooltip-lint").getByText('did you mean "upcase"?').waitFor();
    await diagnostics(page)
      .getByRole("button", { name: /E105.*undefined function/ })
      .click();
    await page.keyboard.insertText("upcase");
    await eventOut(page).getByText('"b": "X"').waitFor();
    await mark.waitFor({ state: "detached" });
  });

  test("where the event is no JSON it says so and marks the place", async (context) => {
    const page = await visit(context);
    await write(page, "Program", ".");
    await write(page, "Event in, as JSON", '{\n  "é": "ü",\n  "b": ?\n}');
    await page.locator("#event-problem").getByText("Line 3: expected value").waitFor();
    assert.deepEqual(await page.locator(".cm-lintRange-error").allTextContents(), ["?"]);
    await ended(page, /cannot be read/);
    await write(page, "Event in, as JSON", "[1]");
    await page.locator("#event-problem").getByText("The event must be an object").waitFor();
  });

  test("a link brings program, event and timezone to somebody else", async (context) => {
    const page = await visit(context);
    await write(page, "Program", '.at = parse_timestamp!(.at, "%Y-%m-%d %H:%M")\n"ünïcode 🎉"');
    await write(page, "Event in, as JSON", '{"at": "2026-07-01 12:00"}');
    await page.getByLabel("Timezone").selectOption("Europe/Amsterdam");
    await eventOut(page).getByText("2026-07-01T10:00:00Z").waitFor();
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.getByText("Link copied").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(link.startsWith(`${served.url}#vrl1=`));

    const other = await visit(context, link.slice(served.url.length));
    await yields(other).getByText('"ünïcode 🎉"').waitFor();
    await eventOut(other).getByText("2026-07-01T10:00:00Z").waitFor();
    assert.equal(await other.getByLabel("Timezone").inputValue(), "Europe/Amsterdam");
  });

  test("links that nobody made here are refused, and what they hold is only text", async (context) => {
    const linkOf = (text: string | Buffer): string => `#vrl1=${deflateRawSync(text).toString("base64url")}`;
    const bomb = linkOf(Buffer.alloc(20_000_000, "["));
    assert.ok(bomb.length < 32_000);
    const page = await visit(context, "#vrl1=%%%");
    await page.getByText("The link cannot be opened: it is not a link to a program.").waitFor();
    // No reason follows itself: each is seen to come.
    for (const [fragment, reason] of [
      [`#vrl1=${"A".repeat(40_000)}`, "too long"],
      [linkOf('{"__proto__": {"program": "1"}}'), "not a link to a program"],
      [bomb, "too long"],
      [linkOf('["1", {}, "UTC"]'), "not a link to a program"],
      [linkOf(JSON.stringify(["1", "{}", "UTC", "x".repeat(2_000_000)])), "too long"],
      [linkOf(Buffer.from([0xff, 0xfe])), "not a link to a program"],
    ] as const) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, fragment);
      await page.getByText(`The link cannot be opened: it is ${reason}.`).waitFor();
    }
    // All the while it shows what it showed.
    await ended(page, /a value/);
    assert.match((await editor(page, "Program").textContent()) ?? "", /parse_json/);
    const markup = '<img src="x" onerror="alert(1)">';
    const other = await visit(
      context,
      linkOf(JSON.stringify([`"${markup.replaceAll('"', '\\"')}"`, "{}", markup])),
    );
    await yields(other).getByText("<img src=").waitFor();
    assert.equal(await other.locator("img").count(), 0);
    assert.equal(await other.getByLabel("Timezone").inputValue(), "UTC");
  });

  test("each example of the menu runs without a complaint, but for the one on mistakes", async (context) => {
    const page = await visit(context);
    for (const { title } of examples) {
      await page.getByLabel("Example").selectOption({ label: title });
      await settled(page);
      const isMistaken = title === MISTAKES;
      assert.equal(
        await page.locator("#diagnostics-count").textContent(),
        isMistaken ? "3 errors" : "none",
        title,
      );
      const ending = (await page.locator("#ending").textContent()) ?? "";
      assert.match(ending, isMistaken ? /does not compile/ : /a value|aborted/, title);
    }
  });

  test("a program that does not end is stopped, and the next one runs", async (context) => {
    const page = await visit(context);
    await write(page, "Event in, as JSON", JSON.stringify({ a: Array.from({ length: 500 }, () => 0) }));
    await write(page, "Program", ENDLESS);
    await yields(page).getByText("did not end within 2 seconds and was stopped").waitFor();
    await ended(page, /stopped/);
    await write(page, "Program", '"alive"');
    await yields(page).getByText('"alive"').waitFor();
  });

  test("where the server forbids the worker to make functions it says so", async (context) => {
    const page = await browser.newPage();
    context.after(() => page.close());
    await page.route(/worker-/, async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "content-security-policy": contentSecurityPolicy };
      await route.fulfill({ response, headers });
    });
    await page.goto(served.url);
    await yields(page)
      .getByText(/The worker that compiles and runs programs failed: .*EvalError/)
      .waitFor();
  });

  test("keys alone complete a name, leave the editor and come back", async (context) => {
    const page = await visit(context);
    await write(page, "Event in, as JSON", '{"user": {"name": "ada"}}');
    await write(page, "Program", "");
    await page.keyboard.type("upc");
    await page.keyboard.press("Control+Space");
    await page.getByRole("option", { name: /^upcase/ }).waitFor();
    const card = page.locator(".function-card").getByText("The string to convert.");
    await card.waitFor();
    // Not under or cut off by anything.
    await card.click({ trial: true });
    // Keys that come at once may have been meant for the text: the editor waits a moment before it takes them.
    await page.waitForTimeout(100);
    await page.keyboard.press("Tab");
    await editor(page, "Program").getByText("upcase()").waitFor();
    await page.keyboard.type("string!(.user.n");
    await page.getByRole("option", { name: "name" }).waitFor();
    await page.waitForTimeout(100);
    await page.keyboard.press("Tab");
    await yields(page).getByText('"ADA"').waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "diagnostics");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "program");
  });

  test("resting on a function's name tells what it does", async (context) => {
    const page = await visit(context);
    await write(page, "Program", 'upcase("a")');
    await editor(page, "Program").getByText("upcase", { exact: true }).hover();
    await page.locator(".cm-tooltip-hover").getByText("The string to convert.").waitFor();
  });

  for (const scheme of ["light", "dark"] as const) {
    test(`in ${scheme} all controls have names, texts stand out, and 360 pixels are enough`, async (context) => {
      for (const width of [1280, 360]) {
        const page = await visit(context, "", { width, scheme });
        for (const { title } of examples) {
          await page.getByLabel("Example").selectOption({ label: title });
          await settled(page);
          assert.deepEqual(await page.evaluate(faintTexts), [], title);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, title);
        }
        assert.deepEqual(await page.evaluate(namelessControls), []);
      }
    });
  }

  test("the page is light: the library comes with the worker", () => {
    const assets = join(playgroundDirectory, "assets");
    const bytes = readdirSync(assets)
      .filter((file) => !file.startsWith("worker-"))
      .reduce((sum, file) => sum + statSync(join(assets, file)).size, 0);
    assert.ok(bytes < PAGE_BYTES_MAX, `${bytes} bytes`);
  });
});
