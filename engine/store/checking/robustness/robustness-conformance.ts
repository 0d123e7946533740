import { after, before, suite, test, type TestContext } from "node:test";
import { Member, type MemberProgram } from "../member.ts";
import { crashScenarios } from "./crash-scenarios.ts";
import { watchScenarios } from "./watch-scenarios.ts";

/** The bugs that etcd's robustness tests list, as tests of a server in a process of its own. */
export function robustnessConformance(name: string, program: MemberProgram): void {
  suite(name, () => {
    let member: Member | undefined;
    before(async () => {
      member = await Member.start(program);
    });
    after(async () => member?.[Symbol.asyncDispose]());
    for (const [index, scenario] of [...crashScenarios, ...watchScenarios].entries()) {
      test(`${scenario.title} (etcd's #${scenario.issue})`, async (t: TestContext) => {
        if (member === undefined) return t.skip("it is not installed");
        // One that has failed may have left it dead.
        if (member.pid === undefined) await member.restart();
        await scenario.run(member, `${index}/`);
      });
    }
  });
}
