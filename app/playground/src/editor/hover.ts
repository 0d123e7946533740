/** Tells of the function that the pointer rests on. */
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import type { FunctionHelp } from "../worker/messages.ts";
import { functionCard } from "./function-card.ts";

export function functionHover(functions: () => readonly FunctionHelp[]): Extension {
  return hoverTooltip((view, position) => {
    const line = view.state.doc.lineAt(position);
    const at = position - line.from;
    for (const found of line.text.matchAll(/[a-z_]\w*(?=!?\()/g)) {
      if (at < found.index || at > found.index + found[0].length) continue;
      const help = functions().find(({ name }) => name === found[0]);
      if (help === undefined) return null;
      const pos = line.from + found.index;
      return { pos, end: pos + found[0].length, above: true, create: () => ({ dom: functionCard(help) }) };
    }
    return null;
  });
}
