import assert from "node:assert/strict";
import { constants } from "node:os";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isRunning } from "@plinth/process";
import type { Program, Section } from "../init/program.ts";
import { Spawner } from "../init/spawner.ts";
import { fail, Label, type Step } from "../init/step.ts";
import type { OciConfig } from "../oci/config.ts";
import type { CreateOptions } from "./container.ts";
import { createWith, planContainer } from "./create.ts";
import { containerProgram } from "./program.ts";
import { leftovers, NAMESPACES, skipUnlessRoot, TestBox } from "./test-box.ts";

let box: TestBox;
before(async () => {
  box = await TestBox.open();
});
after(() => box[Symbol.dispose]());

/** Steps for what is missing, or went wrong before: this container never comes to them, or goes on without them. */
const UNWALKED: RegExp = new RegExp(
  [
    "cannot-start|errno|words|what failed|kill the child|wait for its end|no child|a child$|the gate$|^end$",
    "^see whether .* is to be a directory|^make the (directory|file) /|^find /(proc|usr)? in|^close the mount|as the user$",
    "(show the host's|find|take a copy of the mount at) /dev/",
    "(hide|find) the file /proc/acpi|hide the directory /proc/timer_list|empty keyring|user try later|remember",
    "^find (the command )?/bin/sh|^run the command",
  ].join("|"),
);

/** How many containers are made at a time. */
const AT_ONCE = 4;

/** A container in which as few steps as possible are there more than once. */
function configOf(): OciConfig {
  const { mounts = [], ...config } = box.config(":", {
    hostname: "inside",
    domainname: "outside",
    root: { path: "root", readonly: true },
    process: {
      oomScoreAdj: 100,
      rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }],
      scheduler: { policy: "SCHED_OTHER" },
      ioPriority: { class: "IOPRIO_CLASS_BE", priority: 4 },
      execCPUAffinity: { final: "0" },
      user: { uid: 1000, gid: 1000 },
      capabilities: {
        bounding: ["CAP_CHOWN"],
        permitted: ["CAP_CHOWN"],
        inheritable: ["CAP_CHOWN"],
        ambient: ["CAP_CHOWN"],
      },
    },
    linux: {
      namespaces: [...NAMESPACES, "cgroup" as const].map((type) => ({ type })),
      sysctl: { "net.ipv4.ip_forward": "1" },
      maskedPaths: ["/proc/timer_list", "/proc/acpi"],
      readonlyPaths: ["/proc/sys"],
    },
  });
  return { ...config, mounts: mounts.filter(({ destination }) => destination !== "/dev/pts") };
}

/** The program with one step that fails; the others stay what they are. */
function withFailure(program: Program, failing: Step): Program {
  const broken = fail(failing.words, constants.errno.EPERM, { onError: failing.onError, on: failing.on });
  const sections = program.sections.map((section) => ({
    ...section,
    steps: section.steps.map((step) => (step === failing ? broken : step)),
  }));
  return { sections };
}

/** Steps before those that a failure leads to, which nobody could tell of. */
const stepsThatMayFail = ({ steps, failure }: Section): Step[] =>
  steps.slice(0, steps.indexOf(failure)).filter((step): step is Step => !(step instanceof Label));

/** Of steps that are not walked in this container: what is missing, and what follows a failure. */
interface Outcome {
  readonly step: Step;
  readonly message: string | undefined;
}

async function tryWith(step: Step, options: CreateOptions): Promise<Outcome> {
  const program = containerProgram(planContainer(options));
  // The same step of a new program: its labels and slots are its own.
  const same = program.sections.flatMap((section) => stepsThatMayFail(section))[indexOf.get(step)!]!;
  try {
    using container = await createWith(withFailure(program, same), options);
    try {
      await container.start();
      await container.wait();
      return { step: same, message: undefined };
    } catch (error) {
      assert.equal(isRunning(container.shim), false, step.words);
      return { step: same, message: String(error) };
    }
  } catch (error) {
    for (const file of ["running", "start", "exit"])
      assert.equal(existsSync(join(options.stateDirectory, file)), false, `${step.words}: ${file}`);
    return { step: same, message: String(error) };
  }
}

const indexOf: Map<Step, number> = new Map();

/** The steps that only a container has which starts at once, by a spawner, and writes to a log. */
async function tryAtOnce(
  one: TestBox,
  { stdio: _stdio, ...options }: CreateOptions,
  known: readonly Step[],
): Promise<Outcome[]> {
  using spawner = new Spawner(one.init, one.directory);
  const atOnce = { ...options, spawner, startsAtOnce: true, logFile: join(one.directory, "log") };
  const all = containerProgram(planContainer(atOnce)).sections.flatMap((section) =>
    stepsThatMayFail(section),
  );
  indexOf.clear();
  for (const [index, step] of all.entries()) indexOf.set(step, index);
  const words = new Set(known.map((step) => step.words));
  const others = all.filter(
    (step) => step.operation === "call" && !UNWALKED.test(step.words) && !words.has(step.words),
  );
  assert(others.length >= 5, others.map((step) => step.words).join());
  const outcomes: Outcome[] = [];
  for (const step of others) outcomes.push(await tryWith(step, atOnce));
  return outcomes;
}

test(
  "whichever step fails, the message names it and why, and nothing is left",
  { timeout: 60_000 },
  async (context) => {
    if (skipUnlessRoot(context)) return;
    const config = configOf();
    using own = new DisposableStack();
    const opened = await Promise.all(Array.from({ length: AT_ONCE }, () => TestBox.open()));
    const boxes = opened.map((one) => own.use(one));
    const optionsOf = (one: TestBox): CreateOptions =>
      one.options(
        { ...config, root: { path: box.root, readonly: true } },
        { stdio: ["ignore", "ignore", "ignore"] },
      );
    const all = containerProgram(planContainer(optionsOf(boxes[0]!))).sections.flatMap((section) =>
      stepsThatMayFail(section),
    );
    for (const [index, step] of all.entries()) indexOf.set(step, index);
    // Of steps with the same words, the last one stands for all: they come from one place in the source.
    const walked = all.filter((step) => step.operation === "call" && !UNWALKED.test(step.words));
    const kinds = [
      ...new Map(walked.map((step) => [`${step.call} ${step.words.replace(/CAP_\w+/, "")}`, step])).values(),
    ];
    const earlier = leftovers();
    const outcomes: Outcome[] = [];
    const queue = [...kinds];
    await Promise.all(
      boxes.map(async (one) => {
        for (let step = queue.pop(); step !== undefined; step = queue.pop())
          outcomes.push(await tryWith(step, optionsOf(one)));
      }),
    );
    outcomes.push(...(await tryAtOnce(boxes[0]!, optionsOf(boxes[0]!), kinds)));
    assert.deepEqual(leftovers(), earlier);
    const unsaid = outcomes.filter(
      ({ step, message }) => message?.endsWith(`: ${step.words}: EPERM (operation not permitted)`) !== true,
    );
    assert.deepEqual(
      unsaid.map(({ step, message }) => `${step.words}: ${message}`),
      [],
    );
    assert(outcomes.length > 100, `${outcomes.length} kinds of steps`);
  },
);
