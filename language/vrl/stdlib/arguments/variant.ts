import { isText } from "../../runtime/kind-of.ts";
import { lossyText } from "../../runtime/text.ts";
import type { CallRefusal, PrepareView } from "../define.ts";

/**
 * The string that is given for `name`, or its default; it must be known when the program is compiled and be one of
 * `variants`, which a refusal tells in their order. Undefined: none is given and there is no default.
 */
export function variantOf<Variant extends string>(
  call: PrepareView,
  name: string,
  variants: readonly Variant[],
): Variant | undefined | CallRefusal {
  const value = call.constant(name);
  if (value === undefined) return call.argument(name) && { refused: "literal", name };
  const text = isText(value) ? lossyText(value) : undefined;
  return variants.find((variant) => variant === text) ?? { refused: "variant", name, value, variants };
}

/** The same for a parameter that is required or has a default. */
export function knownVariantOf<Variant extends string>(
  call: PrepareView,
  name: string,
  variants: readonly Variant[],
): Variant | CallRefusal {
  return variantOf(call, name, variants) ?? { refused: "literal", name };
}
