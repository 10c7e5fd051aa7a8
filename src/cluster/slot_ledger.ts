/**
 * Who has which slot, as far as it is believed: what nodes say of the slots is weighed against what is known already.
 * Nodes hear of changes one after the other, and one that is cut off hears nothing at all, so no single node may turn
 * the map back. For each slot, of another owner than the known one:
 *
 * - one under a higher configuration epoch is believed at once;
 * - one under the same epoch, or an epoch that is not told, needs a second node's word;
 * - one under a lower epoch, or nobody at all, needs the word of every node that can be reached;
 * - where a node confirms the known owner, that stays.
 *
 * Epochs are compared within one cluster only. If every node id of a view is new, and its masters' addresses are known,
 * the cluster was made anew on the same addresses: then it is believed. With other addresses too it is another cluster,
 * whose node has got an address that one of ours had: it counts as a lower epoch.
 *
 * What MOVED has said counts as newer than the epoch under which its slot was had before.
 *
 * @module
 */
import { SLOT_COUNT } from "../hash/mod.ts";
import type { SlotRange } from "../worker/messages.ts";

/** A cluster as one node sees it. */
export interface SlotView {
  /** The slots that have a master, none twice. */
  readonly ranges: SlotRange[];
  /** Ids of all nodes that it knows; empty where it did not say. */
  readonly ids: ReadonlySet<string>;
  /** The id of the node that says so; "" where it did not. */
  readonly self: string;
  /** Availability zones by `host:port`, as far as nodes have one. */
  readonly zones: ReadonlyMap<string, string>;
}

/** Views with gaps that are put together before what is missing is taken for missing. */
export const PARTIAL_VIEWS_MAX = 3;
/** What a MOVED adds to the epoch of its slot: less than the next epoch does. */
const MOVED_STEP = 0.5;

/** What is made of the views so far. */
export interface Judgement {
  /** The map, as far as it is believed: ranges in the order of their slots. */
  readonly ranges: SlotRange[];
  /** Ids of the nodes that those know whose cluster it is. */
  readonly ids: ReadonlySet<string>;
  /** Whether other nodes are to be asked, if there are any, before it is used. */
  readonly isOpen: boolean;
}

/** What one slot is decided to be, and whether others should be heard first. */
interface Decision {
  owner: SlotRange | null;
  isOpen: boolean;
}

/** Whose cluster a view shows. */
const ViewKind = {
  /** It shares a node with what is known, or that cannot be told. */
  Ours: 0,
  /** All its nodes are new, at known addresses. */
  Remade: 1,
  /** All its nodes are new, and so are addresses. */
  Foreign: 2,
} as const;
type ViewKindCode = 0 | 1 | 2;

/** One of the leader's. */
export class SlotLedger {
  /** What is believed of each slot; null: nobody has it. */
  #owners: (SlotRange | null)[] = new Array(SLOT_COUNT).fill(null);
  #ids: ReadonlySet<string> = new Set();

  /** Takes over what another leader believed. */
  follow(ranges: readonly SlotRange[]): void {
    this.#owners = bySlot(ranges);
    this.#ids = new Set(ranges.flatMap(({ id }) => id === undefined ? [] : [id]));
  }

  /** MOVED has named the owner of a slot. */
  moved(slot: number, master: string): void {
    const known = this.#owners[slot]!;
    if (known?.master === master) return;
    const epoch = known?.epoch === undefined ? {} : { epoch: Math.floor(known.epoch) + MOVED_STEP };
    this.#owners[slot] = { first: slot, last: slot, master, replicas: [], ...epoch };
  }

  /** What was believed may be of another cluster: the next view is believed whatever it says. */
  forget(): void {
    this.follow([]);
  }

  /**
   * Weighs what different nodes say, at least one of them.
   *
   * @param isLast Whether nobody else can be asked: then the judgement is not open.
   */
  judge(views: readonly SlotView[], isLast: boolean): Judgement {
    const kinds = views.map((view) => this.#kindOf(view));
    const isRemade = kinds.includes(ViewKind.Remade) && !kinds.includes(ViewKind.Ours);
    const heard = isRemade ? views.filter((_, at) => kinds[at] === ViewKind.Remade) : views;
    const trusted = heard.map(({ ranges }, at) =>
      isRemade || kinds[at] === ViewKind.Ours ? ranges : ranges.map(withoutEpoch)
    );
    // Where no epoch decides, whoever knows of more slots knows better.
    trusted.sort((one, other) => countSlots(other) - countSlots(one));
    const claims = trusted.map(bySlot);
    const owners: (SlotRange | null)[] = [];
    let isOpen = false;
    let decision: Decision = { owner: null, isOpen: false };
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      // Mostly a slot is of the same range as the one before it, in every view.
      const isNext = slot > 0 && this.#owners[slot] === this.#owners[slot - 1] &&
        claims.every((claim) => claim[slot] === claim[slot - 1]);
      if (!isNext) {
        const known = isRemade ? null : this.#owners[slot]!;
        decision = decide(known, claims.map((claim) => claim[slot]!), isLast);
      }
      owners.push(decision.owner);
      isOpen ||= decision.isOpen;
    }
    // What a node of another cluster knows is not of ours, as long as anybody of ours is heard.
    const ours = isRemade ? heard : views.filter((_, at) => kinds[at] === ViewKind.Ours);
    const ids = new Set((ours.length > 0 ? ours : views).flatMap((view) => [...view.ids]));
    return { ranges: toRanges(owners), ids, isOpen: isOpen && !isLast };
  }

  /** A judgement is made use of. */
  accept({ ranges, ids }: Judgement): void {
    this.#owners = bySlot(ranges);
    this.#ids = ids;
  }

  #kindOf({ ids, ranges }: SlotView): ViewKindCode {
    if (this.#ids.size === 0 || ids.size === 0) return ViewKind.Ours;
    for (const id of ids) if (this.#ids.has(id)) return ViewKind.Ours;
    const addresses = new Set<string>();
    for (const owner of new Set(this.#owners)) {
      if (owner === null) continue;
      addresses.add(owner.master);
      for (const replica of owner.replicas) addresses.add(replica);
    }
    const areKnown = ranges.every(({ master }) => addresses.has(master));
    return areKnown ? ViewKind.Remade : ViewKind.Foreign;
  }
}

/** The lowest epoch. */
function withoutEpoch(range: SlotRange): SlotRange {
  return { ...range, epoch: -1 };
}

function decide(
  known: SlotRange | null,
  claims: readonly (SlotRange | null)[],
  isLast: boolean,
): Decision {
  const best = highest(claims);
  if (known === null) {
    return { owner: best, isOpen: best === null && claims.length < PARTIAL_VIEWS_MAX };
  }
  if (best !== null && isHigher(best, known)) return { owner: best, isOpen: false };
  const same = claims.find((claim) => claim?.master === known.master);
  if (same) return { owner: renewed(known, same), isOpen: false };
  const seconded = claims.find((claim, index) =>
    claim !== null && !isHigher(known, claim) &&
    claims.findIndex((other) => isSame(claim, other)) !== index
  );
  if (seconded) return { owner: seconded, isOpen: false };
  const agree = claims.every((claim) => isSame(claim, claims[0]!));
  return { owner: isLast && agree ? claims[0]! : known, isOpen: !isLast };
}

/** The claim with the highest epoch; one that is not told is the lowest. */
function highest(claims: readonly (SlotRange | null)[]): SlotRange | null {
  let best: SlotRange | null = null;
  for (const claim of claims) {
    if (claim !== null && (best === null || (claim.epoch ?? -1) > (best.epoch ?? -1))) best = claim;
  }
  return best;
}

/** Whether both epochs are told, and the first one is higher. */
function isHigher(one: SlotRange, other: SlotRange): boolean {
  return one.epoch !== undefined && other.epoch !== undefined && one.epoch > other.epoch;
}

/** The known owner, confirmed: a node that lags behind must not lower its epoch, and a MOVED gets a real one. */
function renewed(known: SlotRange, confirmed: SlotRange): SlotRange {
  const isSameNode = known.id !== undefined && known.id === confirmed.id;
  return isSameNode && isHigher(known, confirmed)
    ? { ...confirmed, epoch: known.epoch! }
    : confirmed;
}

function isSame(one: SlotRange | null, other: SlotRange | null): boolean {
  return one?.master === other?.master && one?.id === other?.id;
}

/** Number of slots in ranges that do not overlap. */
export function countSlots(ranges: readonly SlotRange[]): number {
  let count = 0;
  for (const { first, last } of ranges) count += last - first + 1;
  return count;
}

function bySlot(ranges: readonly SlotRange[]): (SlotRange | null)[] {
  const owners: (SlotRange | null)[] = new Array(SLOT_COUNT).fill(null);
  for (const range of ranges) owners.fill(range, range.first, range.last + 1);
  return owners;
}

function toRanges(owners: readonly (SlotRange | null)[]): SlotRange[] {
  const ranges: SlotRange[] = [];
  let from: SlotRange | null = null;
  let last: SlotRange | null = null;
  for (const [slot, owner] of owners.entries()) {
    if (owner !== null && last !== null && last.last === slot - 1 && isLike(owner, from!)) {
      last.last = slot;
    } else if (owner !== null) {
      last = { ...owner, first: slot, last: slot };
      ranges.push(last);
    } else last = null;
    from = owner;
  }
  return ranges;
}

function isLike(one: SlotRange, other: SlotRange): boolean {
  return one === other ||
    (isSame(one, other) && one.epoch === other.epoch &&
      one.replicas.join() === other.replicas.join());
}
