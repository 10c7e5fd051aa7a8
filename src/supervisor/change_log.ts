/**
 * The last changes of topology and configuration, for whoever asks what happened.
 *
 * @module
 */
import type { SharedState, SlotRange } from "../worker/messages.ts";

/** Changes that are kept. */
export const CHANGES_MAX = 50;
/** Characters of one change's text. */
const TEXT_CHARACTERS_MAX = 500;

/** One change. */
export interface Change {
  /** ISO 8601. */
  readonly time: string;
  /** Name of the cluster; empty where it is of the whole process. */
  readonly cluster: string;
  readonly text: string;
}

/** One per process. */
export class ChangeLog {
  readonly #nowMs: () => number;
  /** Latest first. */
  #changes: Change[] = [];

  /** @param nowMs Milliseconds since 1970. */
  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** Notes a change. */
  add(cluster: string, text: string): void {
    const time = new Date(this.#nowMs()).toISOString();
    const change = { time, cluster, text: text.slice(0, TEXT_CHARACTERS_MAX) };
    this.#changes = [change, ...this.#changes.slice(0, CHANGES_MAX - 1)];
  }

  /** The changes, latest first. */
  entries(): readonly Change[] {
    return this.#changes;
  }
}

/** What a worker's finding changes, one sentence each. */
export function describeFinding(former: SharedState | undefined, found: SharedState): string[] {
  if (found.kind === "ejected") {
    const before = former?.kind === "ejected" ? former.addresses : [];
    return [
      ...found.addresses.filter((address) => !before.includes(address))
        .map((address) => `${address} is ejected: its pings fail`),
      ...before.filter((address) => !found.addresses.includes(address))
        .map((address) => `${address} is back`),
    ];
  }
  if (found.kind !== "slots") return [];
  if (former?.kind !== "slots") {
    return [`slot map known: ${count(mastersOf(found.ranges).size, "master")}`];
  }
  const [before, now] = [mastersOf(former.ranges), mastersOf(found.ranges)];
  const moved = movedSlots(former.ranges, found.ranges);
  const lines = [
    ...[...now].filter((master) => !before.has(master)).map((master) => `${master} owns slots`),
    ...[...before].filter((master) => !now.has(master))
      .map((master) => `${master} owns no slots any more`),
  ];
  return moved === 0 ? lines : [...lines, `${count(moved, "slot")} changed owners`];
}

function mastersOf(ranges: readonly SlotRange[]): Set<string> {
  return new Set(ranges.map(({ master }) => master));
}

/** Slots that have another owner than before, or none. */
function movedSlots(former: readonly SlotRange[], found: readonly SlotRange[]): number {
  const before = ownersOf(former);
  const now = ownersOf(found);
  let moved = 0;
  for (let slot = 0; slot < before.length; slot++) if (before[slot] !== now[slot]) moved += 1;
  return moved;
}

const SLOTS = 16_384;

function ownersOf(ranges: readonly SlotRange[]): (string | null)[] {
  const owners = new Array<string | null>(SLOTS).fill(null);
  for (const { first, last, master } of ranges) owners.fill(master, first, last + 1);
  return owners;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
