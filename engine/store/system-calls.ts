/** For tests: what strace says a process did. */

/** One finished system call; `began` and `ended` are lines of the trace. */
export interface SystemCall {
  /** `fsync(21</path>) = 0`, whether or not another thread's call came between its halves. */
  readonly text: string;
  readonly began: number;
  readonly ended: number;
}

/** In the order in which they ended, from the output of `strace -f -y`. */
export function systemCalls(trace: string): SystemCall[] {
  const unfinished = new Map<string, { readonly text: string; readonly began: number }>();
  const calls: SystemCall[] = [];
  const add = (text: string, began: number, ended: number): void =>
    void calls.push({ text: text.replace(/\) += /, ") = "), began, ended });
  for (const [index, line] of trace.split("\n").entries()) {
    const [, thread = "", text = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const [, begun] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? [];
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const first = unfinished.get(thread);
    if (begun !== undefined) unfinished.set(thread, { text: begun, began: index });
    else if (rest === undefined) add(text, index, index);
    else if (first !== undefined) add(`${first.text}${rest}`, first.began, index);
  }
  return calls;
}
