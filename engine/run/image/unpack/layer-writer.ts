import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { Fault } from "@plinth/fault";
import { hostIdOf } from "../../container/id-maps.ts";
import { LAYER_ENTRIES_MAX } from "../limits.ts";
import { corrupt, shownName, type TarEntry } from "../tar/entry.ts";
import type { TarSink } from "../tar/reader.ts";
import { type Deed, type DoDeeds, S_IFBLK, S_IFCHR, S_IFIFO } from "./deeds.ts";
import { componentsOf, type EntryName, readName } from "./names.ts";
import { type DirectoryAttributes, joined, Tree } from "./tree.ts";
import { type Rights, xattrsToSet } from "./rights.ts";

export interface LayerWriterOptions {
  /** An empty directory of mode 0700 below which nobody else writes. */
  readonly root: string;
  readonly rights: Rights;
  /**
   * What becomes of what a layer says of lower ones: "overlay" leaves it to the kernel, as whiteouts and marks; "apply"
   * removes what an earlier layer put into the same directory.
   */
  readonly whiteouts: "overlay" | "apply";
}

export interface LayerSummary {
  readonly entries: number;
  /** Of the contents of files. */
  readonly bytes: number;
  /**
   * Directories that no entry had named when something was put into them, but for the root: what they are is for the
   * layers below to say, which may have a symlink there. latin1, as all paths.
   */
  readonly implicit: readonly string[];
  /** Directories whose content in lower layers is hidden. */
  readonly opaque: readonly string[];
  /** Directories with whiteouts, which only count where lower layers have the directory as well. */
  readonly hiding: readonly string[];
  /** What could not be kept, and how often. */
  readonly notices: Readonly<Record<string, number>>;
}

const OWNERS_LEFT_OUT =
  "owners left out: without subordinate ids all is root's, `plinth doctor` says how to have some";

type Times = Pick<TarEntry, "mtimeSeconds" | "mtimeNanoseconds">;

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Until its entry, or the end, says otherwise; nobody but us may look in meanwhile. */
const DIRECTORY_MODE = 0o700;
const IMPLICIT_MODE = 0o755;
const FILE_MODE = 0o600;

/**
 * Puts a layer's entries on the disk as they come. Every call is synchronous, since an await per entry would cost more
 * than the entry: run it in a thread of its own. What Node cannot do is collected and done in one go by `finish`.
 */
export class LayerWriter implements TarSink {
  readonly #root: string;
  readonly #rights: Rights;
  readonly #whiteouts: LayerWriterOptions["whiteouts"];
  readonly #tree: Tree;
  /** Deeds by the path they are done at, so that a later entry of the name takes them back. */
  readonly #deeds: Map<string, Deed[]> = new Map();
  /** With `maps`: whom things are given to, last of all. */
  readonly #gifts: Map<string, Deed[]> = new Map();
  /** Paths among `#deeds` where there is nothing on the disk yet. */
  readonly #nodes: Map<string, TarEntry> = new Map();
  readonly #implicit: Set<string> = new Set();
  /** With "overlay": whiteouts and opaque marks. */
  readonly #hidden: EntryName[] = [];
  /** With "apply": what this layer made, and the directories around it. */
  #touched: Set<string> = new Set();
  readonly #notices: Record<string, number> = {};
  #entries = 0;
  #bytes = 0;
  /** The file whose content comes; undefined while content is passed over. */
  #file: number | undefined = undefined;
  #fileEntry: TarEntry | undefined = undefined;
  #filePath = "";

  constructor({ root, rights, whiteouts }: LayerWriterOptions) {
    this.#root = Buffer.from(root).toString("latin1");
    this.#rights = rights;
    this.#whiteouts = whiteouts;
    this.#tree = new Tree(implicitAttributes(0));
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > LAYER_ENTRIES_MAX) {
      throw new Fault("too-large", `it has more than ${LAYER_ENTRIES_MAX} entries`);
    }
    const name = readName(entry.name);
    if (name.kind === "entry") {
      this.#naming(entry, () => this.#place(entry, name));
    } else if (name.kind !== "ignored") {
      if (this.#whiteouts === "overlay") this.#hidden.push(name);
      else this.#hide(name);
    }
  }

  content(chunk: Buffer): void {
    const file = this.#file;
    if (file === undefined) return;
    for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
    this.#bytes += chunk.length;
  }

  endOfFile(): void {
    const entry = this.#fileEntry;
    const file = this.#file;
    if (entry === undefined || file === undefined) return;
    this.#fileEntry = undefined;
    this.#file = undefined;
    try {
      // The owner first: a change of it takes the set-uid bit away.
      if (this.#isForeign(entry)) fchownSync(file, entry.uid, entry.gid);
      this.#giveLater(this.#filePath, entry);
      fchmodSync(file, entry.mode);
      futimesSync(file, entry.mtimeSeconds, entry.mtimeSeconds);
    } finally {
      closeSync(file);
    }
  }

  /** With "apply": between two layers. */
  endLayer(): void {
    this.#touched = new Set();
  }

  /** Does what is left: what Node cannot, and directories' attributes, which would not last while they are filled. */
  async finish(doDeeds: DoDeeds): Promise<LayerSummary> {
    const marked = this.#whiteouts === "overlay" ? this.#markHidden() : { opaque: [], hiding: [] };
    if (this.#deeds.size > 0) await doDeeds([...this.#deeds.values()].flat());
    const exactTimes: Deed[] = [];
    for (const [path, attributes] of [...this.#tree.directories].reverse()) {
      this.#setDirectory(path, attributes);
      if (attributes.mtimeNanoseconds !== 0) exactTimes.push(this.#timesDeed(path, attributes));
    }
    if (exactTimes.length > 0) await doDeeds(exactTimes);
    // Last: what is given away may be closed to us.
    if (this.#gifts.size > 0) await doDeeds([...this.#gifts.values()].flat(), this.#rights.maps);
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      implicit: [...this.#implicit],
      ...marked,
      notices: this.#notices,
    };
  }

  /** Lets go of a file that was under way when something failed. */
  abandon(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#fileEntry = undefined;
  }

  #place(entry: TarEntry, name: EntryName): void {
    const directory = this.#tree.resolve(name.parent, (path) => {
      this.#makeImplicit(path, entry.mtimeSeconds);
      return true;
    })!;
    if (name.base === "") {
      if (entry.type !== "directory") throw corrupt("the image's root is not a directory");
      this.#tree.directories.set("", attributesOf(entry));
      this.#defer("", this.#xattrDeeds("", entry));
      return;
    }
    const path = joined(directory, name.base);
    switch (entry.type) {
      case "directory":
        this.#takeBack(path);
        if (this.#tree.directories.has(path)) this.#tree.directories.set(path, attributesOf(entry));
        else this.#replacing(path, () => this.#makeDirectory(path, attributesOf(entry)));
        break;
      case "file":
        this.#takeBack(path);
        this.#replacing(path, () => {
          this.#file = openSync(this.#at(path), NEW_FILE, FILE_MODE);
        });
        this.#fileEntry = entry;
        this.#filePath = path;
        break;
      case "symlink":
        this.#takeBack(path);
        this.#placeSymlink(path, entry);
        break;
      case "hard-link":
        if (!this.#placeHardLink(path, entry)) return;
        break;
      case "fifo":
      case "character":
      case "block":
        this.#takeBack(path);
        if (!this.#placeNode(path, entry)) return;
    }
    this.#touch(path);
    if (entry.type === "hard-link") return; // its target's attributes are its own
    this.#defer(path, this.#xattrDeeds(path, entry));
    if (entry.mtimeNanoseconds !== 0 && entry.type !== "directory") {
      this.#defer(path, [this.#timesDeed(path, entry)]);
    }
  }

  #placeSymlink(path: string, entry: TarEntry): void {
    if (entry.target === "") throw corrupt("a symlink leads nowhere");
    const target = isAscii(entry.target) ? entry.target : Buffer.from(entry.target, "latin1");
    const at = this.#at(path);
    this.#replacing(path, () => symlinkSync(target, at));
    this.#tree.addSymlink(path, entry.target);
    if (this.#isForeign(entry)) lchownSync(at, entry.uid, entry.gid);
    // Its mode says nothing, and to set one would follow it.
    this.#giveLater(path, { ...entry, mode: 0 });
    lutimesSync(at, entry.mtimeSeconds, entry.mtimeSeconds);
  }

  /** False where there was nothing to do. */
  #placeHardLink(path: string, entry: TarEntry): boolean {
    const components = componentsOf(entry.target);
    const base = components.at(-1);
    const directory = this.#tree.resolve(components.slice(0, -1), undefined);
    if (base === undefined || directory === undefined) throw missingTarget(entry);
    const existing = joined(directory, base);
    if (existing === path) return false;
    if (this.#tree.directories.has(existing)) throw corrupt(`it is a hard link to a directory`);
    const node = this.#nodes.get(existing);
    this.#takeBack(path);
    // A device or FIFO that is not there yet is made twice: one is as good as the other.
    if (node !== undefined) return this.#placeNode(path, node);
    try {
      this.#replacing(path, () => linkSync(this.#at(existing), this.#at(path)));
    } catch (error) {
      if (codeOf(error) === "ENOENT") throw missingTarget(entry);
      throw error;
    }
    this.#tree.copySymlink(existing, path);
    return true;
  }

  /** False where it is left out. Made by `finish`: Node has no mknod. */
  #placeNode(path: string, entry: TarEntry): boolean {
    const { type, deviceMajor: major, deviceMinor: minor } = entry;
    if (type === "character" && major === 0 && minor === 0) {
      throw corrupt("device 0:0 is overlayfs's own mark, not an image's");
    }
    if (type !== "fifo" && !this.#rights.makesDevices) {
      this.#notice("devices left out: only root may make them");
      return false;
    }
    this.#clear(path);
    const at = this.#bytesAt(path);
    const bits = type === "fifo" ? S_IFIFO : type === "block" ? S_IFBLK : S_IFCHR;
    this.#nodes.set(path, entry);
    this.#defer(path, [
      {
        kind: "node",
        path: at,
        type: bits,
        major: type === "fifo" ? 0 : major,
        minor: type === "fifo" ? 0 : minor,
      },
      ...(this.#isForeign(entry)
        ? [{ kind: "owner", path: at, uid: entry.uid, gid: entry.gid } as const]
        : []),
      { kind: "mode", path: at, mode: entry.mode },
      this.#timesDeed(path, entry),
    ]);
    this.#giveLater(path, entry);
    return true;
  }

  /** A directory that no entry has named yet. */
  #makeImplicit(path: string, mtimeSeconds: number): void {
    // What lower layers have there gives way, as it would under overlayfs.
    if (this.#whiteouts === "apply" && !this.#touched.has(path)) this.#clear(path);
    this.#implicit.add(path);
    try {
      this.#makeDirectory(path, implicitAttributes(mtimeSeconds));
    } catch (error) {
      // Above an entry lies something that is no directory, and no symlink to one.
      if (codeOf(error) !== "EEXIST") throw error;
      throw corrupt(`it lies below ${shownName(path)}, which is no directory`);
    }
  }

  #makeDirectory(path: string, attributes: DirectoryAttributes): void {
    if (this.#nodes.has(path))
      throw corrupt(`${shownName(path)} is a device or FIFO, and something lies below it`);
    mkdirSync(this.#at(path), DIRECTORY_MODE);
    this.#tree.directories.set(path, attributes);
    if (this.#whiteouts === "apply") this.#touch(path);
  }

  /** What an entry says counts over what an earlier one said of the name. */
  #replacing(path: string, make: () => void): void {
    try {
      make();
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
      this.#clear(path);
      make();
    }
  }

  #clear(path: string): void {
    this.#takeBack(path);
    if (this.#tree.forget(path)) {
      for (const each of [...this.#deeds.keys(), ...this.#gifts.keys()])
        if (each.startsWith(`${path}/`)) this.#takeBack(each);
      rmSync(this.#at(path), { recursive: true });
      return;
    }
    try {
      unlinkSync(this.#at(path));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }

  #takeBack(path: string): void {
    this.#deeds.delete(path);
    this.#gifts.delete(path);
    this.#nodes.delete(path);
  }

  #defer(path: string, deeds: readonly Deed[]): void {
    if (deeds.length === 0) return;
    this.#deeds.set(path, [...(this.#deeds.get(path) ?? []), ...deeds]);
  }

  #xattrDeeds(path: string, entry: TarEntry): Deed[] {
    if (entry.xattrs === undefined) return [];
    const kept = xattrsToSet(entry.xattrs, this.#rights, (text) => this.#notice(text));
    return kept.map(([name, value]) => ({ kind: "xattr", path: this.#bytesAt(path), name, value }));
  }

  #timesDeed(path: string, { mtimeSeconds, mtimeNanoseconds }: Times): Deed {
    return {
      kind: "times",
      path: this.#bytesAt(path),
      seconds: mtimeSeconds,
      nanoseconds: mtimeNanoseconds,
    };
  }

  /** What this layer hides of lower ones, for overlayfs; a name that it has itself hides by being there. */
  #markHidden(): Pick<LayerSummary, "opaque" | "hiding"> {
    const opaque = new Set<string>();
    const hiding = new Set<string>();
    /** Below these nothing is left to hide: overlayfs would list the mark, and the directories made for it. */
    const emptied = new Set<string>();
    const make = (path: string): boolean => {
      if (hasAncestorIn(path, emptied)) return false;
      this.#makeImplicit(path, 0);
      return true;
    };
    const depth = ({ kind, parent }: EntryName): number => parent.length + (kind === "opaque" ? 0 : 1);
    for (const { kind, parent, base } of this.#hidden.toSorted((one, other) => depth(one) - depth(other))) {
      const directory = this.#tree.resolve(parent, make);
      if (directory === undefined || hasAncestorIn(directory, emptied)) continue;
      const path = kind === "opaque" ? directory : joined(directory, base);
      if (this.#tree.directories.has(path)) opaque.add(path);
      else if (this.#nodes.has(path) || this.#isThere(path)) continue;
      else {
        hiding.add(directory);
        const node = { kind: "node", path: this.#bytesAt(path), type: S_IFCHR, major: 0, minor: 0 } as const;
        this.#deeds.set(path, [node]);
      }
      emptied.add(path);
    }
    for (const path of opaque) {
      const name = `${this.#rights.overlayXattrs}.overlay.opaque`;
      this.#defer(path, [{ kind: "xattr", path: this.#bytesAt(path), name, value: Buffer.from("y") }]);
    }
    return { opaque: [...opaque], hiding: [...hiding] };
  }

  /** At once: entries that follow are not to go through a symlink that is hidden. */
  #hide({ kind, parent, base }: EntryName): void {
    const directory = this.#tree.resolve(parent, undefined);
    if (directory === undefined) return;
    if (kind === "opaque") this.#removeLowerIn(directory);
    else this.#removeLower(joined(directory, base));
  }

  #removeLower(path: string): void {
    if (this.#touched.has(path)) {
      if (this.#tree.directories.has(path)) this.#removeLowerIn(path);
    } else if (this.#nodes.has(path) || this.#isThere(path)) this.#clear(path);
  }

  #removeLowerIn(directory: string): void {
    const names = readdirSync(this.#at(directory), { encoding: "latin1" });
    for (const name of names) this.#removeLower(joined(directory, name));
    for (const path of this.#nodes.keys()) {
      if (path.slice(0, Math.max(0, path.lastIndexOf("/"))) === directory) this.#removeLower(path);
    }
  }

  #touch(path: string): void {
    if (this.#whiteouts !== "apply") return;
    for (
      let each = path;
      !this.#touched.has(each);
      each = each.slice(0, Math.max(0, each.lastIndexOf("/")))
    ) {
      this.#touched.add(each);
    }
  }

  #setDirectory(path: string, attributes: DirectoryAttributes): void {
    const at = this.#at(path);
    if (this.#isForeign(attributes)) lchownSync(at, attributes.uid, attributes.gid);
    this.#giveLater(path, attributes);
    chmodSync(at, attributes.mode);
    utimesSync(at, attributes.mtimeSeconds, attributes.mtimeSeconds);
  }

  #isThere(path: string): boolean {
    return lstatSync(this.#at(path), { throwIfNoEntry: false }) !== undefined;
  }

  #isForeign({ uid, gid }: { readonly uid: number; readonly gid: number }): boolean {
    const { owner } = this.#rights;
    return owner !== undefined && (uid !== owner.uid || gid !== owner.gid);
  }

  /** To whom the image says it belongs, for an ordinary user: who cannot give it, or not yet, says so. */
  #giveLater(path: string, { uid, gid, mode }: Pick<TarEntry, "uid" | "gid" | "mode">): void {
    const { owner, maps } = this.#rights;
    if (owner !== undefined || (uid === 0 && gid === 0)) return;
    if (maps === undefined) {
      this.#notice(OWNERS_LEFT_OUT);
      return;
    }
    if (hostIdOf(uid, maps.uid) === undefined || hostIdOf(gid, maps.gid) === undefined) {
      this.#notice("owners left out: beyond the subordinate ids; root's in the image");
      return;
    }
    const at = this.#bytesAt(path);
    const gift = { kind: "owner", path: at, uid, gid } as const;
    // A change of the owner takes the set-uid bit away.
    const hasSpecial = (mode & 0o6000) !== 0;
    this.#gifts.set(path, hasSpecial ? [gift, { kind: "mode", path: at, mode }] : [gift]);
  }

  #notice(text: string): void {
    this.#notices[text] = (this.#notices[text] ?? 0) + 1;
  }

  #at(path: string): string | Buffer {
    const full = path === "" ? this.#root : `${this.#root}/${path}`;
    return isAscii(full) ? full : Buffer.from(full, "latin1");
  }

  #bytesAt(path: string): Buffer {
    return Buffer.from(path === "" ? this.#root : `${this.#root}/${path}`, "latin1");
  }

  /** What goes wrong at an entry is told with its name. */
  #naming(entry: TarEntry, work: () => void): void {
    try {
      work();
    } catch (error) {
      const code = codeOf(error);
      const where = `entry ${shownName(entry.name)}`;
      if (error instanceof Fault) throw new Fault(error.code, `${where}: ${error.message}`, { cause: error });
      if (code === "ENAMETOOLONG") throw corrupt(`${where}: its path is longer than Linux allows`);
      if (code === "ELOOP" || code === "ENOTDIR")
        throw corrupt(`${where}: a part of its path is no directory`);
      throw error;
    }
  }
}

function hasAncestorIn(path: string, directories: ReadonlySet<string>): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    if (directories.has(at)) return true;
    if (at === "") return false;
  }
}

function attributesOf(entry: TarEntry): DirectoryAttributes {
  const { mode, uid, gid, mtimeSeconds, mtimeNanoseconds } = entry;
  return { mode, uid, gid, mtimeSeconds, mtimeNanoseconds };
}

function implicitAttributes(mtimeSeconds: number): DirectoryAttributes {
  return { mode: IMPLICIT_MODE, uid: 0, gid: 0, mtimeSeconds, mtimeNanoseconds: 0 };
}

function missingTarget(entry: TarEntry): Fault {
  return corrupt(`it is a hard link to ${shownName(entry.target)}, which the layer does not have before it`);
}

function isAscii(text: string): boolean {
  return /^[\0-\u007f]*$/.test(text);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
