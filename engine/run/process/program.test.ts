import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bootId, hasInEnvironment, processTable } from "@plinth/process";
import { NOT_STARTED_CODE } from "../container/shim.ts";
import { readExit, readProcesses, readStartFailure } from "../container/state-files.ts";
import { initDirectoryOfTests, scratch } from "../driver-conformance.ts";
import { type Init, openInit } from "../init/init-file.ts";
import { launch } from "../init/launch.ts";
import type { Report } from "../init/running-init.ts";
import { encodeProgram, type Program, type Section } from "../init/program.ts";
import { fail, Label, type Step } from "../init/step.ts";
import { hostArchitecture } from "../machine/architecture.ts";
import { MARK_VARIABLE } from "./members.ts";
import { type TaskPlan, taskProgram } from "./program.ts";
import { isOutside } from "./state.ts";

const limit = { timeout: 60_000 };
const MARK = `program-test-${process.pid}`;

function planIn(stateDirectory: string, changes: Partial<TaskPlan> = {}): TaskPlan {
  mkdirSync(stateDirectory, { recursive: true });
  const args = ["/bin/sh", "-c", "exit 3"];
  return {
    command: { args, env: [`${MARK_VARIABLE}=${MARK}`], directory: "/" },
    stateDirectory,
    mark: MARK,
    bootId: bootId(),
    cgroups: { members: null, directories: [] },
    strict: true,
    place: undefined,
    ...changes,
  };
}

interface Ran {
  readonly reports: readonly Report[];
  readonly code: number | null;
}

async function run(init: Init, program: Program): Promise<Ran> {
  const launched = await launch({
    init,
    program: encodeProgram(program, hostArchitecture()),
    env: { [MARK_VARIABLE]: MARK },
  });
  const reports: Report[] = [];
  for (let report = await launched.next(); report !== undefined; report = await launched.next())
    reports.push(report);
  const { code } = await launched.ended;
  return { reports, code };
}

const kindsOf = ({ reports }: Ran): string[] => reports.map(({ kind }) => kind);

const nowhere = (path: string): TaskPlan["cgroups"] => ({
  members: path,
  directories: [{ path, mount: "/", base: "/", version: 1, controllers: [], settings: [] }],
});

test(
  "taskProgram() runs a command outside of a cgroup that refuses it, unless that is asked for strictly",
  limit,
  async () => {
    using place = scratch();
    using init = await openInit(initDirectoryOfTests());
    const cgroups = nowhere(join(place.directory, "no-cgroup"));
    const best = planIn(join(place.directory, "best"), { cgroups, strict: false });
    assert.deepEqual(kindsOf(await run(init, taskProgram(best))), ["started", "ended"]);
    assert.equal(isOutside(best.stateDirectory), true);
    assert.equal(readExit(best.stateDirectory, MARK)?.code, 3);

    const strict = planIn(join(place.directory, "strict"), { cgroups });
    const refused = await run(init, taskProgram(strict));
    assert.deepEqual([kindsOf(refused), refused.code], [["failed"], NOT_STARTED_CODE]);
    const reason = `open the cgroup ${cgroups.members}: ENOENT (no such file or directory)`;
    assert.equal(readStartFailure(strict.stateDirectory, MARK)?.reason, reason);
  },
);

/** Steps before those that a failure leads to. */
const stepsOf = ({ steps, failure }: Section): Step[] =>
  steps.slice(0, steps.indexOf(failure)).filter((step): step is Step => !(step instanceof Label));

/** Steps for what this command never comes to, or that only answer to a failure. */
const UNWALKED =
  /cannot-start|what failed|the child$|its end$|errno|words|orphan|list|^(send it|ask for its)|be told|somebody|with \/bin\/sh|^end$|remember|kill the child/;
/** Whatever goes wrong with them, the command's end is told. */
const DONE_WITHOUT =
  /^(ask its group|make the file exit|write the (mark|exit code|wait status)|end the line|(close|give) the file exit|become the parent)/;

test(
  "whichever step fails, a command runs and its end is told, or it says why it did not and nothing is left",
  limit,
  async () => {
    using place = scratch();
    using init = await openInit(initDirectoryOfTests());
    let tried = 0;
    const count = taskProgram(planIn(place.directory)).sections.flatMap((each) => stepsOf(each)).length;
    for (let index = 0; index < count; index += 1) {
      const plan = planIn(join(place.directory, `${index}`));
      const program = taskProgram(plan);
      const step = program.sections.flatMap((each) => stepsOf(each))[index]!;
      if (step.operation !== "call" || UNWALKED.test(step.words)) continue;
      tried += 1;
      const ran = await run(init, withFailure(program, step));
      assert.deepEqual(marked(), [], step.words);
      const last = ran.reports.at(-1);
      if (last?.kind === "ended") {
        assert.ok(
          step.onError !== undefined || DONE_WITHOUT.test(step.words),
          `went on without: ${step.words}`,
        );
        assert.equal(ran.code, 3, step.words);
        continue;
      }
      assert.equal(last?.kind === "failed" ? last.step.words : last?.kind, step.words);
      assert.equal(ran.code, NOT_STARTED_CODE);
      const isTold = readStartFailure(plan.stateDirectory, MARK)?.words === step.words;
      assert.equal(existsSync(join(plan.stateDirectory, "running")), isTold, step.words);
      assert.equal(readProcesses(plan.stateDirectory, MARK) !== undefined, isTold, step.words);
    }
    assert.ok(tried > 30, `${tried} steps`);
  },
);

function withFailure(program: Program, failing: Step): Program {
  const broken = fail(failing.words, constants.errno.EPERM, {
    on: failing.on,
    ...(failing.onError && { onError: failing.onError }),
  });
  const sections = program.sections.map((section) => ({
    ...section,
    steps: section.steps.map((step) => (step === failing ? broken : step)),
  }));
  return { sections };
}

function marked(): number[] {
  return processTable()
    .map(({ pid }) => pid)
    .filter((pid) => hasInEnvironment(pid, MARK_VARIABLE, MARK));
}
