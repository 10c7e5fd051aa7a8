/**
 * Who a client is: AUTH, the AUTH option of HELLO, and what is refused before. Wrong passwords are answered late, and
 * counted, and come at a bounded rate, so that guessing is slow and shows.
 *
 * @module
 */
import { formatEndpoint } from "../../endpoint.ts";
import { errorReply, OK_REPLY } from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/features.ts";
import { type RedisContext, SHOWN_AGAIN } from "../core/feature.ts";
import { addGuard, guardOf, GuardRank, removeGuard } from "../core/guard_chain.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { Accounts, DEFAULT_USER } from "./accounts.ts";
import { LoginGuard, WaitGuard } from "./login_guard.ts";
import { LoginTurns } from "./turns.ts";
import { WrongPassword } from "./wrong_password.ts";

const NO_PASSWORD = errorReply(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);
const SYNTAX_ERROR = errorReply("ERR syntax error");
const DEFAULT_USER_BYTES = new TextEncoder().encode(DEFAULT_USER);
/** What HELLO says to a client that has not logged in and does not do so now. */
export const HELLO_WITHOUT_AUTH: Uint8Array = errorReply(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH " +
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol " +
    "version at the same time",
);

/** The logins of one cluster's clients in one worker. */
export class Login {
  readonly #context: RedisContext;
  readonly #accounts: Accounts;
  /** Users of clients that have logged in. */
  readonly #users = new WeakMap<LocalClient, string>();
  readonly #turns: LoginTurns;

  constructor(context: RedisContext) {
    this.#context = context;
    this.#accounts = new Accounts(context.config.users);
    this.#turns = new LoginTurns(context.backends.clock, context.peers);
  }

  /** Who a client is. */
  userOf(client: LocalClient): string {
    return this.#users.get(client) ?? DEFAULT_USER;
  }

  /** Whether there is a user of this name: the default user always is. */
  isUser(name: string): boolean {
    return name === DEFAULT_USER || this.#accounts.has(name);
  }

  /** Whether a client may ask for anything. */
  isIn(client: LocalClient): boolean {
    return !this.#accounts.areWanted || this.#users.has(client);
  }

  /** A client has connected, or is as new after RESET. */
  clientConnected(client: LocalClient): void {
    this.#users.delete(client);
    if (!this.#accounts.areWanted) return;
    addGuard(client, GuardRank.Login, new LoginGuard(client, this.#turns, this.#context.servers));
  }

  /** Answers AUTH [user] password. */
  auth(request: LocalRequest): Uint8Array | null {
    const { wordCount } = request;
    if (wordCount > 3) return SYNTAX_ERROR;
    if (wordCount === 2 && !this.#accounts.areWanted) return NO_PASSWORD;
    const username = wordCount === 3 ? request.raw(1) : null;
    return this.enter(request.client, username, request.raw(wordCount - 1));
  }

  /**
   * Logs a client in if the password is right; otherwise it stays who it was.
   *
   * @returns OK where it is in; null where the request is answered later, by the error for a wrong password;
   * {@link SHOWN_AGAIN} where others are to be judged first.
   */
  enter(
    client: LocalClient,
    username: Uint8Array | null,
    password: Uint8Array,
  ): Uint8Array | null {
    const name = username ?? DEFAULT_USER_BYTES;
    if (!this.#turns.mayJudge(client, name)) {
      const isGuarded = guardOf(client, GuardRank.Login) !== null;
      if (!isGuarded) addGuard(client, GuardRank.Login, new WaitGuard(client, this.#turns));
      return SHOWN_AGAIN;
    }
    const user = this.#accounts.check(username, password);
    if (user === null) {
      this.#refuse(client, name);
      return null;
    }
    if (this.#accounts.areWanted) this.#users.set(client, user);
    this.#turns.right(client, name);
    removeGuard(client, GuardRank.Login);
    return OK_REPLY;
  }

  /** Takes the request at hand to be answered, late, by the error for a wrong password. */
  #refuse(client: LocalClient, username: Uint8Array): void {
    const { log, metrics, clock } = this.#context.backends;
    metrics.loginFailures += 1;
    metrics.errorReplies += 1;
    log.info("Login refused: wrong user name or password", {
      cluster: this.#context.config.name,
      client: client.id,
      address: client.peer === null ? "" : formatEndpoint(client.peer),
    });
    if (this.isIn(client)) removeGuard(client, GuardRank.Login);
    const dueMs = this.#turns.wrong(client, username);
    clock.watch(new WrongPassword(client.answerLater(), dueMs));
  }
}
