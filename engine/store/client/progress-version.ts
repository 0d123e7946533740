/**
 * Before these, an answer to a request for progress may overtake events that it counts as sent (etcd's issue 15220)
 * or be wrong in other ways; Kubernetes asks from the same versions on.
 */
const FIRST_PATCH: ReadonlyMap<string, number> = new Map([
  ["3.4", 31],
  ["3.5", 13],
]);

/** Whether a server of this version can be asked how far a watch is. An unknown version: no. */
export function answersProgress(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = match.slice(1).map(Number) as [number, number, number];
  const first = FIRST_PATCH.get(`${major}.${minor}`);
  if (first !== undefined) return patch >= first;
  return major > 3 || (major === 3 && minor > 5);
}
