/** What is chosen on the call graph. */
import type { App } from "@plinth/resource";
import type { ServiceHealth } from "../model/health.ts";

export type Selection = { readonly service: string } | { readonly caller: string; readonly callee: string };

export interface CallGraphProps {
  readonly app: App;
  readonly services: readonly ServiceHealth[];
  readonly selected: Selection | undefined;
  readonly onSelect: (selection: Selection) => void;
}

/** Whether this service, or this call, is what is selected. */
export function isChosen(selected: Selection | undefined, one: Selection): boolean {
  if (selected === undefined) return false;
  if ("service" in one) return "service" in selected && selected.service === one.service;
  return "caller" in selected && selected.caller === one.caller && selected.callee === one.callee;
}
