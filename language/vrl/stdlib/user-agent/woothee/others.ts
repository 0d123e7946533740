/** Telephones before smartphones, appliances, tools, libraries, and what sounds like a crawler. */
import { LinearRegex } from "../../log/regex.ts";
import { type Agent, containsAny, extract, startsWithAny } from "./agent.ts";
import { kddi, UNKNOWN_WINDOWS, willcom } from "./systems.ts";

const docomo = extract(String.raw`DoCoMo/[.0-9]+[ /]([^- /;()"']+)`);
const foma = extract(String.raw`\(([^;)]+);FOMA;`);
const softbank = extract("(?:SoftBank|Vodafone|J-PHONE)/[.0-9]+/([^ /;()]+)");
const jig = extract("jig browser[^;]+; ([^);]+)");
const psp = extract(String.raw`PSP \(PlayStation Portable\); ([.0-9]+)\)`);
const psVita = extract(String.raw`PlayStation Vita ([.0-9]+)\)`);
const ps3 = extract(String.raw`PLAYSTATION 3;? ([.0-9]+)\)`);
const ps4 = extract(String.raw`PlayStation 4 ([.0-9]+)\)`);
const sleipnir = extract("Sleipnir/([.0-9]+)");

/** A telephone's name is its network's; `version` tells its model. */
interface Phone {
  readonly marks: readonly string[];
  readonly name: string;
  readonly os: string;
  readonly version: (text: string) => string | undefined;
}

const phones: readonly Phone[] = [
  {
    marks: ["DoCoMo", ";FOMA;"],
    name: "docomo",
    os: "docomo",
    version: (text) => docomo(text) ?? foma(text),
  },
  { marks: ["KDDI-"], name: "au by KDDI", os: "au", version: kddi },
  { marks: ["SoftBank", "Vodafone", "J-PHONE"], name: "SoftBank Mobile", os: "SoftBank", version: softbank },
  { marks: ["WILLCOM", "DDIPOCKET"], name: "WILLCOM", os: "WILLCOM", version: willcom },
  { marks: ["jig browser"], name: "jig browser", os: "jig", version: jig },
  {
    marks: ["emobile/", "OpenBrowser", "Browser/Obigo-Browser"],
    name: "emobile",
    os: "emobile",
    version: () => undefined,
  },
  { marks: ["SymbianOS"], name: "SymbianOS", os: "SymbianOS", version: () => undefined },
  {
    marks: ["Hatena-Mobile-Gateway/"],
    name: "Mobile Transcoder",
    os: "Mobile Transcoder",
    version: () => "Hatena",
  },
  {
    marks: ["livedoor-Mobile-Gateway/"],
    name: "Mobile Transcoder",
    os: "Mobile Transcoder",
    version: () => "livedoor",
  },
];

export function isPhone(text: string, agent: Agent): boolean {
  const phone = phones.find(({ marks }) => containsAny(text, marks));
  if (phone === undefined) return false;
  agent.name = phone.name;
  agent.os = phone.os;
  agent.category = "mobilephone";
  agent.version = phone.version(text);
  return true;
}

interface Appliance {
  readonly marks: readonly string[];
  readonly name: string;
  /** Its name if absent. */
  readonly os?: string;
  readonly osVersion?: (text: string) => string | undefined;
}

const appliances: readonly Appliance[] = [
  { marks: ["PSP (PlayStation Portable)"], name: "PlayStation Portable", osVersion: psp },
  { marks: ["PlayStation Vita"], name: "PlayStation Vita", osVersion: psVita },
  { marks: ["PLAYSTATION 3 ", "PLAYSTATION 3;"], name: "PlayStation 3", osVersion: ps3 },
  { marks: ["PlayStation 4 "], name: "PlayStation 4", osVersion: ps4 },
  { marks: ["Nintendo 3DS;"], name: "Nintendo 3DS" },
  { marks: ["Nintendo DSi;"], name: "Nintendo DSi" },
  { marks: ["Nintendo Wii;"], name: "Nintendo Wii" },
  { marks: ["(Nintendo WiiU)"], name: "Nintendo Wii U" },
  { marks: ["InettvBrowser/"], name: "InternetTVBrowser", os: "DigitalTV" },
];

export function isAppliance(text: string, agent: Agent): boolean {
  const appliance = appliances.find(({ marks }) => containsAny(text, marks));
  if (appliance === undefined) return false;
  agent.name = appliance.name;
  agent.os = appliance.os ?? appliance.name;
  agent.category = "appliance";
  agent.osVersion = appliance.osVersion?.(text);
  return true;
}

const tools: readonly (readonly [mark: string, name: string])[] = [
  ["AppleSyndication/", "Safari RSSReader"],
  ["compatible; Google Desktop/", "Google Desktop"],
  ["Windows-RSS-Platform", "Windows RSSReader"],
];

export function isTool(text: string, agent: Agent): boolean {
  const tool = tools.find(([mark]) => text.includes(mark));
  if (tool === undefined) return false;
  agent.name = tool[1];
  agent.category = "misc";
  return true;
}

const javaStart = new LinearRegex("^(?:Apache-HttpClient/|Jakarta Commons-HttpClient/|Java/)");
const javaClient = new LinearRegex("[- ]HttpClient(/|$)");
const php = new LinearRegex("^(?:PHP|WordPress|CakePHP|PukiWiki|PECL::HTTP)(?:/| |$)");
const pear = new LinearRegex("(?:PEAR HTTP_Request|HTTP_Request)(?: class|2)");

/** By the language of the library. */
const libraries: readonly (readonly [language: string, isIt: (text: string) => boolean])[] = [
  [
    "Java",
    (text) =>
      javaStart.test(text) || javaClient.test(text) || text.includes("Java(TM) 2 Runtime Environment,"),
  ],
  ["wget", (text) => text.startsWith("Wget/")],
  [
    "perl",
    (text) => startsWithAny(text, ["libwww-perl", "WWW-Mechanize", "LWP::Simple", "LWP ", "lwp-trivial"]),
  ],
  ["ruby", (text) => startsWithAny(text, ["Ruby", "feedzirra", "Typhoeus"])],
  ["python", (text) => startsWithAny(text, ["Python-urllib/", "Twisted "])],
  ["php", (text) => php.test(text) || pear.test(text)],
  ["curl", (text) => text.startsWith("curl/")],
];

const rss = new LinearRegex("(?i)rss(?:reader|bar|[-_ /;()]|[ +]*/)");
const crawler = new LinearRegex("(?i)(?:bot|crawler|spider)(?:[-_ ./;@()]|$)");
const feedParser = new LinearRegex("(?i)(?:feed|web) ?parser");
const watchdog = new LinearRegex("(?i)watch ?dog");
const crawlerMarks = [
  "Rome Client ",
  "UnwindFetchor/",
  "ia_archiver ",
  "Summify ",
  "PostRank/",
  "ASP-Ranker Feed Crawler",
];

export function isRareCase(text: string, agent: Agent): boolean {
  if (text.includes("CFNetwork/")) {
    agent.os = "iOS";
    agent.category = "smartphone";
    return true;
  }
  if (text.includes("Sleipnir/")) {
    agent.name = "Sleipnir";
    agent.version = sleipnir(text);
    agent.os = UNKNOWN_WINDOWS;
    agent.category = "pc";
    return true;
  }
  const library = libraries.find(([, isIt]) => isIt(text));
  if (library !== undefined) {
    agent.version = library[0];
    return named(agent, "HTTP Library", "misc");
  }
  if (rss.test(text) || text.toLowerCase().includes("headline-reader") || text.includes("cococ/"))
    return named(agent, "RSSReader", "misc");
  const isCrawler =
    crawler.test(text) || containsAny(text, crawlerMarks) || feedParser.test(text) || watchdog.test(text);
  return isCrawler && named(agent, "misc crawler", "crawler");
}

function named(agent: Agent, name: string, category: string): true {
  agent.name = name;
  agent.category = category;
  return true;
}
