/** Operating systems, and what kind of device they are of. */
import { type Agent, type Extract, extract } from "./agent.ts";

const windows = extract(String.raw`Windows ([ .a-zA-Z0-9]+)[;\\)]`);
const windowsPhone = extract(String.raw`^Phone(?: OS)? ([.0-9]+)`);
const iosVersion = extract(String.raw`; CPU(?: iPhone)? OS (\d+_\d+(?:_\d+)?) like Mac OS X`);
const osxVersion = extract(String.raw`Mac OS X (10[._]\d+(?:[._]\d+)?)(?:\)|;)`);
const android = extract(String.raw`Android[- ](\d+(?:\.\d+(?:\.\d+)?)?)`);
const blackberry10 = extract("BB10(?:.+)Version/([.0-9]+) ");
const blackberry = extract(String.raw`BlackBerry(?:\d+)/([.0-9]+) `);
const firefoxOs = extract(
  String.raw`^Mozilla/[.0-9]+ \((?:Mobile|Tablet);(?:.*;)? rv:([.0-9]+)\) Gecko/[.0-9]+ Firefox/[.0-9]+$`,
);
/** The models of telephones of two networks. */
export const kddi: Extract = extract(String.raw`KDDI-([^- /;()"']+)`);
export const willcom: Extract = extract("(?:WILLCOM|DDIPOCKET);[^/]+/([^ /;()]+)");
const powerPc = extract(String.raw`rv:(\d+\.\d+\.\d+)`);
const freeBsd = extract(String.raw`FreeBSD ([^;\)]+);`);
const chromeOs = extract(String.raw`CrOS ([^\)]+)\)`);

/** By what user agents call them. */
const windowsVersions: ReadonlyMap<string, string> = new Map([
  ["NT 10.0", "Windows 10"],
  ["NT 6.3", "Windows 8.1"],
  ["NT 6.2", "Windows 8"],
  ["NT 6.1", "Windows 7"],
  ["NT 6.0", "Windows Vista"],
  ["NT 5.1", "Windows XP"],
  ["NT 5.0", "Windows 2000"],
  ["NT 4.0", "Windows NT 4.0"],
  ["98", "Windows 98"],
  ["95", "Windows 95"],
  ["CE", "Windows CE"],
]);

export const UNKNOWN_WINDOWS = "Windows UNKNOWN Ver";

/** Each is tried in turn until one is sure. */
const systems: readonly ((text: string, agent: Agent) => boolean)[] = [
  isWindows,
  isApple,
  isLinux,
  isSmartphone,
  isMobilePhone,
  isNintendo,
  isOther,
];

export function hasSystem(text: string, agent: Agent): boolean {
  return systems.some((isSystem) => isSystem(text, agent));
}

function set(agent: Agent, category: string, os: string, version?: string): true {
  agent.category = category;
  agent.os = os;
  if (version !== undefined && version !== "") agent.osVersion = version;
  return true;
}

function isWindows(text: string, agent: Agent): boolean {
  if (!text.includes("Windows")) return false;
  if (text.includes("Xbox")) {
    agent.name = text.includes("Xbox; Xbox One)") ? "Xbox One" : "Xbox 360";
    return set(agent, "appliance", agent.name);
  }
  const version = windows(text);
  if (version === undefined) return set(agent, "pc", UNKNOWN_WINDOWS);
  const name = windowsVersions.get(version);
  if (name !== undefined) return set(agent, name === "Windows CE" ? "smartphone" : "pc", name, version);
  const phone = windowsPhone(version);
  return phone !== undefined && set(agent, "smartphone", "Windows Phone OS", phone);
}

function isApple(text: string, agent: Agent): boolean {
  if (!text.includes("Mac OS X")) return false;
  if (!text.includes("like Mac OS X"))
    return set(agent, "pc", "Mac OSX", osxVersion(text)?.replaceAll("_", "."));
  const version = iosVersion(text)?.replaceAll("_", ".");
  if (text.includes("iPhone;")) return set(agent, "smartphone", "iPhone", version);
  if (text.includes("iPad;")) return set(agent, "smartphone", "iPad", version);
  if (text.includes("iPod")) return set(agent, "smartphone", "iPod", version);
  return set(agent, "pc", "Mac OSX", version);
}

function isLinux(text: string, agent: Agent): boolean {
  if (!text.includes("Linux")) return false;
  return text.includes("Android")
    ? set(agent, "smartphone", "Android", android(text))
    : set(agent, "pc", "Linux");
}

function isSmartphone(text: string, agent: Agent): boolean {
  const phone = smartphoneOf(text, agent);
  const firefoxVersion = agent.name === "Firefox" ? firefoxOs(text) : undefined;
  if (firefoxVersion !== undefined) return set(agent, "smartphone", "Firefox OS", firefoxVersion);
  return phone !== undefined && set(agent, "smartphone", phone[0], phone[1]);
}

function smartphoneOf(text: string, agent: Agent): [os: string, version?: string | undefined] | undefined {
  for (const device of ["iPhone", "iPad", "iPod"]) if (text.includes(device)) return [device];
  if (text.includes("Android")) return ["Android", android(text)];
  if (text.includes("CFNetwork")) return ["iOS"];
  if (text.includes("BB10")) {
    // Its browser's version is the system's.
    agent.version = undefined;
    return ["BlackBerry 10", blackberry10(text)];
  }
  if (text.includes("BlackBerry")) return ["BlackBerry", blackberry(text)];
  return undefined;
}

function isMobilePhone(text: string, agent: Agent): boolean {
  const kddiModel = text.includes("KDDI-") ? kddi(text) : undefined;
  if (kddiModel !== undefined) {
    agent.version = kddiModel;
    return set(agent, "mobilephone", "au");
  }
  const willcomModel = /WILLCOM|DDIPOCKET/.test(text) ? willcom(text) : undefined;
  if (willcomModel !== undefined) {
    agent.version = willcomModel;
    return set(agent, "mobilephone", "WILLCOM");
  }
  if (text.includes("SymbianOS")) return set(agent, "mobilephone", "SymbianOS");
  // What converts pages for telephones is told, but says nothing of their system.
  for (const [mark, name] of [
    ["Google Wireless Transcoder", "Google"],
    ["Naver Transcoder", "Naver"],
  ] as const) {
    if (!text.includes(mark)) continue;
    agent.name = "Mobile Transcoder";
    agent.version = name;
    set(agent, "mobilephone", "Mobile Transcoder");
  }
  return false;
}

function isNintendo(text: string, agent: Agent): boolean {
  if (text.includes("Nintendo DSi;")) return set(agent, "appliance", "Nintendo DSi");
  return text.includes("Nintendo Wii;") && set(agent, "appliance", "Nintendo Wii");
}

function isOther(text: string, agent: Agent): boolean {
  if (text.includes("(Win98;")) return set(agent, "pc", "Windows 98", "98");
  if (text.includes("Macintosh; U; PPC;") || text.includes("Mac_PowerPC"))
    return set(agent, "pc", "Mac OS Classic", powerPc(text));
  if (text.includes("X11; FreeBSD ")) return set(agent, "pc", "BSD", freeBsd(text));
  return text.includes("X11; CrOS ") && set(agent, "pc", "ChromeOS", chromeOs(text));
}
