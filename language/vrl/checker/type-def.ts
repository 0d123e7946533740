/** What is known of an expression before it runs. */
import { Kind } from "./kind.ts";

export type Fallibility = "cannot-fail" | "might-fail" | "always-fails";

/** Immutable. */
export class TypeDef {
  readonly kind: Kind;
  readonly fallibility: Fallibility;
  /** Whether it has no side effects and yields the same whenever it runs. */
  readonly isPure: boolean;
  /** What `return` within it may end the program with. */
  readonly returns: Kind;

  constructor(
    kind: Kind,
    fallibility: Fallibility = "cannot-fail",
    isPure: boolean = true,
    returns: Kind = Kind.never,
  ) {
    this.kind = kind;
    this.fallibility = fallibility;
    this.isPure = isPure;
    this.returns = returns;
  }

  static of(kind: Kind): TypeDef {
    return new TypeDef(kind);
  }

  get isFallible(): boolean {
    return this.fallibility !== "cannot-fail";
  }

  get fallible(): TypeDef {
    return this.with({ fallibility: "might-fail" });
  }

  get infallible(): TypeDef {
    return this.with({ fallibility: "cannot-fail" });
  }

  get alwaysFails(): TypeDef {
    return this.with({ fallibility: "always-fails" });
  }

  get impure(): TypeDef {
    return this.with({ isPure: false });
  }

  /** `might-fail` or `cannot-fail`. */
  maybeFallible(mightFail: boolean): TypeDef {
    return mightFail ? this.fallible : this.infallible;
  }

  withKind(kind: Kind): TypeDef {
    return this.with({ kind });
  }

  with(changes: Partial<Pick<TypeDef, "kind" | "fallibility" | "isPure" | "returns">>): TypeDef {
    const { kind = this.kind, fallibility = this.fallibility } = changes;
    const { isPure = this.isPure, returns = this.returns } = changes;
    return new TypeDef(kind, fallibility, isPure, returns);
  }

  /** Either of the two: what one may do, both may. */
  or(other: TypeDef): TypeDef {
    return new TypeDef(
      this.kind.or(other.kind),
      mergeFallibility(this.fallibility, other.fallibility),
      this.isPure && other.isPure,
      this.returns.or(other.returns),
    );
  }
}

export function mergeFallibility(left: Fallibility, right: Fallibility): Fallibility {
  if (left === "always-fails" || right === "always-fails") return "always-fails";
  return left === "might-fail" || right === "might-fail" ? "might-fail" : "cannot-fail";
}
