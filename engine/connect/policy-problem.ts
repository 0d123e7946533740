/** What is wrong with a policy, and where in it. */
export interface PolicyProblem {
  readonly place: string;
  readonly expected: string;
}

type Check = (value: unknown) => string | undefined;

const DAY_MS = 86_400_000;

const count =
  (least: number, most: number): Check =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `a whole number from ${least} to ${most}`;

const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return "a list";
    for (const item of value) {
      const expected = check(item);
      if (expected !== undefined) return `a list of ${expected}`;
    }
    return undefined;
  };

const share: Check = (value) =>
  typeof value === "number" && value >= 0 && value <= 1 ? undefined : "a number from 0 to 1";
const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a text");
const timeMs = count(1, DAY_MS);

const checks: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  timeout: { requestMs: timeMs, responseMs: timeMs, idleMs: timeMs },
  retry: {
    limit: count(0, 10),
    statuses: listOf(count(400, 599)),
    grpc: listOf(count(1, 16)),
    methods: listOf(text),
  },
  breaker: { failures: count(1, 1_000_000), successRate: share, penaltyMs: timeMs, penaltyMaxMs: timeMs },
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Checks a policy of parsed JSON; what it does not know it leaves alone, since newer snapshots may have more. */
export function policyProblem(policy: unknown): PolicyProblem | undefined {
  if (policy === undefined) return undefined;
  if (!isRecord(policy)) return { place: "", expected: "an object" };
  for (const [part, fields] of Object.entries(checks)) {
    const value = policy[part];
    if (value === undefined || (part === "breaker" && value === false)) continue;
    if (!isRecord(value)) return { place: `.${part}`, expected: "an object" };
    for (const [name, check] of Object.entries(fields)) {
      if (value[name] === undefined) continue;
      const expected = check(value[name]);
      if (expected !== undefined) return { place: `.${part}.${name}`, expected };
    }
  }
  return undefined;
}
