import assert from "node:assert/strict";
import { test } from "node:test";
import { containerIdOf, hostIdOf, ownRanges, rangedMaps } from "./id-maps.ts";

const web = { name: "web", uid: 1000 };

test("ownRanges() takes a user's own lines, by name or number, and no others", () => {
  const text =
    "root:100000:65536\nweb:200000:65536\n1000:300000:10\nwebs:400000:9\n1001:500000:9\n#web:600000:9\n";
  assert.deepEqual(ownRanges(text, web), [
    { first: 200000, size: 65536 },
    { first: 300000, size: 10 },
  ]);
  assert.deepEqual(ownRanges(text, { name: undefined, uid: 1001 }), [{ first: 500000, size: 9 }]);
});

test("ownRanges() takes no range with root, the user, none's id or ids that it has already, and nothing odd", () => {
  for (const line of [
    "web:0:65536",
    "web:999:2",
    "web:4294967295:1",
    "web:4294901760:65536",
    "web:5:0",
    "web:-5:9",
    "web:5:9:7",
    "web:5:",
    "web:99999999999:5",
    " web:5:9",
    "web:0x10:9",
    "",
  ])
    assert.deepEqual(ownRanges(line, web), [], JSON.stringify(line));
  assert.deepEqual(ownRanges("web:2000:100\nweb:2099:5\nweb:2100:5\r\n", web), [
    { first: 2000, size: 100 },
    { first: 2100, size: 5 },
  ]);
});

test("a container's root is the caller, and its other ids are of the ranges, one after the other", () => {
  const maps = rangedMaps(
    [
      { first: 200_000, size: 10 },
      { first: 300_000, size: 10 },
    ],
    [{ first: 200_000, size: 1 }],
  );
  const own = process.geteuid!();
  assert.deepEqual(
    [0, 1, 10, 11, 20, 21].map((id) => hostIdOf(id, maps.uid)),
    [own, 200_000, 200_009, 300_000, 300_009, undefined],
  );
  for (const id of [0, 1, 10, 11, 20]) assert.equal(containerIdOf(hostIdOf(id, maps.uid)!, maps.uid), id);
  assert.equal(containerIdOf(250_000, maps.uid), undefined);
});
