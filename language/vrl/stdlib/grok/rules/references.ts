/** Where references stand in a rule: `%{…}`, within which a brace in quotes does not end it. */
export function referencesIn(rule: string): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let start = rule.indexOf("%{"); start !== -1;) {
    const end = endOf(rule, start + 2);
    if (end === -1) start = rule.indexOf("%{", start + 1);
    else {
      found.push([start, end]);
      start = rule.indexOf("%{", end);
    }
  }
  return found;
}

/** After the brace that closes; -1: none does, or it closes at once. */
function endOf(rule: string, from: number): number {
  for (let at = from; at < rule.length; at++) {
    if (rule[at] === "}") return at === from ? -1 : at + 1;
    if (rule[at] !== '"') continue;
    if (rule[at - 1] === "\\") return -1;
    do at = rule.indexOf('"', at + 1);
    while (at !== -1 && rule[at - 1] === "\\");
    if (at === -1) return -1;
  }
  return -1;
}
