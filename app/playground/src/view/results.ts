/** Shows what became of a job. */
import type { Span } from "@plinth/vrl";
import { severityOf } from "../editor/marks.ts";
import type { Run, Told } from "../worker/messages.ts";
import { byId, element } from "./element.ts";

const firstLine = /^.*/;

const diagnostics = byId("diagnostics", HTMLDivElement);
const diagnosticsCount = byId("diagnostics-count", HTMLElement);
const yields = byId("yields", HTMLDivElement);
const ending = byId("ending", HTMLElement);
const main = document.querySelector("main")!;

/** A state is a shape as well as a colour. */
const endings = {
  value: ["good", "●", "a value"],
  error: ["bad", "■", "an error"],
  aborted: ["warn", "▲", "aborted"],
  refused: ["bad", "■", "does not compile"],
  unread: ["bad", "■", "the event cannot be read"],
  running: ["busy", "◐", "running"],
  stopped: ["bad", "■", "stopped"],
  broken: ["bad", "■", "cannot run"],
} as const;

/** Whether what is shown is not yet of what is written. */
export function showBusy(isBusy: boolean): void {
  main.ariaBusy = String(isBusy);
}

export function showEnding(name: keyof typeof endings): void {
  const [tone, symbol, text] = endings[name];
  const shape = element("span", "", symbol);
  shape.ariaHidden = "true";
  ending.replaceChildren(shape, ` ${text}`);
  ending.className = `badge ${tone}`;
  // What an earlier run left stays readable, but does not look current.
  main.classList.toggle("stale", name !== "value" && name !== "error" && name !== "aborted");
}

export function showRun({ ending: name, text, metadata, log }: Run): void {
  showEnding(name);
  const parts: HTMLElement[] = [element("pre", name === "value" ? "" : "problem", text)];
  if (log.length > 0) parts.push(element("h3", "", "Logged"), element("pre", "", log.join("\n")));
  if (metadata !== undefined) parts.push(element("h3", "", "Metadata"), element("pre", "", metadata));
  yields.replaceChildren(...parts);
}

/** In place of what the program yields. */
export function showSentence(name: keyof typeof endings, sentence: string): void {
  showEnding(name);
  yields.replaceChildren(element("p", "", sentence));
}

export function showDiagnostics(told: readonly Told[], untold: number, goTo: (span: Span) => void): void {
  const count = (severity: string): number =>
    told.filter(({ diagnostic }) => severityOf(diagnostic) === severity).length;
  const counts = [plural(count("error"), "error"), plural(count("warning"), "warning")];
  if (untold > 0) counts.push(`${untold} more`);
  diagnosticsCount.textContent = counts.filter((text) => text !== "").join(", ") || "none";
  if (told.length === 0) {
    diagnostics.replaceChildren(element("p", "soft", "The program compiles."));
    return;
  }
  const items = told.map((each) =>
    element("li", severityOf(each.diagnostic), titleOf(each, goTo), explanationOf(each)),
  );
  diagnostics.replaceChildren(element("ol", "plain", ...items));
}

/** The first line, which leads to the place in the program. */
function titleOf({ diagnostic: { labels }, text }: Told, goTo: (span: Span) => void): HTMLElement {
  const title = firstLine.exec(text)![0];
  const label = labels.find(({ isPrimary }) => isPrimary) ?? labels[0];
  if (label === undefined) return element("p", "title", title);
  const button = element("button", "title", title);
  button.type = "button";
  button.title = "Show in the program";
  button.addEventListener("click", () => goTo(label.span));
  return button;
}

/** The rest, with its notes set back and their addresses as links. */
function explanationOf({ text }: Told): HTMLElement {
  const lines = text.replace(firstLine, "").replace(/^\n/, "").split("\n");
  const parts = lines.map((line) =>
    /^ *= /.test(line) ? element("span", "soft", ...withLinks(line)) : line,
  );
  return element("pre", "", ...parts.flatMap((part, index) => (index === 0 ? [part] : ["\n", part])));
}

function withLinks(line: string): (Node | string)[] {
  return line.split(/(https:\/\/\S+)/).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element("a", "", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noreferrer";
    return link;
  });
}

function plural(count: number, noun: string): string {
  return count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}
