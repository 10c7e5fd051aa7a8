/**
 * The keys of one client: made on demand, given up when too little is certain of them.
 *
 * @module
 */
import type { Random } from "../support/tools/seed.ts";
import type { Expectations } from "./dialect.ts";
import { AppendKey, CounterKey, KeyEra, RegisterKey } from "./key_models.ts";
import { makeValue, VALUE_LIMIT_BYTES } from "./tagged_value.ts";

/** Keys of each kind that a client uses at a time. */
const REGISTERS = 10;
/** As above, for counters and for keys that are appended to. */
const OTHERS = 3;

/** Who a dialect belongs to. */
export interface ModelIdentity {
  /** Number of the client, from 1. */
  readonly client: number;
  /** Goes before every key, so that two runs on the same servers do not meet. */
  readonly keyPrefix: string;
}

/** A value on its way to a key. */
export interface NewValue {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** A fixed number of keys of one kind, each replaced when it is of no more use. */
class Pool<Key> {
  readonly #random: Random;
  readonly #make: () => Key;
  readonly #isUsable: (key: Key) => boolean;
  readonly keys: Key[];

  constructor(random: Random, count: number, make: () => Key, isUsable: (key: Key) => boolean) {
    this.#random = random;
    this.#make = make;
    this.#isUsable = isUsable;
    this.keys = Array.from({ length: count }, make);
  }

  /** One of them. */
  pick(): Key {
    return this.#at(this.#random.below(this.keys.length));
  }

  /** Between one and `most` of them, none twice. */
  some(most: number): Key[] {
    const indices = this.#random.shuffled(this.keys.map((_, index) => index));
    return indices.slice(0, this.#random.between(1, most)).map((index) => this.#at(index));
  }

  /** As {@link Pool.some}, of those that are `isFree`; none where no one is. */
  someFree(most: number, isFree: (key: Key) => boolean): Key[] {
    const free = this.#random.shuffled(this.keys.map((_, index) => this.#at(index)).filter(isFree));
    return free.slice(0, this.#random.between(1, most));
  }

  /** Replaces all. */
  renew(): void {
    for (let index = 0; index < this.keys.length; index++) this.keys[index] = this.#make();
  }

  #at(index: number): Key {
    if (!this.#isUsable(this.keys[index]!)) this.keys[index] = this.#make();
    return this.keys[index]!;
  }
}

/** A counter or append key with what a dialect keeps of it. */
export interface Kept<Key> {
  readonly key: Key;
  /** It turned out to be of no use. */
  isSpoilt: boolean;
}

/** All keys of one client. */
export class OwnKeys<Counter extends Kept<CounterKey>, Append extends Kept<AppendKey>> {
  readonly registers: Pool<RegisterKey>;
  readonly counters: Pool<Counter>;
  readonly appends: Pool<Append>;
  readonly #random: Random;
  readonly #identity: ModelIdentity;
  readonly #expectations: Expectations;
  /** That of the keys that are made now. */
  #era: KeyEra;
  #keyCount = 0;

  constructor(
    random: Random,
    identity: ModelIdentity,
    expectations: Expectations,
    keepCounter: (key: CounterKey) => Counter,
    keepAppend: (key: AppendKey) => Append,
  ) {
    this.#random = random;
    this.#identity = identity;
    this.#expectations = expectations;
    this.#era = new KeyEra(expectations.isWeak);
    const isUsable = ({ isWorn }: { isWorn: boolean }) => !isWorn || expectations.isWeak;
    const isGood = (kept: Kept<CounterKey>) => !kept.isSpoilt && isUsable(kept.key);
    this.registers = new Pool(random, REGISTERS, () => this.#newRegister(), isUsable);
    this.counters = new Pool(random, OTHERS, () => keepCounter(this.#newCounter()), isGood);
    this.appends = new Pool(
      random,
      OTHERS,
      () => keepAppend(this.#newAppend()),
      (kept) => !kept.isSpoilt && !kept.key.isWorn,
    );
  }

  /** Most registers that {@link Pool.some} can give. */
  get registerCount(): number {
    return REGISTERS;
  }

  /** A server lost its data: every key that was ever made is judged weakly from now on, and those in use are replaced. */
  forget(): void {
    this.#era.isWeak = true;
    this.#era = new KeyEra(this.#expectations.isWeak);
    for (const pool of [this.registers, this.counters, this.appends]) pool.renew();
  }

  /** A value that was never used before. */
  newValue(key: RegisterKey): NewValue {
    const { mediumShare, largeShare } = this.#expectations;
    const random = this.#random;
    let wanted = random.between(40, 240);
    if (random.chance(mediumShare)) wanted = random.between(1_000, 20_000);
    else if (random.chance(largeShare)) wanted = random.between(60_000, VALUE_LIMIT_BYTES);
    const number = key.next(wanted);
    const tag = { client: this.#identity.client, key: key.id, number };
    return { number, bytes: makeValue(tag, wanted) };
  }

  #newName(): { name: string; id: number } {
    this.#keyCount += 1;
    const { client, keyPrefix } = this.#identity;
    const { tagCount } = this.#expectations;
    // Some keys of a client share a hash slot, so that requests of many keys go to one node, too.
    let tag = this.#random.chance(0.3) ? `{${client}}` : "";
    if (tagCount > 0) tag = `{${this.#random.below(tagCount)}}`;
    return { name: `${keyPrefix}:${tag}${client}:${this.#keyCount}`, id: this.#keyCount };
  }

  #newRegister(): RegisterKey {
    const { name, id } = this.#newName();
    return new RegisterKey(name, id, this.#era);
  }

  #newCounter(): CounterKey {
    return new CounterKey(this.#newName().name, this.#era);
  }

  #newAppend(): AppendKey {
    const { name, id } = this.#newName();
    return new AppendKey(name, this.#identity.client, id, this.#era);
  }
}
