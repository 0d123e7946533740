/** Whether all that clients and watchers are told is right while the server is killed, stopped and cut off. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { suite, test } from "node:test";
import { type MemberProgram, realEtcd, runFaultRound, runTransactionRound } from "@plinth/store/testing";
import { plinthMember } from "./plinth-member.ts";

const IS_SOAK = process.env["PLINTH_SOAK"] === "1";
const SEED = Number(process.env["PLINTH_SEED"] ?? randomInt(2 ** 31));
/** Each kills the server at least once. */
const ROUNDS = IS_SOAK ? 200 : 1;
const TRANSACTION_ROUNDS = IS_SOAK ? 50 : 1;
/** Of each of five clients. */
const TRANSACTIONS = 15;

interface Subject {
  readonly program: MemberProgram;
  readonly rounds: number;
  readonly transactionRounds: number;
  /** Versions before 3.4.31 answer requests for progress too early, and lose events while they compact. */
  readonly isSound: boolean;
}

const subjects: Readonly<Record<string, Subject>> = {
  "plinth store serve": {
    program: plinthMember,
    rounds: ROUNDS,
    transactionRounds: TRANSACTION_ROUNDS,
    isSound: true,
  },
  // That the checks are right is shown by a store that is trusted.
  etcd: { program: realEtcd, rounds: IS_SOAK ? 20 : 1, transactionRounds: IS_SOAK ? 5 : 1, isSound: false },
};

for (const [name, { program, rounds, transactionRounds, isSound }] of Object.entries(subjects)) {
  suite(`${name} under faults`, () => {
    test(`answers all calls in an order that explains them, and loses no write and no event (PLINTH_SEED=${SEED}, ${rounds} rounds)`, async (t) => {
      const total = { calls: 0, lost: 0, revisions: 0 };
      const faults: Record<string, number> = {};
      for (let round = 0; round < rounds; round++) {
        const seed = SEED + round;
        const outcome = await runFaultRound({
          program,
          seed,
          asksForProgress: isSound,
          ...(isSound ? {} : { faults: ["kill", "pause", "cut"] }),
        });
        if (outcome === undefined) return t.skip("it is not installed");
        assert.deepEqual(outcome.problems, [], `PLINTH_SEED=${seed}: ${outcome.problems[0] ?? ""}`);
        total.calls += outcome.calls;
        total.lost += outcome.lost;
        total.revisions += outcome.revision;
        for (const fault of outcome.faults) faults[fault] = (faults[fault] ?? 0) + 1;
      }
      t.diagnostic(`${JSON.stringify(total)} ${JSON.stringify(faults)}`);
    });

    for (const isolation of ["snapshot", "serializable"] as const) {
      for (const mode of ["optimistic", "pessimistic"] as const) {
        test(`isolates ${mode} transactions as ${isolation} (PLINTH_SEED=${SEED}, ${transactionRounds} rounds)`, async (t) => {
          const total: Record<string, number> = {};
          for (let round = 0; round < transactionRounds; round++) {
            const seed = SEED + round;
            const options = { program, seed, mode, isolation, transactions: TRANSACTIONS };
            const outcome = await runTransactionRound(options);
            if (outcome === undefined) return t.skip("it is not installed");
            assert.deepEqual(outcome.problems, [], `PLINTH_SEED=${seed}: ${outcome.problems[0] ?? ""}`);
            for (const [kind, count] of Object.entries(outcome.outcomes)) {
              total[kind] = (total[kind] ?? 0) + count;
            }
          }
          t.diagnostic(JSON.stringify(total));
          assert.ok((total["committed"] ?? 0) > 0, "nothing was committed");
        });
      }
    }
  });
}
