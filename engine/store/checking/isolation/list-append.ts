/**
 * Isolation of transactions that append to lists and read them, after Elle: a list tells in which order its elements
 * came, so that what depends on what is known and not searched for.
 */
import type { Anomaly, ListOperation, TransactionRecord } from "./record.ts";
import {
  effective,
  type KeyVersions,
  NOTHING,
  type Version,
  versionAnomalies,
  type VersionRead,
} from "./versions.ts";

type ListRecord = TransactionRecord<ListOperation>;

/** All anomalies found; none means that nothing in the history contradicts strict serializability. */
export function checkListAppend(records: readonly ListRecord[]): readonly Anomaly[] {
  const nameOf = (number: number): string => textOf(records[number]!);
  const writers = new Map<string, Map<string, number>>();
  for (const [number, { operations }] of records.entries()) {
    for (const operation of operations) {
      if (operation.kind !== "append") continue;
      const ofKey = writers.get(operation.key) ?? new Map<string, number>();
      writers.set(operation.key, ofKey.set(operation.element, number));
    }
  }
  const longest = new Map<string, readonly string[]>();
  const anomalies: Anomaly[] = [];
  for (const [number, { outcome, operations }] of records.entries()) {
    if (outcome !== "committed") continue;
    anomalies.push(...internal(records[number]!));
    for (const operation of operations) {
      if (operation.kind !== "read") continue;
      const { key, elements } = operation;
      const known = longest.get(key) ?? [];
      const [shorter, longer] = elements.length < known.length ? [elements, known] : [known, elements];
      if (shorter.some((element, index) => element !== longer[index])) {
        anomalies.push({
          name: "incompatible-order",
          text: `${key} was read as [${shorter.join()}] and [${longer.join()}]`,
        });
      }
      longest.set(key, longer);
      anomalies.push(...readAnomalies(operation, number, records, writers.get(key) ?? new Map()));
    }
  }
  const seen = new Set(
    [...longest].flatMap(([key, elements]) => elements.map((element) => `${key} ${element}`)),
  );
  const counted = effective(records, ({ operations }) =>
    operations.some((each) => each.kind === "append" && seen.has(`${each.key} ${each.element}`)),
  );
  const keys = [...writers].map(([key, ofKey]) => {
    const unseen = [...ofKey].filter(
      ([element, number]) => counted.has(number) && !seen.has(`${key} ${element}`),
    );
    return orderOf(
      key,
      longest.get(key) ?? [],
      unseen.map(([element]) => element),
    );
  });
  const reads = [...counted].flatMap(([number, record]) => readsOf(number, record));
  return [...anomalies, ...versionAnomalies({ keys, reads, writers }, counted, nameOf)];
}

/** Those that no read has seen came after the last one that was, in an order unknown. */
function orderOf(key: string, elements: readonly string[], unseen: readonly string[]): KeyVersions {
  const after = new Map<Version, readonly string[]>();
  let version: Version = NOTHING;
  for (const element of elements) {
    after.set(version, [element]);
    version = element;
  }
  after.set(version, unseen);
  return { key, after };
}

function readsOf(transaction: number, { operations }: ListRecord): VersionRead[] {
  const written = new Set<string>();
  return operations.flatMap((operation) => {
    const { key } = operation;
    if (operation.kind === "append") written.add(key);
    else if (!written.has(key)) return [{ transaction, key, version: operation.elements.at(-1) ?? NOTHING }];
    return [];
  });
}

function readAnomalies(
  { key, elements }: Extract<ListOperation, { kind: "read" }>,
  reader: number,
  records: readonly ListRecord[],
  writers: ReadonlyMap<string, number>,
): Anomaly[] {
  const nameOf = (number: number): string => textOf(records[number]!);
  const anomalies: Anomaly[] = [];
  const what = `${key} was read as [${elements.join()}]`;
  if (new Set(elements).size < elements.length) anomalies.push({ name: "duplicate", text: what });
  for (const element of elements) {
    const writer = writers.get(element);
    if (writer === undefined)
      anomalies.push({ name: "garbage", text: `${what}; nobody appended ${element}` });
    else if (records[writer]!.outcome === "aborted") {
      anomalies.push({ name: "G1a", text: `${what}; aborted was T${writer} = ${nameOf(writer)}` });
    }
  }
  const last = elements.at(-1);
  const writer = last === undefined ? undefined : writers.get(last);
  // What a transaction reads of itself is for `internal`.
  if (writer === undefined || writer === reader) return anomalies;
  const own = records[writer]!.operations.filter((each) => each.kind === "append" && each.key === key);
  const final = own.at(-1);
  if (final?.kind === "append" && final.element !== last && !elements.includes(final.element)) {
    anomalies.push({ name: "G1b", text: `${what}, in the middle of T${writer} = ${nameOf(writer)}` });
  }
  return anomalies;
}

/** A transaction sees what it read before, and its own appends at the end. */
function internal(record: ListRecord): Anomaly[] {
  const known = new Map<string, { readonly elements: readonly string[]; readonly isWhole: boolean }>();
  const anomalies: Anomaly[] = [];
  for (const operation of record.operations) {
    const { key } = operation;
    const before = known.get(key);
    if (operation.kind === "append") {
      const elements = [...(before?.elements ?? []), operation.element];
      known.set(key, { elements, isWhole: before?.isWhole ?? false });
      continue;
    }
    const { elements } = operation;
    known.set(key, { elements, isWhole: true });
    if (before === undefined) continue;
    const skipped = elements.length - before.elements.length;
    const fits = before.isWhole ? skipped === 0 : skipped >= 0;
    if (fits && before.elements.every((element, index) => element === elements[skipped + index])) continue;
    anomalies.push({ name: "internal", text: `${textOf(record)} does not agree with itself` });
  }
  return anomalies;
}

function textOf({ client, outcome, operations }: ListRecord): string {
  const parts = operations.map((operation) =>
    operation.kind === "append"
      ? `append ${operation.element} to ${operation.key}`
      : `${operation.key} is [${operation.elements.join()}]`,
  );
  return `${parts.join(", ")} (client ${client}, ${outcome})`;
}
