/** The prompt of `plinth vrl`: programs line by line, on one event after another. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  type CompileOptions,
  display,
  type FunctionDefinition,
  isUnfinished,
  render,
  Session,
  type Target,
  type Value,
} from "@plinth/vrl";
import type { Context } from "../command.ts";
import { wordsInLines, functionLines } from "./function-lines.ts";

/** Events that may be gone through; all are held in memory. */
const EVENTS_MAX = 100_000;

const commands = ["help", "help functions", "help docs", "help error", "next", "prev", "exit", "quit"];

const welcome = [
  "Type a program of the Vector Remap Language: what it yields is printed, and variables stay.",
  "`.` is the event; `next` and `prev` change it; `help` tells more; `exit` or Ctrl-D ends.",
];

const help = [
  ".              the event; `.field = 1` changes it",
  "next, prev     the next event of --input, or a new one; the one before",
  "help functions all functions",
  "help docs NAME what a function does, with examples",
  "help error N   where the error with this number is explained",
  "exit, quit     end (as Ctrl-D)",
  "An unfinished line goes on in the next one; Tab completes names.",
];

export async function openPrompt(
  context: Context,
  options: CompileOptions,
  input: AsyncIterable<Value>,
): Promise<void> {
  const { output, signal } = context;
  const targets: Target[] = [];
  if (context.text("input") === undefined) targets.push({ event: {}, metadata: {} });
  else
    for await (const event of input) {
      targets.push({ event, metadata: {} });
      if (targets.length === EVENTS_MAX) break;
    }
  const session = new Session(options);
  const names = options.functions.map(({ name }) => name);
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: process.stdin.isTTY,
    completer: (line: string) => complete(line, names),
    signal,
  });
  for (const line of welcome) output.note(line);
  let position = 0;
  let unfinished = "";
  const take = (line: string): void => {
    const words = unfinished === "" ? line.trim() : "";
    if (words === "exit" || words === "quit") return reader.close();
    if (words === "next" || words === "prev") {
      position = Math.max(0, position + (words === "next" ? 1 : -1));
      if (position === targets.length) targets.push({ event: {}, metadata: {} });
      output.result(`${display(targets[position]!.event)}\n`);
    } else if (words === "help" || words.startsWith("help ")) {
      for (const each of helpLines(words, options.functions, output.stdout.columns)) output.result(each);
    } else if (unfinished !== "" || words !== "") {
      const source = `${unfinished}${line}`;
      // An empty line ends what would never be finished.
      if (isUnfinished(source) && line !== "") unfinished = `${source}\n`;
      else {
        unfinished = "";
        output.result(`${answer(session, source, targets[position]!, output.stdout.hasColour)}\n`);
      }
    }
    reader.setPrompt(unfinished === "" ? "$ " : "… ");
    reader.prompt();
  };
  const closed = once(reader, "close");
  reader.on("line", take);
  // In a terminal Ctrl-C is a key like Ctrl-D.
  reader.on("SIGINT", () => reader.close());
  reader.setPrompt("$ ");
  reader.prompt();
  await closed;
  signal.throwIfAborted();
}

function answer(session: Session, source: string, target: Target, color: boolean): string {
  const { outcome, diagnostics } = session.run(source, target);
  if (outcome === undefined) return render(diagnostics, source, { color }).trimEnd();
  if ("value" in outcome) return display(outcome.value);
  return "error" in outcome ? outcome.error : (outcome.aborted ?? "aborted");
}

function complete(line: string, functions: readonly string[]): [string[], string] {
  if (commands.some((each) => each !== line && each.startsWith(line) && line !== ""))
    return [commands.filter((each) => each.startsWith(line)), line];
  const [word = ""] = /[a-z0-9_]*$/.exec(line) ?? [];
  if (word === "") return [[], line];
  return [functions.filter((name) => name.startsWith(word)), word];
}

function helpLines(
  words: string,
  functions: readonly FunctionDefinition[],
  columns: number,
): readonly string[] {
  const [, topic = "", name] = words.split(/\s+/);
  if (topic === "") return help;
  if (["functions", "funcs", "fs"].includes(topic))
    return wordsInLines(
      functions.map((each) => each.name),
      columns,
    );
  if (topic === "docs" && name !== undefined) {
    const definition = functions.find((each) => each.name === name);
    return definition === undefined ? [`There is no function "${name}".`] : functionLines(definition);
  }
  if (topic === "error" && /^\d{3}$/.test(name ?? "")) return [`https://errors.vrl.dev/${name}`];
  return ["help functions, help docs NAME or help error NUMBER"];
}
