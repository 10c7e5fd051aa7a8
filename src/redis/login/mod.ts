/**
 * Who a client is: AUTH, the AUTH option of HELLO, and what is refused before. Wrong passwords are answered late, and
 * counted, so that guessing is slow and shows.
 *
 * @module
 */
import { errorReply, OK_REPLY } from "../../protocol/resp/replies.ts";
import type { LocalClient } from "../../session/features.ts";
import type { RedisContext } from "../feature.ts";
import { addGuard, GuardRank, removeGuard } from "../guard_chain.ts";
import type { LocalRequest } from "../local_request.ts";
import { Accounts, DEFAULT_USER } from "./accounts.ts";
import { LoginGuard } from "./login_guard.ts";
import { Penalties } from "./penalties.ts";
import { WrongPassword } from "./wrong_password.ts";

const NO_PASSWORD = errorReply(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);
const SYNTAX_ERROR = errorReply("ERR syntax error");
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
  readonly #penalties = new Penalties();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#accounts = new Accounts(context.config.users);
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
    const { clock } = this.#context.backends;
    addGuard(client, GuardRank.Login, new LoginGuard(client, clock, this.#penalties));
  }

  /** Answers AUTH [user] password. */
  auth(request: LocalRequest): Uint8Array | null {
    const { wordCount } = request;
    if (wordCount > 3) return SYNTAX_ERROR;
    if (wordCount === 2 && !this.#accounts.areWanted) return NO_PASSWORD;
    const username = wordCount === 3 ? request.raw(1) : null;
    if (this.enter(request.client, username, request.raw(wordCount - 1))) return OK_REPLY;
    this.refuse(request.client);
    return null;
  }

  /** Logs a client in if the password is right; otherwise it stays who it was. */
  enter(client: LocalClient, username: Uint8Array | null, password: Uint8Array): boolean {
    const user = this.#accounts.check(username, password);
    if (user === null) return false;
    if (this.#accounts.areWanted) this.#users.set(client, user);
    this.#penalties.forgive(client.peerAddress);
    removeGuard(client, GuardRank.Login);
    return true;
  }

  /** Takes the request at hand to be answered, late, by the error for a wrong password. */
  refuse(client: LocalClient): void {
    const { log, metrics, clock } = this.#context.backends;
    metrics.loginFailures += 1;
    metrics.errorReplies += 1;
    log.info("Login refused: wrong user name or password", {
      cluster: this.#context.config.name,
      client: client.id,
      address: client.peerAddress,
    });
    const dueMs = this.#penalties.add(client.peerAddress, clock.nowMs);
    clock.watch(new WrongPassword(client.answerLater(), dueMs));
  }
}
