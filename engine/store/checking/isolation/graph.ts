/** Why one transaction must have come before another. */
export type DependencyKind =
  /** It wrote what the other wrote over; what the other read; it did not see what the other wrote; it was over before. */
  "ww" | "wr" | "rw" | "realtime";

export interface Dependency {
  readonly from: number;
  readonly to: number;
  readonly kind: DependencyKind;
  readonly text: string;
}

/** Transactions by number, and what must have come before what. */
export class DependencyGraph {
  readonly #from: Map<number, Dependency[]> = new Map();

  /** A transaction does not depend on itself. */
  add(dependency: Dependency): void {
    if (dependency.from === dependency.to) return;
    const list = this.#from.get(dependency.from);
    if (list === undefined) this.#from.set(dependency.from, [dependency]);
    else list.push(dependency);
  }

  get dependencies(): readonly Dependency[] {
    return [...this.#from.values()].flat();
  }

  after(transaction: number, kinds: ReadonlySet<DependencyKind>): readonly Dependency[] {
    return this.#from.get(transaction)?.filter(({ kind }) => kinds.has(kind)) ?? [];
  }

  /**
   * Groups of two and more that can all be reached from each other: every circle is within one. Tarjan's algorithm,
   * without recursion, for a long history is deep.
   */
  components(kinds: ReadonlySet<DependencyKind>): readonly ReadonlySet<number>[] {
    const numbers = new Map<number, number>();
    const lowest = new Map<number, number>();
    const open: number[] = [];
    const isOpen = new Set<number>();
    const found: ReadonlySet<number>[] = [];
    const work: { readonly node: number; readonly next: readonly Dependency[]; index: number }[] = [];
    const enter = (node: number): void => {
      numbers.set(node, numbers.size);
      lowest.set(node, numbers.get(node)!);
      open.push(node);
      isOpen.add(node);
      work.push({ node, next: this.after(node, kinds), index: 0 });
    };
    const lower = (node: number, to: number): void => {
      lowest.set(node, Math.min(lowest.get(node)!, to));
    };
    for (const root of this.#from.keys()) {
      if (numbers.has(root)) continue;
      enter(root);
      for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
        const { node } = top;
        const dependency = top.next[top.index++];
        if (dependency !== undefined) {
          if (!numbers.has(dependency.to)) enter(dependency.to);
          else if (isOpen.has(dependency.to)) lower(node, numbers.get(dependency.to)!);
          continue;
        }
        work.pop();
        const parent = work.at(-1);
        if (parent !== undefined) lower(parent.node, lowest.get(node)!);
        if (lowest.get(node) !== numbers.get(node)) continue;
        const members = open.splice(open.indexOf(node));
        for (const member of members) isOpen.delete(member);
        if (members.length > 1) found.push(new Set(members));
      }
    }
    return found;
  }

  /** The shortest way between two within a group; `mustHave`: with one of this kind among them. */
  path(
    from: number,
    to: number,
    within: ReadonlySet<number>,
    kinds: ReadonlySet<DependencyKind>,
    mustHave?: DependencyKind,
  ): readonly Dependency[] | undefined {
    interface Step {
      readonly node: number;
      readonly isEnough: boolean;
      readonly by: Dependency | undefined;
      readonly before: Step | undefined;
    }
    const isNew = new Set<string>();
    let reached: Step[] = [
      { node: from, isEnough: mustHave === undefined, by: undefined, before: undefined },
    ];
    while (reached.length > 0) {
      const next: Step[] = [];
      for (const step of reached) {
        for (const by of this.after(step.node, kinds)) {
          if (!within.has(by.to)) continue;
          const taken: Step = {
            node: by.to,
            isEnough: step.isEnough || by.kind === mustHave,
            by,
            before: step,
          };
          const name = `${by.to} ${taken.isEnough}`;
          if (isNew.has(name)) continue;
          isNew.add(name);
          if (by.to !== to || !taken.isEnough) {
            next.push(taken);
            continue;
          }
          const path: Dependency[] = [];
          for (let at: Step | undefined = taken; at?.by !== undefined; at = at.before) path.unshift(at.by);
          return path;
        }
      }
      reached = next;
    }
    return undefined;
  }
}
