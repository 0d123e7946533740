import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTransaction } from "./txn-parse.ts";
import { SyntaxFault } from "./txn-source.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

test("parseTransaction() reads etcdctl's compares and operations", () => {
  const source = [
    'mod("a") > "5"',
    ' c ( "k\\x41\\u00fc" ) != 0 ',
    'val("v") = "two words\\n"',
    'lease("l") < "ffffffffffffffff"',
    "",
    'put "a key" plain --lease=7f --prev-kv',
    "put 'it\"s' -- -1",
    'put k ""',
    "put k --ignore-value",
    "",
    "get a b --rev 3 --order=DESCEND --keys-only",
    'del "" --prefix',
  ].join("\r\n");
  const { compares, success, failure } = parseTransaction(source);
  assert.deepEqual(compares, [
    { key: "a", target: "mod", operator: ">", operand: 5 },
    { key: Buffer.from("kAü").toString("latin1"), target: "create", operator: "!=", operand: 0 },
    { key: "v", target: "value", operator: "=", operand: bytes("two words\n") },
    { key: "l", target: "lease", operator: "<", operand: -1n },
  ]);
  const put = { lease: 0n, previous: false, ignoreValue: false, ignoreLease: false };
  assert.deepEqual(
    success.map(({ operation }) => operation),
    [
      { kind: "put", put: { ...put, key: "a key", value: bytes("plain"), lease: 0x7fn, previous: true } },
      { kind: "put", put: { ...put, key: 'it"s', value: bytes("-1") } },
      { kind: "put", put: { ...put, key: "k", value: bytes("") } },
      { kind: "put", put: { ...put, key: "k", value: bytes(""), ignoreValue: true } },
    ],
  );
  const sort = { target: "key", descending: true };
  assert.deepEqual(failure, [
    {
      operation: {
        kind: "range",
        range: { key: "a", end: "b", revision: 3, limit: 0, keysOnly: true, countOnly: false, sort },
      },
      layout: { keysOnly: true, valueOnly: false },
    },
    { operation: { kind: "delete", delete: { key: "\0", end: "", previous: false } }, layout: {} },
  ]);
});

test("parseTransaction() says at which line and column it cannot go on", () => {
  for (const [source, line, column] of [
    ['mod("a") > "0"\nfoo("a") = "1"\n\nput a 1\n', 2, 1],
    ["mod(a) > 0\n", 1, 5],
    ['mod"a") > 0\n', 1, 4],
    ['mod("a" > 0\n', 1, 9],
    ['mod("a") >= "0"\n', 1, 10],
    ['mod("a") =', 1, 11],
    ['mod("a") = "x"\n', 1, 12],
    ['lease("a") = "xyz"\n', 1, 14],
    ['mod("a") = "1" and\n', 1, 16],
    ['value("a") = "open\n', 1, 14],
    ['value("a") = "\\q"\n', 1, 15],
    ['value("a") = "\\xff"\n', 1, 15],
    ["\nput a 1\nmove a b\n", 3, 1],
    ["\nput a 'x\n", 2, 7],
    ["\nput a\n", 2, 5],
    ["\nput a 1 --ignore-value\n", 2, 5],
    ["\nget\n", 2, 4],
    ["\nget a --rev x\n", 2, 5],
    ["\nget a --url etcd://elsewhere\n", 2, 5],
    ["\nput a 1\n\n\nget a\n", 5, 1],
  ] as const) {
    assert.throws(
      () => parseTransaction(source),
      (error) => {
        assert.ok(error instanceof SyntaxFault, String(error));
        const { line: atLine, column: atColumn } = error.details as { line: number; column: number };
        assert.deepEqual([atLine, atColumn], [line, column], `${source}${error.message}`);
        return true;
      },
    );
  }
});
