/**
 * Those who come and go, such as the clients of one cluster in one worker, or its connections to servers.
 *
 * It is no `Set`, because of what V8 does with one whose members come and go: it makes a new table after so many, and
 * the old table leads to the new one, for iterators. An old table that has come to the old generation, dead as it is,
 * keeps all tables behind it and the members in them until the whole heap is collected. Of short connections every
 * other one was kept so, with all that belongs to it. A `Map` does the same with its keys and values.
 *
 * @module
 */

/** The place of a member that is in no list. */
export const NOT_LISTED = -1;

/** What a list has to know of its members. */
export interface Listed {
  /** Its place, {@link NOT_LISTED} while it has none; only {@link MemberList} writes it. */
  listedAt: number;
}

/** Members to go through. Those that leave meanwhile are left out; those that come meanwhile may be. */
export interface Members<Member> extends Iterable<Member> {
  /** How many there are. */
  readonly size: number;
}

/** Members that come and go; none is in two lists. */
export class MemberList<Member extends Listed> implements Members<Member> {
  /** A member keeps its place, so whoever goes through the list misses nobody that stays. */
  readonly #places: (Member | null)[] = [];
  /** Places without a member, for the next ones. */
  readonly #free: number[] = [];

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  /** Takes in a member that is in no list, or in this one. */
  add(member: Member): void {
    if (member.listedAt !== NOT_LISTED) return;
    const at = this.#free.pop() ?? this.#places.length;
    this.#places[at] = member;
    member.listedAt = at;
  }

  /** Lets a member go; returns whether it was in the list. */
  delete(member: Member): boolean {
    const at = member.listedAt;
    if (at === NOT_LISTED) return false;
    member.listedAt = NOT_LISTED;
    this.#places[at] = null;
    this.#free.push(at);
    if (this.size > 0) return true;
    this.#places.length = 0;
    this.#free.length = 0;
    return true;
  }

  *[Symbol.iterator](): Generator<Member, void> {
    for (let at = 0; at < this.#places.length; at++) {
      const member = this.#places[at]!;
      if (member !== null) yield member;
    }
  }
}
