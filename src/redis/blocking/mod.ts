/**
 * Commands that wait for another client's act: BLPOP and its kin, XREAD and XREADGROUP with BLOCK.
 *
 * @module
 */
import { failures } from "../../failure.ts";
import { failureReply } from "../../protocol/resp/replies.ts";
import { commonPlace, PLACES_DIFFER } from "../../router/common_place.ts";
import type { Answer, RedisContext, RedisFeature } from "../feature.ts";
import type { LocalRequest } from "../local_request.ts";
import { copyRequest } from "../request_copy.ts";
import { BlockedClient } from "./blocked_client.ts";
import { waitLimitMs } from "./wait_limit.ts";

const BLOCKING_COMMANDS = [
  "blmove",
  "blmpop",
  "blpop",
  "brpop",
  "brpoplpush",
  "bzmpop",
  "bzpopmax",
  "bzpopmin",
  "xread|block",
  "xreadgroup|block",
];

/** The blocking commands of one cluster's clients. */
export class Blocking implements RedisFeature {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
    const answer: Answer = (request) => this.#block(request);
    this.answers = new Map(BLOCKING_COMMANDS.map((name) => [name, answer]));
  }

  #block(request: LocalRequest): Uint8Array | null {
    const { client, frame, bytes } = request;
    const { router } = this.#context;
    const place = commonPlace(frame, bytes, router);
    if (place === PLACES_DIFFER) return failureReply(failures.keysApart, "");
    if (place < 0) return failureReply(router.unplaced, "");
    const limitMs = waitLimitMs(request, this.#context.config.readTimeoutMs);
    return new BlockedClient(this.#context, client, copyRequest(request), limitMs).begin(place);
  }
}
