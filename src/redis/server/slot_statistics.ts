/**
 * CLUSTER SLOT-STATS: each master tells of its own slots, so all are asked over the client's usual connections, and
 * what they tell is put into one order, in pieces: it may be 16,384 slots. What is wrong with the request they say
 * themselves, and those say that do not know the subcommand.
 *
 * @module
 */
import { failures } from "../../failure.ts";
import { SLOT_COUNT } from "../../hash/mod.ts";
import type { LongTask } from "../../net/turn_budget.ts";
import { ReplyReader } from "../../protocol/resp/parse/reply_reader.ts";
import { arrayReply, failureReply } from "../../protocol/resp/write/replies.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { RedisContext } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { copyRequest } from "../core/request_copy.ts";
import { callShards } from "../core/shard_calls.ts";

/** Pieces that reading of a slot counts as: some four statistics. */
const PIECES_PER_SLOT = 4;

/** In which order slots are shown, and how many. */
export interface SlotOrder {
  /** The statistic that they are ordered by, lower case; null: they are in the order of their numbers. */
  readonly metric: string | null;
  readonly isDescending: boolean;
  readonly limit: number;
}

/** What one server tells. */
export interface SlotReply<Server> {
  readonly backend: Server;
  readonly bytes: Uint8Array;
}

/** Answers it: the error, or null where the masters answer. */
export function slotStatisticsAnswer(
  context: RedisContext,
  request: LocalRequest,
): Uint8Array | null {
  const { router, backends } = context;
  const shards = router.shards();
  if (shards.length === 0) return failureReply(router.whyUnplaced(NO_PLACE), "");
  const order = readOrder(request.words.slice(2));
  const late = request.client.answerLater(true);
  callShards(context, request.client, shards, copyRequest(request), (replies) => {
    const failed = replies.find(({ isError }) => isError);
    if (failed !== undefined) return late.reply(failed.attributed);
    const ownerOf = (slot: number) => router.backendAt(slot);
    const merge = new SlotStatisticsMerge(replies, order, ownerOf, (merged, strange) => {
      if (merged !== null) late.reply(merged, 0, merged.length, true);
      else late.fail(failures.backendMalformed, strange!.shownAddress);
    });
    backends.engine.flushQueue.workOn(merge);
  });
  return null;
}

/** The order that is asked for by words that servers have accepted; those behind SLOT-STATS. */
export function readOrder(words: readonly string[]): SlotOrder {
  const [form, metric, ...options] = words.map((word) => word.toLowerCase());
  if (form !== "orderby") return { metric: null, isDescending: false, limit: SLOT_COUNT };
  const limitAt = options.indexOf("limit");
  return {
    metric: metric ?? "",
    isDescending: !options.includes("asc"),
    limit: limitAt < 0 ? SLOT_COUNT : Number(options[limitAt + 1]),
  };
}

/**
 * Puts what masters tell into one array, a slot once: while it moves two may tell of it, and the one counts that has it by
 * the slot map.
 */
export class SlotStatisticsMerge<Server> implements LongTask {
  isQueued = false;
  readonly #order: SlotOrder;
  readonly #ownerOf: (slot: number) => Server | null;
  readonly #done: (merged: Uint8Array | null, strange: Server | null) => void;
  /** Those that are not begun; the next one last. */
  readonly #replies: SlotReply<Server>[];
  #reply: SlotReply<Server> | null = null;
  #reader = new ReplyReader(new Uint8Array(0), 0, 0);
  /** Entries of the reply at hand that are not read. */
  #due = 0;
  /** By slot: what is told of it, and its statistic that is ordered by. */
  readonly #entries: (Uint8Array | undefined)[] = new Array(SLOT_COUNT).fill(undefined);
  readonly #values = new Float64Array(SLOT_COUNT);

  /**
   * @param done Called once: with the reply to the client, or with null and the server whose reply has another form.
   */
  constructor(
    replies: readonly SlotReply<Server>[],
    order: SlotOrder,
    ownerOf: (slot: number) => Server | null,
    done: (merged: Uint8Array | null, strange: Server | null) => void,
  ) {
    this.#replies = replies.toReversed();
    this.#order = order;
    this.#ownerOf = ownerOf;
    this.#done = done;
  }

  work(pieces: number): number {
    let done = 0;
    while (done < pieces) {
      if (this.#due === 0) {
        const reply = this.#replies.pop();
        if (reply === undefined) {
          this.#done(this.#inOrder(), null);
          return done;
        }
        this.#begin(reply);
      }
      if (this.#due < 0 || (this.#due > 0 && !this.#readEntry())) {
        this.#done(null, this.#reply!.backend);
        return done;
      }
      done += PIECES_PER_SLOT;
    }
    return done;
  }

  #begin(reply: SlotReply<Server>): void {
    this.#reply = reply;
    this.#reader = new ReplyReader(reply.bytes, 0, reply.bytes.length);
    const count = this.#reader.readArray();
    this.#due = count > SLOT_COUNT ? -1 : count;
  }

  /** Reads one `[slot, map]`; false where it has another form. */
  #readEntry(): boolean {
    const { backend, bytes } = this.#reply!;
    const reader = this.#reader;
    this.#due -= 1;
    if (!reader.passAttributes()) return false;
    const start = reader.position;
    if (reader.readArray() !== 2) return false;
    const slot = reader.readInteger();
    if (slot < 0 || slot >= SLOT_COUNT) return false;
    const value = this.#order.metric === null ? skipped(reader) : this.#readStatistic();
    if (value < 0) return false;
    if (this.#entries[slot] === undefined || this.#ownerOf(slot) === backend) {
      this.#entries[slot] = bytes.subarray(start, reader.position);
      this.#values[slot] = value;
    }
    return true;
  }

  /** The statistic that is ordered by, of the map that comes next; 0 where it is not in it, -1 for another form. */
  #readStatistic(): number {
    const reader = this.#reader;
    const pairs = reader.readPairs();
    if (pairs < 0) return -1;
    let found = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const name = reader.readText();
      const value = reader.readInteger();
      if (name === null || value < 0) return -1;
      if (name === this.#order.metric) found = value;
    }
    return found;
  }

  /** Slots that are equal stand by their numbers, upwards, as servers have them. */
  #inOrder(): Uint8Array {
    const { metric, isDescending, limit } = this.#order;
    const entries = this.#entries;
    const slots: number[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (entries[slot] !== undefined) slots.push(slot);
    if (metric !== null) {
      const values = this.#values;
      const sign = isDescending ? -1 : 1;
      slots.sort((one, other) => sign * (values[one]! - values[other]!) || one - other);
    }
    return arrayReply(slots.slice(0, limit).map((slot) => entries[slot]!));
  }
}

/** 0, or -1 where the value cannot be passed over. */
function skipped(reader: ReplyReader): number {
  return reader.skip() ? 0 : -1;
}
