/** One round: clients and watchers of a server that is killed, stopped and cut off, and whether all they saw is right. */
import { seededRandom, systemClock } from "@plinth/clock";
import { remote } from "../client/remote.ts";
import { type Cutter, startCutter } from "./cutter.ts";
import { etcdModel } from "./etcd-model.ts";
import { checkLinearizable } from "./linearizable.ts";
import { Member, type MemberProgram } from "./member.ts";
import { Recorder } from "./recorder.ts";
import { Replay } from "./replay.ts";
import { checkPast, checkWatches } from "./watch-checks.ts";
import { clientWatcher, rawWatcher, type Watcher } from "./watchers.ts";
import { ALL_KEYS, one, work } from "./workload.ts";

const CLIENTS = 6;
/** Between two faults. */
const CALLS_BETWEEN_MAX = 120;
/** How long a server stands still; calls of the client wait for longer. */
const PAUSE_MAX_MS = 150;
const CALL_TIMEOUT_MS = 5_000;
/** For a server and its clients to be well again. */
const RECOVERY_MS = 20_000;
const CHECK_MS = 20_000;

export type FaultName = "kill" | "pause" | "cut" | "compact";
const ALL_FAULTS: readonly FaultName[] = ["kill", "pause", "cut", "compact"];
const FAULTS_PER_ROUND = 4;

export interface FaultRoundOptions {
  readonly program: MemberProgram;
  readonly seed: number;
  /** Those that may happen; the first always does. Default: all. */
  readonly faults?: readonly FaultName[];
  /** Streams ask for progress. Default: true; false for servers that are known to answer wrongly. */
  readonly asksForProgress?: boolean;
}

export interface FaultRound {
  readonly calls: number;
  readonly lost: number;
  readonly revision: number;
  readonly faults: readonly FaultName[];
  /** What is wrong; empty: nothing. */
  readonly problems: readonly string[];
}

/** Undefined where the program is not installed. */
export async function runFaultRound(options: FaultRoundOptions): Promise<FaultRound | undefined> {
  const { program, seed, faults = ALL_FAULTS, asksForProgress = true } = options;
  const random = seededRandom(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const member = await Member.start(program);
  if (member === undefined) return undefined;
  await using setup = new AsyncDisposableStack();
  setup.use(member);
  const cutter = setup.use(await startCutter(member.port));
  const connect = (): ReturnType<typeof remote> =>
    setup.use(remote({ endpoints: [`127.0.0.1:${cutter.port}`], timeoutMs: CALL_TIMEOUT_MS }));

  const recorder = new Recorder();
  const everything = { key: "\0", end: "" };
  const reference = setup.use(await clientWatcher("the reference", connect(), everything, 2));
  const { port } = cutter;
  const watchers: Watcher[] = [
    reference,
    setup.use(await clientWatcher("a client's watch", connect(), { key: "k/1", end: "k/3" }, 2)),
    setup.use(rawWatcher("a watch", { port, range: ALL_KEYS, fromRevision: 2 })),
    setup.use(
      rawWatcher("a watch with progress", { port, range: { key: "k/2" }, fromRevision: 2, asksForProgress }),
    ),
  ];

  const stop = new AbortController();
  let compacted = 0;
  const backends = Array.from({ length: CLIENTS }, connect);
  const working = Promise.all(
    backends.map((backend, client) =>
      work({ client, backend, recorder, random, signal: stop.signal, compacted: () => compacted }),
    ),
  );
  // If a client fails, the round ends at once, and with that.
  working.catch((error: unknown) => stop.abort(error));
  const done: FaultName[] = [];
  const hurt: Record<FaultName, () => Promise<void>> = {
    kill: async () => {
      await member.kill();
      await cutter.refuse();
      await member.restart();
      await cutter.listen();
    },
    pause: async () => {
      member.pause();
      await systemClock.sleep(1 + below(PAUSE_MAX_MS));
      member.resume();
    },
    cut: async () => cutter.cut(),
    compact: async () => {
      // Behind what every watcher has been sent, so that none is turned away.
      const to = Math.min(recorder.revision, ...watchers.map(({ progress }) => progress)) - below(20);
      if (to <= compacted + 1) return;
      compacted = to;
      await connect()
        .compact(to, below(2) === 0)
        .catch(() => {});
    },
  };
  try {
    for (let index = 0; index < FAULTS_PER_ROUND && !stop.signal.aborted; index++) {
      // Not only those who were quick to come back after the last fault.
      await recorder.everyone(CLIENTS, stop.signal);
      await recorder.more(1 + below(CALLS_BETWEEN_MAX), stop.signal);
      const name = faults[index === 0 ? 0 : below(faults.length)]!;
      done.push(name);
      await hurt[name]();
    }
    await recorder.everyone(CLIENTS, stop.signal);
    await recorder.more(CALLS_BETWEEN_MAX, stop.signal);
  } finally {
    stop.abort();
  }
  await working;

  const problems = await judge({ recorder, member, cutter, watchers, reference, compacted });
  const lost = recorder.calls.filter(({ response }) => response === undefined).length;
  return { calls: recorder.calls.length, lost, revision: recorder.revision, faults: done, problems };
}

interface Evidence {
  readonly recorder: Recorder;
  readonly member: Member;
  readonly cutter: Cutter;
  readonly watchers: readonly Watcher[];
  readonly reference: Awaited<ReturnType<typeof clientWatcher>>;
  readonly compacted: number;
}

async function judge({ recorder, member, watchers, reference, compacted }: Evidence): Promise<string[]> {
  // What is there in the end is one more read, and the reference must get so far.
  await using last = remote({ endpoints: [`127.0.0.1:${member.port}`] });
  await recorder.ask(CLIENTS, last, one({ kind: "range", range: ALL_KEYS }));
  const patience = AbortSignal.timeout(RECOVERY_MS);
  await reference.reach(recorder.revision, patience);
  // One write more that concerns each, so that everyone's last events have come; those behind it are cut off.
  const end = recorder.revision + 1;
  await recorder.ask(CLIENTS, last, {
    kind: "transact",
    transaction: {
      compares: [],
      success: ["k/1", "k/2"].map((key) => ({
        kind: "put",
        put: { key, value: Buffer.from("end"), lease: 0n },
      })),
      failure: [],
    },
  });
  await Promise.all(watchers.map((watcher) => watcher.reach(end, patience)));

  const replay = new Replay(reference.events);
  const problems: string[] = [];
  const verdict = checkLinearizable(etcdModel(replay), recorder.calls, { timeLimitMs: CHECK_MS });
  if (verdict.kind === "violation") problems.push(verdict.text);
  // Without the proof nothing is known, and that is not good enough.
  if (verdict.kind === "unknown") problems.push("it is not known whether the calls are linearizable");
  problems.push(...checkPast(recorder.past, replay));
  const records = watchers.flatMap((watcher) => watcher.records);
  for (const { watch, rule, text } of checkWatches(records, replay, { compactedRevision: compacted })) {
    problems.push(`${watch} is not ${rule}: ${text}`);
  }
  return problems;
}
