import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { markVersion, uuidText } from "./encoding/uuid.ts";

export const uuidV4: FunctionDefinition = {
  name: "uuid_v4",
  category: "Random",
  usage:
    "Makes a random [UUID](https://datatracker.ietf.org/doc/html/rfc9562#name-uuid-version-4) (version 4).",
  parameters: [],
  returns: Part.bytes,
  isImpure: true,
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    ({ host }) =>
    () =>
      uuidText(markVersion(Uint8Array.from(host.randomBytes(16)), 4)),
};

export const examples: readonly Example[] = [
  { title: "Make one", source: "uuid_v4()", result: "4f0c4b6e-9a0f-4c55-8c7d-1f6c9b7e0a3d", varies: true },
];

export const tests: readonly Example[] = [
  { title: "Its length", source: "length(uuid_v4())", result: "36" },
  { title: "Its version", source: "slice!(uuid_v4(), 14, 15)", result: "s'4'" },
  {
    title: "Its variant",
    source: 'includes(["8", "9", "a", "b"], slice!(uuid_v4(), 19, 20))',
    result: "true",
  },
  { title: "In groups", source: 'length(split(uuid_v4(), "-"))', result: "5" },
];
