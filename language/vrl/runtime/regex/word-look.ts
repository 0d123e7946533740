/** Whether an assertion on words holds: `look` is its name, "-ascii" or not; the rest tells whether word characters are there. */
export function wordHolds(look: string, before: boolean, after: boolean): boolean {
  switch (look.endsWith("-ascii") ? look.slice(0, -6) : look) {
    case "boundary":
      return before !== after;
    case "no-boundary":
      return before === after;
    case "word-start":
      return !before && after;
    case "word-end":
      return before && !after;
    case "word-start-half":
      return !before;
    default:
      return !after;
  }
}
