/** What the tree holds: something with a key, that counts or does not. */
export interface Countable {
  readonly key: string;
  /** Whether `count` counts it. The tree's to change, by `setCounted`. */
  counted: boolean;
}

/** Entries of a leaf and children of a branch: two or three levels hold a hundred thousand keys, an insertion moves few. */
const NODE_MAX = 64;
/** Below this a node is joined with its neighbour; a quarter, so that a key put and removed in turn moves nothing. */
const NODE_MIN = 16;

interface Leaf<Entry> {
  readonly kind: "leaf";
  entries: Entry[];
  counted: number;
}

interface Branch<Entry> {
  readonly kind: "branch";
  children: Node<Entry>[];
  /** `separators[i]` is above every key in `children[i]`, and none in `children[i + 1]` is below it. */
  separators: string[];
  counted: number;
}

type Node<Entry> = Leaf<Entry> | Branch<Entry>;

/** The first place whose key is not below `key`. */
function placeInLeaf(entries: readonly Countable[], key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child that holds or would hold `key`. */
function childOf(separators: readonly string[], key: string): number {
  let low = 0;
  let high = separators.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (separators[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function leafOf<Entry extends Countable>(entries: Entry[]): Leaf<Entry> {
  let counted = 0;
  for (const entry of entries) if (entry.counted) counted += 1;
  return { kind: "leaf", entries, counted };
}

function branchOf<Entry extends Countable>(children: Node<Entry>[], separators: string[]): Branch<Entry> {
  let counted = 0;
  for (const child of children) counted += child.counted;
  return { kind: "branch", children, separators, counted };
}

const sizeOf = (node: Node<Countable>): number =>
  node.kind === "leaf" ? node.entries.length : node.children.length;

/**
 * An ordered set of keyed entries: a B+-tree whose nodes know how many counted entries are below them, so that any
 * range is counted in O(log n). Keys are ordered by `<`.
 */
export class CountedTree<Entry extends Countable> {
  #root: Node<Entry> = leafOf([]);

  get(key: string): Entry | undefined {
    let node = this.#root;
    while (node.kind === "branch") node = node.children[childOf(node.separators, key)]!;
    const entry = node.entries[placeInLeaf(node.entries, key)];
    return entry?.key === key ? entry : undefined;
  }

  /** Puts in an entry whose key is not there yet. */
  insert(entry: Entry): void {
    const split = this.#insert(this.#root, entry);
    if (split !== undefined) this.#root = branchOf([this.#root, split.right], [split.separator]);
  }

  /** Takes out the entry of a key that is there. */
  delete(key: string): void {
    const entry = this.get(key);
    if (entry === undefined) return;
    this.#delete(this.#root, entry);
    if (this.#root.kind === "branch" && this.#root.children.length === 1)
      this.#root = this.#root.children[0]!;
  }

  /** Makes an entry of the tree count or not. */
  setCounted(entry: Entry, counted: boolean): void {
    if (entry.counted === counted) return;
    entry.counted = counted;
    const difference = counted ? 1 : -1;
    let node = this.#root;
    while (node.kind === "branch") {
      node.counted += difference;
      node = node.children[childOf(node.separators, entry.key)]!;
    }
    node.counted += difference;
  }

  /** How many counted entries are from `key` up to but without `end`; the empty string as `end`: all from `key` on. */
  count(key: string, end: string): number {
    if (end !== "" && end <= key) return 0;
    return (end === "" ? this.#root.counted : this.#rank(end)) - this.#rank(key);
  }

  /** Calls back for the entries of a range in order, `count`'s ones only if asked, until told to stop by `false`. */
  scan(key: string, end: string, countedOnly: boolean, visit: (entry: Entry) => boolean): void {
    this.#scan(this.#root, key, end, countedOnly, visit);
  }

  /** Counted entries below `key`. */
  #rank(key: string): number {
    let rank = 0;
    let node = this.#root;
    while (node.kind === "branch") {
      const position = childOf(node.separators, key);
      for (let index = 0; index < position; index++) rank += node.children[index]!.counted;
      node = node.children[position]!;
    }
    const place = placeInLeaf(node.entries, key);
    for (let index = 0; index < place; index++) if (node.entries[index]!.counted) rank += 1;
    return rank;
  }

  #scan(
    node: Node<Entry>,
    key: string,
    end: string,
    countedOnly: boolean,
    visit: (entry: Entry) => boolean,
  ): boolean {
    if (countedOnly && node.counted === 0) return true;
    if (node.kind === "leaf") {
      for (let index = placeInLeaf(node.entries, key); index < node.entries.length; index++) {
        const entry = node.entries[index]!;
        if (end !== "" && entry.key >= end) return false;
        if ((entry.counted || !countedOnly) && !visit(entry)) return false;
      }
      return true;
    }
    for (let index = childOf(node.separators, key); index < node.children.length; index++) {
      if (index > 0 && end !== "" && node.separators[index - 1]! >= end) return false;
      if (!this.#scan(node.children[index]!, key, end, countedOnly, visit)) return false;
    }
    return true;
  }

  /** What was split off the node, if it grew too large. */
  #insert(node: Node<Entry>, entry: Entry): { right: Node<Entry>; separator: string } | undefined {
    if (entry.counted) node.counted += 1;
    if (node.kind === "leaf") {
      node.entries.splice(placeInLeaf(node.entries, entry.key), 0, entry);
      if (node.entries.length <= NODE_MAX) return undefined;
      const right = leafOf(node.entries.splice(node.entries.length >>> 1));
      node.counted -= right.counted;
      return { right, separator: right.entries[0]!.key };
    }
    const position = childOf(node.separators, entry.key);
    const split = this.#insert(node.children[position]!, entry);
    if (split === undefined) return undefined;
    node.children.splice(position + 1, 0, split.right);
    node.separators.splice(position, 0, split.separator);
    if (node.children.length <= NODE_MAX) return undefined;
    const half = node.children.length >>> 1;
    const right = branchOf(node.children.splice(half), node.separators.splice(half));
    node.counted -= right.counted;
    return { right, separator: node.separators.pop()! };
  }

  #delete(node: Node<Entry>, entry: Entry): void {
    if (entry.counted) node.counted -= 1;
    if (node.kind === "leaf") {
      node.entries.splice(placeInLeaf(node.entries, entry.key), 1);
      return;
    }
    const position = childOf(node.separators, entry.key);
    const child = node.children[position]!;
    this.#delete(child, entry);
    if (sizeOf(child) < NODE_MIN && node.children.length > 1) this.#join(node, Math.max(0, position - 1));
  }

  /** Makes one node of the children at `position` and behind it, or two of one size where one would be too large. */
  #join(parent: Branch<Entry>, position: number): void {
    const left = parent.children[position]!;
    const right = parent.children[position + 1]!;
    const between = parent.separators[position]!;
    if (left.kind === "leaf" && right.kind === "leaf") {
      const entries = left.entries.concat(right.entries);
      if (entries.length <= NODE_MAX) {
        parent.children.splice(position, 2, leafOf(entries));
        parent.separators.splice(position, 1);
        return;
      }
      const behind = leafOf(entries.splice(entries.length >>> 1));
      parent.children.splice(position, 2, leafOf(entries), behind);
      parent.separators[position] = behind.entries[0]!.key;
    } else if (left.kind === "branch" && right.kind === "branch") {
      const children = left.children.concat(right.children);
      const separators = [...left.separators, between, ...right.separators];
      if (children.length <= NODE_MAX) {
        parent.children.splice(position, 2, branchOf(children, separators));
        parent.separators.splice(position, 1);
        return;
      }
      const half = children.length >>> 1;
      const behind = branchOf(children.splice(half), separators.splice(half));
      parent.separators[position] = separators.pop()!;
      parent.children.splice(position, 2, branchOf(children, separators), behind);
    }
  }
}
