/** Joins the page's editors, choices and results to the worker that compiles and runs. */
import { autocompletion } from "@codemirror/autocomplete";
import { completionSource } from "./editor/completion.ts";
import { Editor } from "./editor/editor.ts";
import { functionHover } from "./editor/hover.ts";
import { jsonLanguage } from "./editor/json-language.ts";
import { marksOf } from "./editor/marks.ts";
import { breaksAnywhere } from "./editor/theme.ts";
import { vrlLanguage } from "./editor/vrl-language.ts";
import { examples } from "./examples.ts";
import { fromFragment, toFragment, type Work } from "./link/link.ts";
import { Runner, RUN_MS_MAX } from "./runner.ts";
import { byId, element } from "./view/element.ts";
import { showBusy, showDiagnostics, showEnding, showRun, showSentence } from "./view/results.ts";
import { chooseTimezone, fillTimezones } from "./view/timezones.ts";
import type { FunctionHelp, Report } from "./worker/messages.ts";

/** Between two keys of somebody who types on. */
const TYPING_MS = 150;
/** What ends sooner need not be announced. */
const RUNNING_MS = 400;
const NOTICE_MS = 6_000;

const exampleMenu = byId("example", HTMLSelectElement);
const timezoneMenu = byId("timezone", HTMLSelectElement);
const shareButton = byId("share", HTMLButtonElement);
const notice = byId("notice", HTMLParagraphElement);
const eventProblem = byId("event-problem", HTMLParagraphElement);
const eventOutNote = byId("event-out-note", HTMLElement);
const javascript = byId("javascript", HTMLPreElement);

let functions: readonly FunctionHelp[] = [];
let typingTimer = 0;
let runningTimer = 0;
let noticeTimer = 0;
/** The texts that the newest job was made of, so that marks are never put on others. */
let asked: Work | undefined;

const eventIn = new Editor({
  parent: byId("event-in", HTMLDivElement),
  label: "Event in, as JSON",
  extensions: [jsonLanguage, breaksAnywhere],
  onChange: soon,
});
const program = new Editor({
  parent: byId("program", HTMLDivElement),
  label: "Program",
  hasLineNumbers: true,
  extensions: [
    vrlLanguage,
    autocompletion({
      override: [completionSource({ functions: () => functions, event: () => eventIn.text })],
    }),
    functionHover(() => functions),
  ],
  onChange: soon,
});
const eventOut = new Editor({
  parent: byId("event-out", HTMLDivElement),
  label: "Event out, as JSON",
  isReadOnly: true,
  extensions: [jsonLanguage, breaksAnywhere],
});

const runner = new Runner({
  onReady(known) {
    functions = known;
  },
  onReport: show,
  onOverrun() {
    window.clearTimeout(runningTimer);
    showBusy(false);
    showSentence(
      "stopped",
      `The program did not end within ${RUN_MS_MAX / 1000} seconds and was stopped. It is tried again when something changes.`,
    );
  },
  onBroken(reason) {
    window.clearTimeout(runningTimer);
    showBusy(false);
    showSentence("broken", `The worker that compiles and runs programs failed: ${reason}.`);
  },
});

function soon(): void {
  showBusy(true);
  window.clearTimeout(typingTimer);
  typingTimer = window.setTimeout(run, TYPING_MS);
}

function run(): void {
  showBusy(true);
  window.clearTimeout(typingTimer);
  asked = work();
  runner.run(asked);
  window.clearTimeout(runningTimer);
  runningTimer = window.setTimeout(showEnding, RUNNING_MS, "running");
}

function work(): Work {
  return { program: program.text, event: eventIn.text, timezone: timezoneMenu.value };
}

function show({ diagnostics, untold, eventProblem: problem, javascript: generated, run: ran }: Report): void {
  window.clearTimeout(runningTimer);
  showDiagnostics(diagnostics, untold, ({ start, end }) => program.goTo(start, end));
  if (asked?.program === program.text) {
    const told = diagnostics.map(({ diagnostic }) => diagnostic);
    program.mark(marksOf(told, asked.program.length));
  }
  eventProblem.textContent = problem?.message ?? "";
  if (asked?.event === eventIn.text) {
    const { length } = asked.event;
    const from = Math.min(problem?.offset ?? 0, length);
    const to = Math.min(from + 1, length);
    eventIn.mark(problem === undefined ? [] : [{ from, to, severity: "error", message: problem.message }]);
  }
  javascript.textContent = generated ?? "There is none: the program does not compile.";
  if (ran !== undefined) {
    showRun(ran);
    eventOut.text = ran.event;
    eventOutNote.textContent = {
      value: "",
      error: "as the error left it",
      aborted: "as it came: abort takes all back",
    }[ran.ending];
  } else if (generated === undefined)
    showSentence("refused", "The program does not compile; the diagnostics say why.");
  else showSentence("unread", `The event cannot be read. ${problem?.message ?? ""}`);
  const now = work();
  showBusy(asked?.program !== now.program || asked.event !== now.event || asked.timezone !== now.timezone);
}

function load({ program: source, event, timezone }: Work): void {
  chooseTimezone(timezoneMenu, timezone);
  eventIn.text = event;
  program.text = source;
  run();
}

async function loadFragment(): Promise<boolean> {
  const found = await fromFragment(location.hash);
  if (typeof found === "object") load(found);
  else if (found !== undefined) say(`The link cannot be opened: it is ${found}.`);
  return typeof found === "object";
}

async function share(): Promise<void> {
  const fragment = await toFragment(work());
  if (fragment === undefined) return say("Too long for a link.");
  history.replaceState(null, "", fragment);
  try {
    await navigator.clipboard.writeText(location.href);
    say("Link copied, with program, event and timezone.");
  } catch {
    // The browser may forbid it, or ask and be told no.
    say("The link is in the address bar.");
  }
}

function say(sentence: string): void {
  notice.textContent = sentence;
  window.clearTimeout(noticeTimer);
  noticeTimer = window.setTimeout(() => {
    notice.textContent = "";
  }, NOTICE_MS);
}

function fillExamples(): void {
  const choose = element("option", "", "Choose …");
  choose.value = "";
  exampleMenu.append(choose);
  for (const [index, { title }] of examples.entries()) {
    const option = element("option", "", title);
    option.value = String(index);
    exampleMenu.append(option);
  }
  exampleMenu.addEventListener("change", () => {
    const chosen = examples[Number(exampleMenu.value)];
    if (exampleMenu.value !== "" && chosen !== undefined) load(chosen);
  });
}

fillTimezones(timezoneMenu);
timezoneMenu.addEventListener("change", run);
fillExamples();
shareButton.addEventListener("click", () => void share());
window.addEventListener("hashchange", () => void loadFragment());
if (!(await loadFragment())) {
  exampleMenu.value = "0";
  load(examples[0]!);
}
