import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Integer } from "../runtime/integer.ts";
import type { Value } from "../runtime/value.ts";
import { variantOf } from "./arguments/variant.ts";
import type { Example, FunctionDefinition } from "./define.ts";

const levels = ["trace", "debug", "info", "warn", "error"] as const;

export const log: FunctionDefinition = {
  name: "log",
  category: "Debug",
  usage: "Writes `value` to the log of what runs the program.",
  parameters: [
    { name: "value", kind: Part.all, description: "What is logged." },
    {
      name: "level",
      kind: Part.bytes,
      isOptional: true,
      default: "info",
      description: "How important it is.",
      variants: {
        trace: "Every step, for those who develop.",
        debug: "For those who look for an error.",
        info: "What is worth knowing.",
        warn: "What may become an error.",
        error: "What went wrong.",
      },
    },
    {
      name: "rate_limit_secs",
      kind: Part.integer,
      isOptional: true,
      default: 1,
      description: "This call logs at most once in that many seconds, whatever it is called with; 0: always.",
    },
  ],
  returns: Part.null,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.null).impure,
  prepare: (call) => {
    const level = variantOf(call, "level", levels) ?? "info";
    if (typeof level === "object") return level;
    const { host } = call;
    let quietUntil: bigint | undefined;
    return (value: Value, _level: unknown, quietSeconds: Integer) => {
      if (host.log === undefined) return null;
      if (quietSeconds > 0) {
        const now = host.now();
        if (quietUntil !== undefined && now < quietUntil) return null;
        quietUntil = now + BigInt(quietSeconds) * 1_000_000_000n;
      }
      host.log(level, value);
      return null;
    };
  },
};

export const examples: readonly Example[] = [
  { title: "A warning", source: 'log("no user in event", level: "warn")', result: "null" },
];

export const tests: readonly Example[] = [
  { title: "Any value", source: 'log({ "a": [1, null] })', result: "null" },
  {
    title: "Each level",
    source: '[log(1, "trace"), log(2, "debug"), log(3, "info"), log(4, "warn"), log(5, "error")]',
    result: "[null, null, null, null, null]",
  },
  { title: "Without a limit", source: 'log("x", rate_limit_secs: 0)', result: "null" },
  { title: "Nothing there", source: "log(.a)", result: "null" },
  {
    title: "A limit that is no integer",
    source: 'log!("x", rate_limit_secs: .n)',
    input: '{"n": "1"}',
    error: 'function call error for "log" at (0:30): expected integer, got string',
  },
];
