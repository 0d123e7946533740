/** Elements with their text; nothing here reads markup, so no text becomes any. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** The page's own element; it is there, or the page is broken. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`No ${kind.name} #${id} on this page`);
  return found;
}

/** Of Markdown what stands in backticks as code, and of links their text. */
export function withCode(text: string): (Node | string)[] {
  const plain = text.replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, "$1");
  return plain.split("`").map((part, index) => (index % 2 === 1 ? element("code", "", part) : part));
}

/** One paragraph for each of Markdown's. */
export function paragraphs(text: string): HTMLElement[] {
  return text.split(/\n{2,}/).map((part) => element("p", "", ...withCode(part)));
}
