import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "@plinth/clock";
import { Callee } from "./callee.ts";
import type { InstanceEndpoint } from "./instance-endpoint.ts";
import { EJECT_PENALTY_MAX_MS } from "./limits.ts";
import { RetryBudget } from "./retry-budget.ts";

/** Seeds of every run; PLINTH_SEED names one to repeat. */
const SEEDS = process.env["PLINTH_SEED"] === undefined ? [1, 2, 3] : [Number(process.env["PLINTH_SEED"])];

/** What an endpoint does with a request that reaches it at `nowMs`. */
type Behaviour = (nowMs: number, endpoint: InstanceEndpoint, random: Random) => Outcome;

interface Outcome {
  readonly latencyMs: number;
  readonly kind: "ok" | "error" | "unreachable";
  /** Retry-After of an overloaded endpoint. */
  readonly retryAfterMs?: number;
}

const fast: Behaviour = (_nowMs, _endpoint, random) => ({ latencyMs: 4 + 2 * random(), kind: "ok" });

interface Under {
  readonly endpoint: InstanceEndpoint;
  readonly index: number;
  readonly outcome: Outcome;
  readonly sentMs: number;
  readonly isRetry: boolean;
}

/** A service under a steady load in virtual milliseconds: all decisions are the real ones, only sockets are not. */
class Simulation {
  readonly callee: Callee;
  readonly random: Random;
  readonly budget: RetryBudget = new RetryBudget();
  /** Requests per endpoint since `reset`. */
  counts: number[];
  requests = 0;
  retries = 0;
  failures = 0;
  nowMs = 1_000_000;
  readonly #behaviours: Behaviour[];
  readonly #due: Map<number, Under[]> = new Map();
  readonly #indexes: Map<InstanceEndpoint, number>;
  #owed = 0;

  constructor(behaviours: readonly Behaviour[], seed: number) {
    this.random = seededRandom(seed);
    this.callee = new Callee("app.service", this.random);
    this.#behaviours = [...behaviours];
    this.counts = behaviours.map(() => 0);
    const endpoints = behaviours.map((_, index) => ({
      instance: `i${index}`,
      address: `10.0.${index >> 8}.${index & 255}`,
      port: 80,
    }));
    this.callee.update({ app: "app", service: "service", holdMs: 0, endpoints }, this.nowMs);
    this.#indexes = new Map(this.callee.endpoints.map((endpoint, index) => [endpoint, index]));
  }

  behave(index: number, behaviour: Behaviour): void {
    this.#behaviours[index] = behaviour;
  }

  reset(): void {
    this.counts.fill(0);
    this.requests = 0;
    this.retries = 0;
    this.failures = 0;
  }

  share(indexes: readonly number[]): number {
    return indexes.reduce((sum, index) => sum + this.counts[index]!, 0) / this.requests;
  }

  run(forMs: number, perMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs++) {
      const ended = this.#due.get(this.nowMs);
      this.#due.delete(this.nowMs);
      for (const under of ended ?? []) this.#end(under);
      this.#owed += perMs;
      for (; this.#owed >= 1; this.#owed--) {
        this.requests++;
        this.budget.deposit(this.nowMs);
        this.#send(undefined);
      }
    }
  }

  #send(avoid: InstanceEndpoint | undefined): void {
    const endpoint = this.callee.pick(this.nowMs, avoid)!;
    const index = this.#indexes.get(endpoint)!;
    this.counts[index]!++;
    endpoint.begin();
    const outcome = this.#behaviours[index]!(this.nowMs, endpoint, this.random);
    const atMs = this.nowMs + Math.max(1, Math.round(outcome.latencyMs));
    const under = { endpoint, index, outcome, sentMs: this.nowMs, isRetry: avoid !== undefined };
    const others = this.#due.get(atMs);
    if (others === undefined) this.#due.set(atMs, [under]);
    else others.push(under);
  }

  #end({ endpoint, outcome, sentMs, isRetry }: Under): void {
    endpoint.finish();
    if (outcome.kind === "unreachable") {
      endpoint.failed(this.nowMs, this.random);
    } else {
      endpoint.answered(this.nowMs - sentMs, this.nowMs);
      endpoint.judged(outcome.kind === "ok", this.nowMs);
      endpoint.overloaded(outcome.retryAfterMs ?? 0, this.nowMs);
    }
    if (outcome.kind === "ok") return;
    if (isRetry || !this.budget.withdraw(this.nowMs)) {
      this.failures++;
      return;
    }
    this.retries++;
    this.#send(endpoint);
  }
}

const many = (count: number, behaviour: Behaviour): Behaviour[] =>
  Array.from({ length: count }, () => behaviour);
const failing =
  (share: number): Behaviour =>
  (_nowMs, _endpoint, random) => ({ latencyMs: 2, kind: random() < share ? "error" : "ok" });

for (const seed of SEEDS) {
  const name = (what: string): string => `${what} (PLINTH_SEED=${seed})`;

  test(name("slow endpoints get few requests, but some"), () => {
    const slow: Behaviour = (_nowMs, _endpoint, random) => ({ latencyMs: 150 + 100 * random(), kind: "ok" });
    const simulation = new Simulation([...many(8, fast), slow, slow], seed);
    simulation.run(60_000, 1);
    assert.ok(simulation.share([8, 9]) < 0.05, String(simulation.counts));
    for (const count of simulation.counts) assert.ok(count > 0);
  });

  test(
    name("an endpoint that fails fast does not draw requests to itself, and its return is noticed"),
    () => {
      const simulation = new Simulation([...many(4, fast), failing(1)], seed);
      simulation.run(120_000, 1);
      assert.ok(simulation.share([4]) < 0.01, String(simulation.counts));
      assert.ok(simulation.failures <= 1, String(simulation.failures));
      simulation.behave(4, fast);
      simulation.run(2 * EJECT_PENALTY_MAX_MS, 1);
      simulation.reset();
      simulation.run(20_000, 1);
      assert.ok(simulation.share([4]) > 0.1, String(simulation.counts));
      assert.equal(simulation.callee.ejected, 0);
    },
  );

  test(name("a quarter of many endpoints failing at once is left out"), () => {
    const simulation = new Simulation([...many(30, fast), ...many(10, failing(1))], seed);
    simulation.run(20_000, 2);
    simulation.reset();
    simulation.run(20_000, 2);
    const failingOnes = Array.from({ length: 10 }, (_, index) => 30 + index);
    assert.ok(simulation.share(failingOnes) < 0.02, String(simulation.counts));
  });

  test(name("flapping endpoints cost little and come back"), () => {
    const flapping: Behaviour = (nowMs, endpoint, random) =>
      Math.floor(nowMs / 3_000) % 2 === 0
        ? fast(nowMs, endpoint, random)
        : { latencyMs: 1, kind: random() < 0.5 ? "error" : "unreachable" };
    const simulation = new Simulation([...many(4, fast), flapping, flapping], seed);
    simulation.run(180_000, 1);
    assert.ok(simulation.failures / simulation.requests < 0.005, String(simulation.failures));
    simulation.behave(4, fast);
    simulation.behave(5, fast);
    simulation.run(2 * EJECT_PENALTY_MAX_MS, 1);
    simulation.reset();
    simulation.run(20_000, 1);
    for (const count of simulation.counts)
      assert.ok(count > simulation.requests / 20, String(simulation.counts));
  });

  for (const share of [0.1, 0.3, 0.5, 0.9, 1]) {
    test(
      name(`a caller whose requests fail everywhere (${share * 100} %) takes no endpoint from others`),
      () => {
        const simulation = new Simulation(many(6, failing(share)), seed);
        let outMs = 0;
        for (let second = 0; second < 120; second++) {
          simulation.run(1_000, 0.5);
          outMs += simulation.callee.ejected * 1_000;
          assert.ok(simulation.callee.ejected <= 3);
        }
        assert.ok(outMs / (120_000 * 6) < 0.05, `${outMs} ms`);
      },
    );
  }

  test(name("in overload retries stay within the budget"), () => {
    const capacity: Behaviour = (_nowMs, endpoint) =>
      endpoint.inFlight > 5
        ? { latencyMs: 1, kind: "error", retryAfterMs: 5_000 }
        : { latencyMs: 20 + 5 * endpoint.inFlight, kind: "ok" };
    const simulation = new Simulation(many(4, capacity), seed);
    simulation.run(60_000, 3); // some four times what they can do
    const { requests, retries, failures, callee } = simulation;
    assert.ok(failures > requests / 4);
    assert.ok(retries <= 0.2 * requests + 100, `${retries} of ${requests}`);
    assert.ok(callee.ejected <= 2);
    simulation.run(120_000, 0.1);
    simulation.reset();
    simulation.run(20_000, 0.1);
    assert.equal(simulation.failures, 0);
    for (const count of simulation.counts) assert.ok(count > 0, String(simulation.counts));
  });

  test(name("with nobody to be reached somebody is tried, and the first to be back is used"), () => {
    const gone: Behaviour = () => ({ latencyMs: 1, kind: "unreachable" });
    const simulation = new Simulation(many(3, gone), seed);
    simulation.run(30_000, 0.2);
    assert.equal(simulation.callee.ejected, 3);
    for (const count of simulation.counts) assert.ok(count > 0);
    simulation.behave(1, fast);
    simulation.run(2 * EJECT_PENALTY_MAX_MS, 0.2);
    simulation.reset();
    simulation.run(20_000, 0.2);
    assert.ok(simulation.share([1]) > 0.95, String(simulation.counts));
  });
}

test("ten thousand endpoints share the load, slow and failing ones among them", () => {
  const [seed] = SEEDS;
  const slow: Behaviour = () => ({ latencyMs: 300, kind: "ok" });
  const gone: Behaviour = () => ({ latencyMs: 1, kind: "unreachable" });
  const simulation = new Simulation(
    [...many(8_000, fast), ...many(1_000, slow), ...many(1_000, gone)],
    seed!,
  );
  simulation.run(20_000, 5);
  simulation.reset();
  simulation.run(20_000, 5);
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, index) => from + index);
  assert.ok(simulation.share(range(0, 8_000)) > 0.8);
  const most = simulation.counts.reduce((before, count) => Math.max(before, count), 0);
  assert.ok(most < 60, String(most)); // ten on average
  assert.ok(simulation.retries <= 0.2 * simulation.requests + 100);
});
