import type { ReactNode } from "react";
import type { Tone } from "../model/health.ts";

/** A state is a shape as well as a colour. */
const symbols: Readonly<Record<Tone, string>> = { good: "●", busy: "◐", warn: "▲", bad: "■", off: "○" };

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode {
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{symbols[tone]}</span> {children}
    </span>
  );
}

export const symbolOf = (tone: Tone): string => symbols[tone];
