import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Permission, PermissionType } from "@plinth/etcd";
import type { AuthState } from "./auth-state.ts";
import { PermittedRanges } from "./permitted-ranges.ts";

/** Few enough keys that a range can be looked at key by key. */
const keys = ["a", "a\0", "b", "ba", "c", "c\xff", "d"];
const ends = ["", "\0", "a", "a\0", "b", "ba", "c", "d", "e"];
const range = fc.record({ key: fc.constantFrom(...keys), rangeEnd: fc.constantFrom(...ends) });
const isRange = ({ key, rangeEnd }: { key: string; rangeEnd: string }): boolean =>
  rangeEnd === "" || rangeEnd === "\0" || rangeEnd > key;
const permission: fc.Arbitrary<Permission> = fc
  .record({ type: fc.nat(2), range: range.filter(isRange) })
  .map(({ type, range: { key, rangeEnd } }) => ({ type, key, rangeEnd }));

const holds = (key: string, { key: first, rangeEnd }: { key: string; rangeEnd: string }): boolean => {
  if (rangeEnd === "") return key === first;
  return key >= first && (rangeEnd === "\0" || key < rangeEnd);
};
/** Byte strings of one byte more than keys have: where a range is not covered, one of them shows it. */
const bytes = ["\0", "a", "b", "c", "d", "e", "\xff"];
const longer = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => bytes.map((each) => text + each));
const samples = [...bytes, ...longer(bytes), ...longer(longer(bytes))];

function stateWith(roles: readonly (readonly Permission[])[]): AuthState {
  return {
    enabled: true,
    revision: 9n,
    users: new Map([["user", { password: undefined, roles: roles.map((_, index) => `role ${index}`) }]]),
    roles: new Map(roles.map((permissions, index) => [`role ${index}`, { permissions }])),
  };
}

test("PermittedRanges lets a range through if every key of it is in a range of some role", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(permission, { maxLength: 4 }), { maxLength: 3 }),
      range.filter(isRange),
      (roles, asked) => {
        const ranges = new PermittedRanges(stateWith(roles), "user");
        const may = (other: number): boolean => {
          const granted = roles
            .flat()
            .filter(({ type }) => type === other || type === PermissionType.readWrite);
          const inside = samples.filter((key) => holds(key, asked));
          // No sample is behind all others: there, only a range without an end holds all keys.
          const endless = asked.rangeEnd === "\0";
          return (
            inside.every((key) => granted.some((each) => holds(key, each))) &&
            (!endless || granted.some(({ rangeEnd }) => rangeEnd === "\0"))
          );
        };
        assert.equal(ranges.mayRead(asked.key, asked.rangeEnd), may(PermissionType.read));
        assert.equal(ranges.mayWrite(asked.key, asked.rangeEnd), may(PermissionType.write));
      },
    ),
    { numRuns: 1000 },
  );
});

test("PermittedRanges lets nobody use anything without a role, and the root role everything", () => {
  const state = stateWith([]);
  assert.equal(new PermittedRanges(state, "user").mayRead("a", ""), false);
  assert.equal(new PermittedRanges(state, "absent").mayRead("a", ""), false);
  const users = new Map([["user", { password: undefined, roles: ["root"] }]]);
  const root = new PermittedRanges({ ...state, users }, "user");
  assert.equal(root.isRoot && root.mayRead("\0", "\0") && root.mayWrite("\0", "\0"), true);
});
