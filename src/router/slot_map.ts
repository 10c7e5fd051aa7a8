/**
 * Who serves each of the 16,384 slots of a Redis Cluster.
 *
 * Slots name a *shard*, a small number for one master and its replicas, so that a lookup is one read of a
 * typed array and a router can keep whatever belongs to a shard in an array of its own.
 *
 * @module
 */
import { SLOT_COUNT } from "../hash/mod.ts";
import type { SlotRange } from "../worker/messages.ts";

/** The shard of a slot that nobody serves. */
export const NO_SHARD = -1;

/** A table from slot to shard. Gaps are allowed: their slots have {@link NO_SHARD}. */
export class SlotMap {
  /** Shard of each slot. 16,384 shards at most, one per slot, fit 16 bits. */
  readonly #shards = new Int16Array(SLOT_COUNT).fill(NO_SHARD);
  /** By shard: `host:port` of the master, "" for a number that is free. */
  readonly #masters: string[] = [];
  /** By shard: `host:port` of each replica. */
  readonly #replicas: (readonly string[])[] = [];
  /** By shard: how many slots it serves. A shard without slots is free. */
  readonly #slotCounts: number[] = [];
  readonly #free: number[] = [];
  /** The shard of each master; the newest where ranges disagree about its replicas. */
  readonly #shardOfMaster = new Map<string, number>();

  /**
   * Makes a map from ranges in any order; where they overlap the later one counts. A range with an empty
   * master is a gap.
   *
   * @throws RangeError when a range does not lie within 0 to 16,383 or ends before it starts.
   */
  static fromRanges(ranges: Iterable<SlotRange>): SlotMap {
    const map = new SlotMap();
    for (const { first, last, master, replicas } of ranges) {
      if (!isSlot(first) || !isSlot(last) || first > last) {
        throw new RangeError(`Cannot map slots ${first} to ${last}: not within 0 to 16383`);
      }
      const shard = master === "" ? NO_SHARD : map.#shardWith(master, [...new Set(replicas)]);
      for (let slot = first; slot <= last; slot++) map.#assign(slot, shard);
    }
    return map;
  }

  /** The shard that serves `slot` (0 to 16,383), or {@link NO_SHARD}. */
  shardAt(slot: number): number {
    return this.#shards[slot]!;
  }

  /** Every shard number in use is below this. */
  get shardLimit(): number {
    return this.#masters.length;
  }

  /** `host:port` of a shard's master; "" for a number below the limit that is not in use. */
  masterOf(shard: number): string {
    return this.#masters[shard]!;
  }

  /** `host:port` of each replica of a shard. */
  replicasOf(shard: number): readonly string[] {
    return this.#replicas[shard]!;
  }

  /**
   * Gives one slot to the master at `address`, as a MOVED reply asks. When that master serves other slots,
   * the slot joins its shard; otherwise it gets a shard of its own, whose replicas are not known yet.
   *
   * @returns the slot's shard. It may be a number that another shard has left: whoever keeps anything by
   * shard number renews it for this one.
   * @throws RangeError when `slot` is none or `address` is empty.
   */
  setOwner(slot: number, address: string): number {
    if (!isSlot(slot) || address === "") {
      throw new RangeError(`Cannot give slot ${slot} to "${address}"`);
    }
    const shard = this.#shardOfMaster.get(address) ?? this.#shardWith(address, []);
    this.#assign(slot, shard);
    return shard;
  }

  /** The map as the fewest ranges, in order of slots; gaps are left out. */
  toRanges(): SlotRange[] {
    const ranges: SlotRange[] = [];
    let last: SlotRange | null = null;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const shard = this.#shards[slot]!;
      if (shard === NO_SHARD) continue;
      if (last !== null && last.last === slot - 1 && shard === this.#shards[slot - 1]) {
        last.last = slot;
        continue;
      }
      const replicas = [...this.#replicas[shard]!];
      last = { first: slot, last: slot, master: this.#masters[shard]!, replicas };
      ranges.push(last);
    }
    return ranges;
  }

  /** `host:port` of every master. */
  masters(): Set<string> {
    return new Set(this.#masters.filter((_, shard) => this.#slotCounts[shard]! > 0));
  }

  /** `host:port` of every master and replica. */
  addresses(): Set<string> {
    const addresses = new Set<string>();
    for (let shard = 0; shard < this.#masters.length; shard++) {
      if (this.#slotCounts[shard] === 0) continue;
      addresses.add(this.#masters[shard]!);
      for (const replica of this.#replicas[shard]!) addresses.add(replica);
    }
    return addresses;
  }

  /** Whether any slot has another master in `other`, or has one in only one of the two. */
  differsInMasters(other: SlotMap): boolean {
    return this.#differs(other, (mine, theirs) => this.masterOf(mine) !== other.masterOf(theirs));
  }

  /** Whether any slot has another master, or other replicas in whatever order, in `other`. */
  differs(other: SlotMap): boolean {
    return this.#differs(other, (mine, theirs) =>
      this.masterOf(mine) !== other.masterOf(theirs) ||
      !haveSameMembers(this.replicasOf(mine), other.replicasOf(theirs)));
  }

  #differs(other: SlotMap, isChange: (mine: number, theirs: number) => boolean): boolean {
    let mineBefore = NO_SHARD;
    let theirsBefore = NO_SHARD;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const mine = this.#shards[slot]!;
      const theirs = other.#shards[slot]!;
      if (mine === mineBefore && theirs === theirsBefore) continue;
      if (mine === NO_SHARD || theirs === NO_SHARD) {
        if (mine !== theirs) return true;
      } else if (isChange(mine, theirs)) return true;
      mineBefore = mine;
      theirsBefore = theirs;
    }
    return false;
  }

  /** The shard of exactly these servers, no replica named twice; a new one if there is none. */
  #shardWith(master: string, replicas: readonly string[]): number {
    const known = this.#shardOfMaster.get(master);
    if (known !== undefined && haveSameMembers(this.#replicas[known]!, replicas)) return known;
    const shard = this.#free.pop() ?? this.#masters.length;
    this.#masters[shard] = master;
    this.#replicas[shard] = replicas;
    this.#slotCounts[shard] = 0;
    this.#shardOfMaster.set(master, shard);
    return shard;
  }

  #assign(slot: number, shard: number): void {
    const former = this.#shards[slot]!;
    if (former === shard) return;
    this.#shards[slot] = shard;
    if (shard !== NO_SHARD) this.#slotCounts[shard]!++;
    if (former !== NO_SHARD && --this.#slotCounts[former]! === 0) this.#release(former);
  }

  #release(shard: number): void {
    const master = this.#masters[shard]!;
    if (this.#shardOfMaster.get(master) === shard) this.#shardOfMaster.delete(master);
    this.#masters[shard] = "";
    this.#replicas[shard] = [];
    this.#free.push(shard);
  }
}

function isSlot(slot: number): boolean {
  return Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT;
}

/** Compares two lists in which nobody is named twice, whatever their order. */
function haveSameMembers(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((member) => others.includes(member));
}
