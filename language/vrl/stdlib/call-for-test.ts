/** Calls a function's definition without a program around it: for tests of parts that no program reaches alone. */
import { Kind } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Value } from "../runtime/value.ts";
import type { ArgumentView, CallRefusal, FunctionDefinition, PrepareView, RunClosure } from "./define.ts";
import type { Host } from "./host.ts";
import { shopDescriptors } from "./protobuf/shop-for-test.ts";
import { orderSchemas } from "./schema/order-for-test.ts";

/** Files that examples and tests name. */
function readTestFile(path: string): Uint8Array {
  if (path === "shop.desc") return shopDescriptors();
  const schema = orderSchemas[path];
  if (schema === undefined) throw new Error(`There is no file ${JSON.stringify(path)}`);
  return new TextEncoder().encode(JSON.stringify(schema));
}

/** As in ua-parser's `regexes.yaml`, but few. */
const USER_AGENT_RULES = String.raw`
user_agent_parsers:
  - regex: '(Lighthouse)/(\d+)\.(\d+)'
  - regex: '(iPhone|iPad).{1,200}Version/(\d+)\.(\d+)(?:\.(\d+)|)'
    family_replacement: 'Mobile Safari'
os_parsers:
  - regex: 'CPU (?:iPhone )?OS (\d+)_(\d+)(?:_(\d+)|)'
    os_replacement: 'iOS'
    os_v1_replacement: '$1'
    os_v2_replacement: '$2'
    os_v3_replacement: '$3'
device_parsers:
  - regex: '\((IPHONE|IPAD);'
    regex_flag: 'i'
    brand_replacement: 'Apple'
    model_replacement: '$1'
`;

/** A host that does nothing, and the same each time. */
export function testHost(changes: Partial<Host> = {}): Host {
  return {
    now: () => 1_700_000_000_123_456_789n,
    randomBytes: (length) => new Uint8Array(length).fill(7),
    random: () => 0.5,
    localTimezone: "UTC",
    hostname: () => "web-1",
    readFile: readTestFile,
    environmentVariable: (name) => (name === "PATH" ? "/usr/local/bin:/usr/bin:/bin" : undefined),
    userAgentRules: () => USER_AGENT_RULES,
    ...changes,
  };
}

export interface CallOptions {
  readonly host?: Host;
  readonly timezone?: string;
  readonly closure?: RunClosure;
  /** Arguments that are not known when the call is compiled; default: none. */
  readonly dynamic?: readonly string[];
}

/** Prepares the call with these arguments and runs it. */
export function call(
  definition: FunctionDefinition,
  given: Readonly<Record<string, Value>>,
  { host = testHost(), timezone = "UTC", closure, dynamic = [] }: CallOptions = {},
): Value | Failure | CallRefusal {
  const viewOf = (name: string, value: Value): ArgumentView => ({
    type: TypeDef.of(Kind.ofValue(value)),
    constant: dynamic.includes(name) ? undefined : value,
    path: undefined,
    elements: Array.isArray(value) ? value.map((each) => viewOf(name, each)) : undefined,
    fields: undefined,
  });
  const parameter = (name: string) => definition.parameters.find((each) => each.name === name);
  const view: PrepareView = {
    host,
    timezone,
    argument: (name) => (given[name] === undefined ? undefined : viewOf(name, given[name])),
    type: (name) => {
      const value = given[name] ?? parameter(name)?.default;
      return TypeDef.of(value === undefined ? Kind.undefined : Kind.ofValue(value));
    },
    constant: (name) => {
      if (dynamic.includes(name)) return undefined;
      return given[name] ?? parameter(name)?.default;
    },
    closure: closure === undefined ? undefined : TypeDef.of(Kind.any),
  };
  const run = definition.prepare(view);
  if (typeof run !== "function") return run;
  const inputs = definition.parameters.map(({ name, default: ifNot }) => given[name] ?? ifNot);
  return closure === undefined ? run(...inputs) : run(...inputs, closure);
}
