/**
 * Isolation of transactions that write registers and read them, after Elle: what is known of the order of a register's
 * versions is that a transaction that read one and wrote another put the second after the first.
 */
import type { Anomaly, RegisterOperation, TransactionRecord } from "./record.ts";
import { effective, NOTHING, type Version, versionAnomalies, type VersionRead } from "./versions.ts";

type RegisterRecord = TransactionRecord<RegisterOperation>;

/** All anomalies found; keys are never deleted. */
export function checkRegisters(records: readonly RegisterRecord[]): readonly Anomaly[] {
  const nameOf = (number: number): string => textOf(records[number]!);
  const writers = new Map<string, Map<string, number>>();
  for (const [number, { operations }] of records.entries()) {
    for (const operation of operations) {
      if (operation.kind !== "write") continue;
      const ofKey = writers.get(operation.key) ?? new Map<string, number>();
      writers.set(operation.key, ofKey.set(operation.value, number));
    }
  }
  const anomalies: Anomaly[] = [];
  const seen = new Set<string>();
  for (const record of records) {
    if (record.outcome !== "committed") continue;
    anomalies.push(...internal(record));
    for (const { key, version } of readsOf(0, record)) {
      if (version === NOTHING) continue;
      seen.add(`${key} ${version}`);
      const writer = writers.get(key)?.get(version);
      const what = `${textOf(record)} read ${key} ${version}`;
      if (writer === undefined) {
        anomalies.push({ name: "garbage", text: `${what}, which nobody wrote` });
        continue;
      }
      if (records[writer]!.outcome === "aborted") {
        anomalies.push({ name: "G1a", text: `${what} of the aborted T${writer} = ${nameOf(writer)}` });
      }
      const final = records[writer]!.operations.findLast((each) => each.kind === "write" && each.key === key);
      if (final?.value !== version) {
        anomalies.push({ name: "G1b", text: `${what}, in the middle of T${writer} = ${nameOf(writer)}` });
      }
    }
  }
  const counted = effective(records, ({ operations }) =>
    operations.some((each) => each.kind === "write" && seen.has(`${each.key} ${each.value}`)),
  );
  const keys = [...writers].map(([key, ofKey]) => ({ key, after: orderOf(key, ofKey, counted) }));
  const reads = [...counted].flatMap(([number, record]) => readsOf(number, record));
  return [...anomalies, ...versionAnomalies({ keys, reads, writers }, counted, nameOf)];
}

function orderOf(
  key: string,
  writers: ReadonlyMap<string, number>,
  counted: ReadonlyMap<number, RegisterRecord>,
): ReadonlyMap<Version, readonly string[]> {
  // Whoever found nothing came before all who wrote something.
  const written = [...writers].filter(([, number]) => counted.has(number)).map(([value]) => value);
  const after = new Map<Version, string[]>([[NOTHING, written]]);
  for (const { operations } of counted.values()) {
    let version: Version | undefined;
    for (const operation of operations) {
      if (operation.key !== key) continue;
      if (operation.kind === "write" && version !== undefined && version !== NOTHING) {
        after.set(version, [...(after.get(version) ?? []), operation.value]);
      }
      version = operation.value ?? NOTHING;
    }
  }
  return after;
}

function readsOf(transaction: number, { operations }: RegisterRecord): VersionRead[] {
  const written = new Set<string>();
  return operations.flatMap((operation) => {
    const { key } = operation;
    if (operation.kind === "write") written.add(key);
    else if (!written.has(key)) return [{ transaction, key, version: operation.value ?? NOTHING }];
    return [];
  });
}

function internal(record: RegisterRecord): Anomaly[] {
  const known = new Map<string, string | undefined>();
  return record.operations.flatMap((operation): Anomaly[] => {
    const { key, value } = operation;
    const agrees = operation.kind === "write" || !known.has(key) || known.get(key) === value;
    known.set(key, value);
    return agrees ? [] : [{ name: "internal", text: `${textOf(record)} does not agree with itself` }];
  });
}

function textOf({ client, outcome, operations }: RegisterRecord): string {
  const parts = operations.map(({ kind, key, value }) =>
    kind === "write" ? `${key} := ${value}` : `${key} is ${value ?? "nothing"}`,
  );
  return `${parts.join(", ")} (client ${client}, ${outcome})`;
}
