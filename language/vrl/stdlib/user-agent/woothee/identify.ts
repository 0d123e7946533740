/** Tells browser, system and kind of device by Woothee's rules (version 1.13), which ask for few words and no list of devices. */
import { type Agent, unknownAgent } from "./agent.ts";
import { isBrowser } from "./browsers.ts";
import { isCrawler } from "./crawlers.ts";
import { isAppliance, isPhone, isRareCase, isTool } from "./others.ts";
import { hasSystem } from "./systems.ts";

export function identify(text: string): Agent {
  const agent = unknownAgent();
  if (text === "" || text === "-" || isCrawler(text, agent)) return agent;
  if (isBrowser(text, agent)) {
    hasSystem(text, agent);
    return agent;
  }
  const isKnown =
    isPhone(text, agent) ||
    isAppliance(text, agent) ||
    isTool(text, agent) ||
    hasSystem(text, agent) ||
    isRareCase(text, agent);
  // What rules have begun to tell is not told where none is sure.
  return isKnown ? agent : unknownAgent();
}
