/** What a function does and takes, beside the completion's list and where the pointer rests. */
import { element, paragraphs, withCode } from "../view/element.ts";
import type { FunctionHelp } from "../worker/messages.ts";

export function functionCard({ signature, usage, parameters, notices }: FunctionHelp): HTMLElement {
  const card = element("div", "function-card", element("div", "signature", signature), ...paragraphs(usage));
  if (parameters.length > 0) {
    const rows = parameters.flatMap(({ name, description }) => [
      element("dt", "", name),
      element("dd", "", ...withCode(description)),
    ]);
    card.append(element("dl", "", ...rows));
  }
  card.append(...notices.flatMap(paragraphs));
  return card;
}
