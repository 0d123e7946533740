/** Debian's Chromium, driven through playwright-core, which brings no browser of its own. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Why browser tests are skipped, or false where they can run. */
export function whyNoChromium(): string | false {
  return existsSync(EXECUTABLE) ? false : "chromium is missing: apt-get install chromium";
}

/** With a profile of its own, which playwright makes and removes. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-quic",
      "--no-first-run",
      "--disable-sync",
    ],
  });
}
