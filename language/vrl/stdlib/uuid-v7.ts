import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { markVersion, uuidText } from "./encoding/uuid.ts";

const MILLISECONDS_MAX = 2 ** 48 - 1;
const NANOSECONDS_MAX = 2n ** 63n - 1n;

/**
 * What VRL puts in: the whole seconds, and to them the lowest 32 bits of all nanoseconds since 1970, which is up to 4.3
 * seconds too much. Undefined: nanoseconds that 64 bits do not hold.
 */
function millisecondsIn({ seconds, nanoseconds }: Timestamp): number | undefined {
  const all = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  if (all > NANOSECONDS_MAX || all < -NANOSECONDS_MAX - 1n) return undefined;
  return seconds * 1000 + Math.floor(Number(BigInt.asUintN(32, all)) / 1e6);
}

export const uuidV7: FunctionDefinition = {
  name: "uuid_v7",
  category: "Random",
  usage:
    "Makes a [UUID](https://datatracker.ietf.org/doc/html/rfc9562#name-uuid-version-7) (version 7): milliseconds since " +
    "1970, so that it sorts by time, and random bits.",
  parameters: [
    {
      name: "timestamp",
      kind: Part.timestamp,
      isOptional: true,
      description: "Its time; if it is not given, that is now.",
    },
  ],
  returns: Part.bytes,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    ({ host }) =>
    (timestamp: Timestamp | undefined) => {
      const bytes = markVersion(Uint8Array.from(host.randomBytes(16)), 7);
      const milliseconds = millisecondsIn(timestamp ?? Timestamp.fromNanoseconds(host.now()));
      if (milliseconds === undefined) return new Failure("can't convert out of range timestamp");
      // Times before 1970 have no place; VRL puts them at the end.
      const told = milliseconds < 0 ? MILLISECONDS_MAX : Math.min(milliseconds, MILLISECONDS_MAX);
      for (let index = 0, rest = told; index < 6; index++, rest = Math.floor(rest / 256))
        bytes[5 - index] = rest % 256;
      return uuidText(bytes);
    },
};

export const examples: readonly Example[] = [
  { title: "Make one", source: "uuid_v7()", result: "0190a5b1-7c3e-7f21-9d2a-6c1e5b8f4a70", varies: true },
  {
    title: "Of a time",
    source: "uuid_v7(t'2024-02-29T12:00:00Z')",
    result: "018df4bc-5a00-7f21-9d2a-6c1e5b8f4a70",
    varies: true,
  },
];

export const tests: readonly Example[] = [
  { title: "Its length", source: "length(uuid_v7())", result: "36" },
  { title: "Its version", source: "slice!(uuid_v7(), 14, 15)", result: "s'7'" },
  {
    title: "Its variant",
    source: 'includes(["8", "9", "a", "b"], slice!(uuid_v7(), 19, 20))',
    result: "true",
  },
];
