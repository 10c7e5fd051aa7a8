/**
 * Requests that come before the slot map of a Redis Cluster is known wait for it, as those of a pool wait for a
 * connection; so does the first one behind a time in which nobody asked for anything, for a fresh map. What the proxy answers by itself is answered at once.
 *
 * @module
 */
import { CommandFlag } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import {
  type LocalClient,
  type SessionGuard,
  Verdict,
  type VerdictCode,
} from "../../session/features.ts";
import type { Answers, RedisContext, RedisFeature } from "./feature.ts";
import { addGuard, GuardRank, removeGuard } from "./guard_chain.ts";

/** Guards the clients that connect before the first map, and all of them while nobody asks for anything. */
export class FirstMap implements RedisFeature {
  readonly answers: Partial<Answers> = {};
  readonly #context: RedisContext;
  readonly #guard: FirstMapGuard;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#guard = new FirstMapGuard(context);
    context.router.mapAged = () => {
      for (const client of context.clients()) this.clientConnected(client);
    };
  }

  clientConnected(client: LocalClient): void {
    const { router } = this.#context;
    if (!router.awaitsFirstMap && !router.isAged) return;
    addGuard(client, GuardRank.FirstMap, this.#guard);
  }

  clientReset(client: LocalClient): void {
    this.clientConnected(client);
  }
}

/** One for all clients; it leaves each with the first request behind the wait. */
class FirstMapGuard implements SessionGuard {
  readonly #context: RedisContext;

  constructor(context: RedisContext) {
    this.#context = context;
  }

  admit(client: LocalClient, frame: RequestFrame): VerdictCode {
    const { router } = this.#context;
    if (router.isAged && this.#needsServers(frame)) router.useAgain!();
    if (!router.awaitsFirstMap && !router.isAged) {
      removeGuard(client, GuardRank.FirstMap);
      return Verdict.Pass;
    }
    return router.awaitsFirstMap && this.#needsServers(frame) ? Verdict.Wait : Verdict.Pass;
  }

  inputEnded(): boolean {
    return false;
  }

  clientClosed(): void {}

  #needsServers({ row, refusal }: RequestFrame): boolean {
    if (row === null) return false;
    if (refusal !== null) {
      return this.#context.config.adminCommands === "forward" &&
        (row.flags & CommandFlag.Administration) !== 0;
    }
    return (row.flags & CommandFlag.Serverless) === 0;
  }
}
