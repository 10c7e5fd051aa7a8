/**
 * RANDOMKEY over all servers: one is chosen by the number of its keys, so that every key is as likely as on one
 * server.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import { failureReply, requestBytes } from "../../protocol/resp/write/replies.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { DeferredReply, LocalClient } from "../../session/stages.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { nullReply } from "../core/reply_builder.ts";
import { callShards, type ShardReply } from "../core/shard_calls.ts";

const DATABASE_SIZE = requestBytes("DBSIZE");
const RANDOM_KEY = requestBytes("RANDOMKEY");
const DOLLAR = 0x24;
const decoder = new TextDecoder();

/** A server, and how many keys it has. */
interface Sized {
  readonly backend: Backend;
  readonly keyCount: number;
}

/** Answers RANDOMKEY. */
export class RandomKey implements RedisFeature {
  readonly answers: Pick<Answers, "randomkey">;
  readonly #context: RedisContext;
  readonly #random: () => number;

  /** @param random A number from 0 to below 1. */
  constructor(context: RedisContext, random: () => number = Math.random) {
    this.#context = context;
    this.#random = random;
    this.answers = { randomkey: (request) => this.#answer(request) };
  }

  #answer({ client }: LocalRequest): Uint8Array | null {
    const { router } = this.#context;
    const shards = router.shards();
    if (shards.length === 0) return failureReply(router.whyUnplaced(NO_PLACE), "");
    // It takes two steps, between which nothing of this client may come.
    const late = client.answerLater();
    callShards(this.#context, client, shards, DATABASE_SIZE, (replies) => {
      const failed = replies.find(({ isError }) => isError);
      if (failed !== undefined) return late.reply(failed.bytes);
      this.#ask(client, late, replies.map(sizeOf).filter(({ keyCount }) => keyCount > 0));
    });
    return null;
  }

  /** Asks one of those that are left; its keys may have gone meanwhile. */
  #ask(client: LocalClient, late: DeferredReply, left: readonly Sized[]): void {
    if (left.length === 0) {
      const nothing = nullReply(client.profiles.master.version);
      return late.reply(nothing);
    }
    const chosen = choose(left, this.#random());
    callShards(this.#context, client, [chosen.backend], RANDOM_KEY, ([reply]) => {
      const { bytes, attributed, isError } = reply!;
      if (isError) return late.reply(bytes);
      const isKey = bytes[0] === DOLLAR && bytes[1] !== 0x2d;
      if (isKey) return late.reply(attributed, 0, attributed.length, true);
      this.#ask(client, late, left.filter((one) => one !== chosen));
    });
  }
}

function sizeOf({ backend, bytes }: ShardReply): Sized {
  return { backend, keyCount: Number(decoder.decode(bytes.subarray(1))) || 0 };
}

/** Each as often as it has keys. */
function choose(servers: readonly Sized[], random: number): Sized {
  const total = servers.reduce((sum, { keyCount }) => sum + keyCount, 0);
  let rest = random * total;
  for (const server of servers) {
    rest -= server.keyCount;
    if (rest < 0) return server;
  }
  return servers.at(-1)!;
}
