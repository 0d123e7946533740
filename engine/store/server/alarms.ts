import { AlarmAction, type AlarmMember, type AlarmRequest, AlarmType } from "@plinth/etcd";
import type { Mvcc } from "../mvcc.ts";
import { refusal } from "./refusal.ts";

/** As etcd writes them. */
export const alarmNames: ReadonlyMap<number, string> = new Map([
  [AlarmType.noSpace, "NOSPACE"],
  [AlarmType.corrupt, "CORRUPT"],
]);

/**
 * Alarms close the door to writes until an operator has looked. NOSPACE is the store's, which refuses what would make
 * it larger, and lasts. CORRUPT is raised by whoever found something, refuses everything, and ends with the process.
 */
export class Alarms {
  readonly #store: Mvcc;
  readonly #memberId: bigint;
  #corrupt = false;

  constructor(store: Mvcc, memberId: bigint) {
    this.#store = store;
    this.#memberId = memberId;
  }

  get all(): AlarmMember[] {
    const raised: AlarmMember[] = [];
    if (this.#store.noSpace) raised.push({ memberId: this.#memberId, alarm: AlarmType.noSpace });
    if (this.#corrupt) raised.push({ memberId: this.#memberId, alarm: AlarmType.corrupt });
    return raised;
  }

  /** Of those that are raised, as etcd writes them. */
  get names(): string[] {
    return this.all.map(({ alarm }) => alarmNames.get(alarm) ?? String(alarm));
  }

  /** Carries out the request; the alarms it was about. Those of other members do not exist. */
  async handle({ action, memberId, alarm }: AlarmRequest): Promise<AlarmMember[]> {
    const concerned = (each: AlarmMember): boolean => alarm === AlarmType.none || each.alarm === alarm;
    if (action === AlarmAction.get) return this.all.filter(concerned);
    if (memberId !== 0n && memberId !== this.#memberId) return [];
    const raise = action === AlarmAction.activate;
    const before = this.all.filter(concerned);
    if (alarm === AlarmType.noSpace) await this.#store.setNoSpace(raise);
    else if (alarm === AlarmType.corrupt) this.#corrupt = raise;
    else return [];
    return raise ? this.all.filter(concerned) : before;
  }

  /** Before whatever reads or writes keys: refuses when data may be wrong. */
  checkSound(): void {
    if (this.#corrupt) throw refusal("corrupt");
  }
}
