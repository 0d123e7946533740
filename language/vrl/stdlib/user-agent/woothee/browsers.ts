/** Browsers, of computers and telephones that are computers. */
import { LinearRegex } from "../../log/regex.ts";
import { type Agent, containsAny, extract } from "./agent.ts";

const msie = extract("MSIE ([.0-9]+);");
const trident = extract("Trident/([.0-9]+);");
const tridentRevision = extract(" rv:([.0-9]+)");
const ieMobile = extract("IEMobile/([.0-9]+);");
const edge = extract("(?:Edge|Edg|EdgiOS|EdgA)/([.0-9]+)");
const vivaldi = extract("Vivaldi/([.0-9]+)");
const firefoxIos = extract("FxiOS/([.0-9]+)");
const yandex = extract(String.raw`YaBrowser/(\d+\.\d+\.\d+\.\d+)`);
const samsung = extract("SamsungBrowser/([.0-9]+)");
const chrome = extract("(?:Chrome|CrMo|CriOS)/([.0-9]+)");
const operaChrome = extract("OPR/([.0-9]+)");
const version = extract("Version/([.0-9]+)");
const googleApp = extract("GSA/([.0-9]+)");
const firefox = extract("Firefox/([.0-9]+)");
const opera = extract("Opera[/ ]([.0-9]+)");
const appleWebview = new LinearRegex("iP(?:hone;|ad;|od) .*like Mac OS X");

/** Undefined: it is none. The first that matches counts. */
const browsers: readonly ((text: string) => Browser | undefined)[] = [
  (text) => {
    if (!containsAny(text, ["compatible; MSIE", "Trident/", "IEMobile"])) return undefined;
    const number = msie(text) ?? (trident(text) === undefined ? ieMobile(text) : tridentRevision(text));
    return { name: "Internet Explorer", version: number };
  },
  (text) => versioned("Edge", edge(text)),
  (text) => versioned("Vivaldi", vivaldi(text)),
  (text) => versioned("Firefox", firefoxIos(text)),
  (text) => versioned("Yandex Browser", yandex(text)),
  (text) =>
    text.includes("SamsungBrowser/") ? { name: "SamsungBrowser", version: samsung(text) } : undefined,
  safariOrChrome,
  (text) => (text.includes("Firefox/") ? { name: "Firefox", version: firefox(text) } : undefined),
  (text) => (text.includes("Opera") ? { name: "Opera", version: version(text) ?? opera(text) } : undefined),
  (text) => {
    const isApple = appleWebview.test(text) && !text.includes("Safari/");
    return isChromeWebview(text) || isApple ? { name: "Webview", version: version(text) } : undefined;
  },
];

interface Browser {
  readonly name: string;
  readonly version: string | undefined;
}

export function isBrowser(text: string, agent: Agent): boolean {
  for (const browserOf of browsers) {
    const browser = browserOf(text);
    if (browser === undefined) continue;
    agent.name = browser.name;
    agent.version = browser.version;
    return true;
  }
  return false;
}

/** What is known by its version alone. */
function versioned(name: string, number: string | undefined): Browser | undefined {
  return number === undefined ? undefined : { name, version: number };
}

function isChromeWebview(text: string): boolean {
  return text.includes("Chrome") && text.includes("wv");
}

function safariOrChrome(text: string): Browser | undefined {
  if (isChromeWebview(text) || !text.includes("Safari/")) return undefined;
  const chromeVersion = chrome(text);
  if (chromeVersion !== undefined)
    return versioned("Opera", operaChrome(text)) ?? { name: "Chrome", version: chromeVersion };
  return versioned("Google Search App", googleApp(text)) ?? { name: "Safari", version: version(text) };
}
