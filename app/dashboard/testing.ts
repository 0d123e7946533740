/** A pretended Plinth to develop and test the console against, and Debian's Chromium to see it in. */
export { launchChromium, whyNoChromium } from "./fake/chromium.ts";
export { FakePlinth, type FakePlinthOptions, startFakePlinth } from "./fake/server.ts";
export { CRASH_LINE, FakeShop } from "./fake/shop.ts";
