import { startAsking } from "../openloop/ask.ts";
import type { OpenLoopReport } from "../openloop/client.ts";
import type { Contender } from "./contender.ts";
import { answerOf } from "./program.ts";

/** Requests a second: far from what a machine can do, so that a failure means the deploy and not a full machine. */
export const RATE = 200;
/** Half of the clients come anew, as on a page that people visit. */
const FRESH = 2;

export interface DeployReport extends Pick<OpenLoopReport, "asked" | "failed" | "gapMs"> {
  /** Of each deploy, from the command to the end of the last old instance. */
  readonly seconds: readonly number[];
}

export interface DeployScale {
  readonly deploys: number;
  /** Before, between and after deploys. */
  readonly pauseMs: number;
}

/** Deploys again and again under steady load; what clients saw from before the first to after the last. */
export async function measureDeploys(
  contender: Contender,
  { deploys, pauseMs }: DeployScale,
  directory: string,
): Promise<DeployReport> {
  await using deployed = await contender.open(directory);
  const { port } = deployed;
  await using asking = await startAsking({ port, rate: RATE, fresh: FRESH, again: true });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));
  const seconds: number[] = [];
  for (let release = 1; release <= deploys; release++) {
    await pause();
    const startMs = performance.now();
    await deployed.deploy(release);
    seconds.push((performance.now() - startMs) / 1000);
    const answer = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    if (answer !== answerOf(release))
      throw new Error(`after deploying release ${release} with ${contender.name}, the answer is: ${answer}`);
  }
  await pause();
  const { asked, failed, gapMs } = await asking.stop();
  return { asked, failed, gapMs, seconds };
}
