import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnvironmentFile, parseRawEnvironmentFile } from "./env-file.ts";

const lookup = (name: string): string | undefined => ({ SHELL_SET: "of the shell" })[name];
const values = (text: string): object => Object.fromEntries(parseEnvironmentFile(text, lookup).values);

const files: readonly (readonly [text: string, values: object])[] = [
  ["A=1\nB=two words\n", { A: "1", B: "two words" }],
  ["\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["# comment\n\n  A = 1  \n", { A: "1" }],
  ["A=1 # behind\nB=1#2\nC=#none\n", { A: "1", B: "1#2", C: "" }],
  ["export A=1\nexport\tB=2\n", { A: "1", B: "2" }],
  ["A=\nB=''\nC=\"\"\n", { A: "", B: "", C: "" }],
  ["A='$B \\n # \"'\n", { A: '$B \\n # "' }],
  ['A="a\\n\\"b\\" \\\\ \\$C" # behind\n', { A: 'a\n"b" \\ $C' }],
  ["A='one\ntwo'\nB=3\n", { A: "one\ntwo", B: "3" }],
  ['A="one\ntwo"\nB=3', { A: "one\ntwo", B: "3" }],
  ["A=1\nB=$A-${A}-${GONE:-x}\n", { A: "1", B: "1-1-x" }],
  ['SHELL_SET=file\nB="$SHELL_SET"\n', { SHELL_SET: "file", B: "of the shell" }],
  ["SHELL_SET\nNOWHERE\n", { SHELL_SET: "of the shell" }],
  ["A: 1\n", { A: "1" }],
  ["some.key=1\nother-key=2\n", { "some.key": "1", "other-key": "2" }],
  ["A=a=b==\nURL=http://h/?a=b#c\n", { A: "a=b==", URL: "http://h/?a=b#c" }],
];

test("parseEnvironmentFile() reads what Compose does", () => {
  for (const [text, expected] of files) {
    assert.deepEqual(values(text), expected, text);
    assert.deepEqual(parseEnvironmentFile(text, lookup).problems, [], text);
  }
});

test("parseEnvironmentFile() tells the line of what it cannot read, and goes on", () => {
  const {
    values: read,
    problems,
    unset,
  } = parseEnvironmentFile("A=1\n=2\nwhat is this\nB=$\nC=$GONE\nD=4\n", lookup);
  assert.deepEqual(Object.fromEntries(read), { A: "1", C: "", D: "4" });
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 3, 4],
  );
  assert.deepEqual(unset, [{ line: 5, name: "GONE" }]);
  assert.match(parseEnvironmentFile("A=1\nB='open\n", lookup).problems[0]!.message, /no closing/);
});

test("parseRawEnvironmentFile() takes values as they stand", () => {
  const { values: read } = parseRawEnvironmentFile("# no\nA=\"$B\" # x\r\n\nC='d'\n");
  assert.deepEqual(Object.fromEntries(read), { A: '"$B" # x', C: "'d'" });
});
