/**
 * Requests that come before the slot map of a Redis Cluster is known wait for it, as those of a pool wait for a
 * connection; so does the first one behind a time in which nobody asked for anything, for a fresh map. What the proxy answers by itself is answered at once.
 *
 * @module
 */
import { CommandFlag } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import {
  type ClientStage,
  type LocalClient,
  Verdict,
  type VerdictCode,
} from "../../session/stages.ts";
import type { Answers, RedisContext, RedisFeature } from "./feature.ts";
import { addStage, removeStage, StageRank } from "./stage_chain.ts";

/** Stages the clients that connect before the first map, and all of them while nobody asks for anything. */
export class FirstMap implements RedisFeature {
  readonly answers: Partial<Answers> = {};
  readonly #context: RedisContext;
  readonly #stage: FirstMapStage;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#stage = new FirstMapStage(context);
    context.router.mapAged = () => {
      for (const client of context.clients()) this.onConnect(client);
    };
  }

  onConnect(client: LocalClient): void {
    const { router } = this.#context;
    if (!router.awaitsFirstMap && !router.isAged) return;
    addStage(client, StageRank.FirstMap, this.#stage);
  }

  onReset(client: LocalClient): void {
    this.onConnect(client);
  }
}

/** One for all clients; it leaves each with the first request behind the wait. */
class FirstMapStage implements ClientStage {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  onRequest(client: LocalClient, frame: RequestFrame): VerdictCode {
    const { router } = this.#context;
    if (router.isAged && this.#needsServers(frame)) router.useAgain!();
    if (!router.awaitsFirstMap && !router.isAged) {
      removeStage(client, StageRank.FirstMap);
      return Verdict.Pass;
    }
    return router.awaitsFirstMap && this.#needsServers(frame) ? Verdict.Wait : Verdict.Pass;
  }

  onInputEnd(): boolean {
    return false;
  }

  onClose(): void {}

  #needsServers({ row, refusal }: RequestFrame): boolean {
    if (row === null) return false;
    if (refusal !== null) {
      return this.#context.config.adminCommands === "forward" &&
        (row.flags & CommandFlag.Administration) !== 0;
    }
    return (row.flags & CommandFlag.Serverless) === 0;
  }
}
