/**
 * Who a client is: SASL PLAIN for packets, and for lines memcached's own way: the first `set` holds user and
 * password. What comes before is refused. Wrong passwords are answered late, and come at a bounded rate.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import type { ClusterConfig } from "../../config/config.ts";
import type { BackendContext } from "../../backend/backend_context.ts";
import { formatEndpoint } from "../../endpoint.ts";
import { Accounts } from "../../redis/login/accounts.ts";
import { LoginTurns } from "../../redis/login/turns.ts";
import type { Peers } from "../../redis/core/peers.ts";
import type { DeferredReply, LocalClient } from "../../session/features.ts";
import { Attempt, type AttemptCode } from "./attempt.ts";
import { LoginGuard } from "./login_guard.ts";

/** What logins are made with. */
export interface LoginContext {
  readonly config: ClusterConfig;
  readonly backends: BackendContext;
  readonly peers: Peers;
}

/** The logins of one cluster's clients in one worker. */
export class Login {
  readonly #context: LoginContext;
  readonly #accounts: Accounts;
  readonly #turns: LoginTurns;
  /** Users of clients that have logged in. */
  readonly #users = new WeakMap<LocalClient, string>();

  constructor(context: LoginContext) {
    this.#context = context;
    this.#accounts = new Accounts(context.config.users);
    this.#turns = new LoginTurns(context.backends.clock, context.peers);
  }

  /** Whether clients have to log in. */
  get isWanted(): boolean {
    return this.#accounts.areWanted;
  }

  /** Who a client logged in as; empty where nobody has to, null where it has not. */
  userOf(client: LocalClient): string | null {
    return this.isWanted ? this.#users.get(client) ?? null : "";
  }

  /** A client has connected. */
  clientConnected(client: LocalClient): void {
    if (this.isWanted) client.guard = new LoginGuard(client, this);
  }

  /** Judges a password, or has the client wait for its turn. `wrongReply` answers a wrong one. */
  enter(
    client: LocalClient,
    username: Uint8Array,
    password: Uint8Array,
    wrongReply: Uint8Array,
  ): AttemptCode {
    if (!this.#turns.mayJudge(client, username)) return Attempt.Waits;
    const user = this.#accounts.check(username, password);
    if (user === null) {
      this.#refuse(client, username, wrongReply);
      return Attempt.Wrong;
    }
    this.#turns.right(client, username);
    this.#users.set(client, user);
    client.guard = null;
    return Attempt.Right;
  }

  /** The client has sent its last. True: it waits in vain. */
  inputEnded(client: LocalClient): boolean {
    return this.#turns.inputEnded(client);
  }

  /** The client is gone. */
  leave(client: LocalClient): void {
    this.#turns.leave(client);
  }

  #refuse(client: LocalClient, username: Uint8Array, reply: Uint8Array): void {
    const { config, backends: { clock, log, metrics } } = this.#context;
    metrics.loginFailures += 1;
    metrics.errorReplies += 1;
    log.info("Login refused: wrong user name or password", {
      cluster: config.name,
      client: client.id,
      address: client.peer === null ? "" : formatEndpoint(client.peer),
    });
    const dueMs = this.#turns.wrong(client, username);
    clock.watch(new WrongPassword(client.answerLater(), reply, dueMs));
  }
}

/** The reply to a wrong password, which comes late. */
class WrongPassword implements Watched {
  isWatched = false;
  readonly #late: DeferredReply;
  readonly #reply: Uint8Array;
  readonly #dueMs: number;

  /** @param dueMs When it is to come, milliseconds of the clock. */
  constructor(late: DeferredReply, reply: Uint8Array, dueMs: number) {
    this.#late = late;
    this.#reply = reply;
    this.#dueMs = dueMs;
  }

  onTick(nowMs: number): boolean {
    if (!this.#late.isDue) return false;
    if (nowMs < this.#dueMs) return true;
    this.#late.reply(this.#reply, 0, this.#reply.length);
    return false;
  }
}
