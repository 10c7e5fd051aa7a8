/**
 * Commands that wait for another client's act: BLPOP and its kin, XREAD and XREADGROUP with BLOCK.
 *
 * @module
 */
import { plainName } from "../../protocol/command_table.ts";
import type { Answers, RedisContext, RedisFeature } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { copyRequest } from "../core/request_copy.ts";
import { BlockedClient } from "./blocked_client.ts";
import { waitLimitMs } from "./wait_limit.ts";
import { WaitingPlace } from "./waiting_place.ts";

/** The blocking commands of one cluster's clients. */
export class Blocking implements RedisFeature {
  readonly answers: Pick<Answers, "block">;
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
    this.answers = { block: (request) => this.#block(request) };
  }

  #block(request: LocalRequest): Uint8Array | null {
    const { client, frame, bytes } = request;
    const limitMs = waitLimitMs(request, this.#context.config.readTimeoutMs);
    const place = new WaitingPlace(this.#context.router, frame, bytes);
    const sent = { bytes: copyRequest(request), command: plainName(frame.row!.name) };
    return new BlockedClient(this.#context, client, sent, place, limitMs).begin();
  }
}
