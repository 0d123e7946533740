import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { CallRefusal, CallView, Example, FunctionDefinition, PrepareView } from "./define.ts";
import { identifier, isMode, type Mode } from "./user-agent/modes.ts";
import { knownVariantOf } from "./arguments/variant.ts";

const variants: Readonly<Record<Mode, string>> = {
  fast: "By [Woothee](https://github.com/woothee/woothee)'s rules alone: quick, and knows few browsers by name.",
  reliable:
    "As `fast`; where that does not tell browser or system, by the rules of [ua-parser](https://github.com/ua-parser/uap-core), too.",
  enriched: "By both, with all the fields that either tells.",
};

const maybeText = Kind.bytes.or(Kind.null);

function kindOf(parts: Readonly<Record<string, readonly string[]>>): Kind {
  return Kind.object(
    Object.fromEntries(
      Object.entries(parts).map(([part, names]) => [
        part,
        Kind.object(Object.fromEntries(names.map((name) => [name, maybeText]))),
      ]),
    ),
  );
}

const plainKind = kindOf({ browser: ["family", "version"], os: ["family", "version"], device: ["category"] });
const enrichedKind = kindOf({
  browser: ["family", "version", "major", "minor", "patch"],
  os: ["family", "version", "major", "minor", "patch", "patch_minor"],
  device: ["family", "category", "brand", "model"],
});

function typeOf(call: CallView): TypeDef {
  return TypeDef.of(call.constant("mode") === "enriched" ? enrichedKind : plainKind);
}

export const parseUserAgent: FunctionDefinition = {
  name: "parse_user_agent",
  category: "Parse",
  usage:
    "Tells browser, operating system and device by `value`, the [user agent](https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/User-Agent) that a client calls itself. What cannot be told is null.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The user agent." },
    {
      name: "mode",
      kind: Part.bytes,
      isOptional: true,
      default: "fast",
      description: "By which rules it is told, and so how quickly and how well.",
      variants,
    },
  ],
  returns: Part.object,
  notices: [
    "Which fields there are depends on `mode` alone.",
    "Nothing is converted: versions are strings.",
    "`reliable` and `enriched` need rules of the host; a program that asks for them where the host has none is refused.",
  ],
  isFresh: true,
  typeOf,
  prepare,
};

function prepare(call: PrepareView): ((value: Text) => Value) | CallRefusal {
  const mode = knownVariantOf(call, "mode", Object.keys(variants));
  if (typeof mode !== "string" || !isMode(mode)) return mode as CallRefusal;
  const identify = identifier(mode, call.host);
  if (typeof identify === "string")
    return { refused: "argument", name: "mode", value: mode, error: identify };
  return (value) => identify(lossyText(value));
}

const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1";

export const examples: readonly Example[] = [
  {
    title: "A browser on a computer",
    source: `parse_user_agent("${FIREFOX}")`,
    result:
      '{"browser": {"family": "Firefox", "version": "126.0"}, "device": {"category": "pc"}, "os": {"family": "Windows 10", "version": "NT 10.0"}}',
  },
  {
    title: "A telephone",
    source: `parse_user_agent("${IPHONE}")`,
    result:
      '{"browser": {"family": "Safari", "version": "17.4.1"}, "device": {"category": "smartphone"}, "os": {"family": "iPhone", "version": "17.4.1"}}',
  },
  {
    title: "All that can be told",
    source: `parse_user_agent("${IPHONE}", mode: "enriched")`,
    result:
      '{"browser": {"family": "Mobile Safari", "major": "17", "minor": "4", "patch": "1", "version": "17.4.1"}, "device": {"brand": "Apple", "category": "smartphone", "family": "iPhone", "model": "iPhone"}, "os": {"family": "iOS", "major": "17", "minor": "4", "patch": "1", "patch_minor": null, "version": "17.4.1"}}',
  },
];

const nothing =
  '{"browser": {"family": null, "version": null}, "device": {"category": null}, "os": {"family": null, "version": null}}';

export const tests: readonly Example[] = [
  { title: "Empty", source: 'parse_user_agent("")', result: nothing },
  { title: "Nothing that is known", source: 'parse_user_agent("日本 \\\\ 1.0")', result: nothing },
  {
    title: "A crawler",
    source: 'parse_user_agent("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)")',
    result:
      '{"browser": {"family": "bingbot", "version": null}, "device": {"category": "crawler"}, "os": {"family": null, "version": null}}',
  },
  {
    title: "A library",
    source: 'parse_user_agent("curl/8.5.0")',
    result:
      '{"browser": {"family": "HTTP Library", "version": "curl"}, "device": {"category": "misc"}, "os": {"family": null, "version": null}}',
  },
  {
    title: "Reliable, where the quick rules tell nothing",
    source: 'parse_user_agent("Lighthouse/11.2", mode: "reliable")',
    result:
      '{"browser": {"family": "Lighthouse", "version": null}, "device": {"category": null}, "os": {"family": null, "version": null}}',
  },
  {
    title: "Reliable, where the quick rules tell all",
    source: `parse_user_agent("${FIREFOX}", "reliable")`,
    result:
      '{"browser": {"family": "Firefox", "version": "126.0"}, "device": {"category": "pc"}, "os": {"family": "Windows 10", "version": "NT 10.0"}}',
  },
  {
    title: "Only strings",
    source: "parse_user_agent!(.x)",
    input: '{"x": 3}',
    error: 'function call error for "parse_user_agent" at (0:21): expected string, got integer',
  },
];
