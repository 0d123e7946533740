import {
  CompareResult,
  CompareTarget,
  type KeyValue,
  kvService,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RequestOp,
  TxnRequest,
  TxnResponse,
  WireCompare,
} from "@plinth/etcd";
import { framed, type Template } from "./h2-connection.ts";

export const VALUE_BYTES = 256;
/** Of a range that counts more than it gives. */
const RANGE_LIMIT = 100;
/** Puts of one transaction that fills the store: with their values they fit into one frame. */
export const FILL_PUTS = 50;

const DIGITS = 8;
const PREFIX = "key/";
/** Behind every key. */
const PREFIX_END = "key0";
/** Stands in a template where a key's number goes. */
const PLACEHOLDER = "9".repeat(DIGITS);

/** One kind of request, and what its answer must say. */
export interface Operation extends Template {
  readonly path: string;
  /** How many keys, from the first on, it may be asked about when there are `keys` of them. */
  choices(keys: number): number;
  /** Throws where an answer is not the right one. */
  check(answer: Buffer, key: number, keys: number): void;
}

const keyOf = (number: string | number): string => `${PREFIX}${String(number).padStart(DIGITS, "0")}`;

/** A value begins with its key's number, so that an answer tells whose value it gives. */
function valueOf(number: string): Buffer {
  const value = Buffer.alloc(VALUE_BYTES, "value ");
  value.write(number, 0, "latin1");
  return value;
}

const blankOperation = { range: undefined, put: undefined, deleteRange: undefined, txn: undefined };
const put = (number: string): PutRequest => PutRequest.of({ key: keyOf(number), value: valueOf(number) });
const putOperation = (number: string): RequestOp => ({ ...blankOperation, put: put(number) });
const get = (number: string): RangeRequest => RangeRequest.of({ key: keyOf(number) });

/** Places of the placeholder; `perKey` of them, one after the other, belong to one key. */
function template(message: Buffer, perKey: number): Template {
  const bytes = framed(message);
  const places: number[] = [];
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + DIGITS))
    places.push(at);
  return {
    framed: bytes,
    fill(buffer, at, key) {
      for (let index = 0; index < places.length; index++) {
        let rest = key + Math.floor(index / perKey);
        const from = at + places[index]!;
        for (let digit = from + DIGITS - 1; digit >= from; digit--) {
          const tens = Math.floor(rest / 10);
          buffer[digit] = 0x30 + rest - tens * 10;
          rest = tens;
        }
      }
    },
  };
}

function assertThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`a wrong answer: ${what}`);
}

function checkKeyValue(kv: KeyValue | undefined, key: number): void {
  assertThat(kv?.key === keyOf(key), `key ${kv?.key}, not ${keyOf(key)}`);
  const value = Buffer.from(kv!.value);
  assertThat(value.equals(valueOf(keyOf(key).slice(PREFIX.length))), `another value than that of key ${key}`);
}

const all = (keys: number): number => keys;

function checkPut(answer: Buffer): void {
  assertThat(PutResponse.decode(answer).header!.revision > 1, "no revision");
}

const putting: Operation = {
  ...template(PutRequest.encode(put(PLACEHOLDER)), 2),
  path: kvService.put.path,
  choices: all,
  check: checkPut,
};

const getting: Operation = {
  ...template(RangeRequest.encode(get(PLACEHOLDER)), 1),
  path: kvService.range.path,
  choices: all,
  check(answer, key) {
    const { kvs, count } = RangeResponse.decode(answer);
    assertThat(count === 1, `count ${count}`);
    checkKeyValue(kvs[0], key);
  },
};

const ranging: Operation = {
  ...template(
    RangeRequest.encode(
      RangeRequest.of({ key: keyOf(PLACEHOLDER), rangeEnd: PREFIX_END, limit: RANGE_LIMIT }),
    ),
    1,
  ),
  path: kvService.range.path,
  choices: (keys) => keys - RANGE_LIMIT,
  check(answer, key, keys) {
    const { kvs, count, more } = RangeResponse.decode(answer);
    assertThat(count === keys - key && more, `count ${count} of ${keys} keys from ${key} on`);
    assertThat(kvs.length === RANGE_LIMIT, `${kvs.length} keys`);
    for (let index = 0; index < RANGE_LIMIT; index++) checkKeyValue(kvs[index], key + index);
  },
};

/** If the key is there, puts it and reads it. */
const transacting: Operation = {
  ...template(
    TxnRequest.encode({
      compare: [
        WireCompare.of({
          key: keyOf(PLACEHOLDER),
          target: CompareTarget.version,
          result: CompareResult.greater,
          version: 0,
        }),
      ],
      success: [putOperation(PLACEHOLDER), { ...blankOperation, range: get(PLACEHOLDER) }],
      failure: [],
    }),
    4,
  ),
  path: kvService.txn.path,
  choices: all,
  check(answer, key) {
    const { succeeded, responses } = TxnResponse.decode(answer);
    assertThat(succeeded && responses.length === 2, "the comparison failed");
    checkKeyValue(responses[1]!.range?.kvs[0], key);
  },
};

/** Puts a row of keys at once: how stores are filled, never measured. */
const filling: Operation = {
  ...template(
    TxnRequest.encode({
      compare: [],
      success: Array.from({ length: FILL_PUTS }, () => putOperation(PLACEHOLDER)),
      failure: [],
    }),
    2,
  ),
  path: kvService.txn.path,
  choices: all,
  check(answer) {
    assertThat(TxnResponse.decode(answer).responses.length === FILL_PUTS, "not every put was answered");
  },
};

export type OperationName = "put" | "get" | "range" | "txn" | "fill";

export const operations: Readonly<Record<OperationName, Operation>> = {
  put: putting,
  get: getting,
  range: ranging,
  txn: transacting,
  fill: filling,
};
