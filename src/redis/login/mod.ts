/**
 * Who a client is: AUTH, the AUTH option of HELLO, and what is refused before. Wrong passwords are answered late, and
 * counted, and come at a bounded rate, so that guessing is slow and shows.
 *
 * @module
 */
import { formatClientEnd } from "../../endpoint.ts";
import { failures } from "../../failure.ts";
import { errorReply, OK_REPLY, SYNTAX_ERROR } from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { type RedisContext, SHOWN_AGAIN } from "../core/feature.ts";
import { Access } from "../access/mod.ts";
import { addStage, removeStage, stageOf, StageRank } from "../core/stage_chain.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { textOfBytes } from "../pubsub/push_frame.ts";
import { transactionOf } from "../transaction/watch.ts";
import { Accounts, DEFAULT_USER } from "./accounts.ts";
import { LoginStage, WaitStage } from "./login_stage.ts";
import { LoginTurns } from "./turns.ts";
import { WrongPassword } from "./wrong_password.ts";

const NO_PASSWORD = errorReply(
  "ERR AUTH <password> called without any password configured for the default user. " +
    "Are you sure your configuration is correct?",
);
const DEFAULT_USER_BYTES = new TextEncoder().encode(DEFAULT_USER);
/** What HELLO says to a client that has not logged in and does not do so now. */
export const HELLO_WITHOUT_AUTH: Uint8Array = errorReply(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH " +
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol " +
    "version at the same time",
);

/** The logins of one cluster's clients in one worker. */
export class Login {
  /** What users may do. */
  readonly access: Access;
  readonly #context: RedisContext;
  #accounts: Accounts;
  /** Users of clients that have logged in. */
  readonly #users = new WeakMap<LocalClient, string>();
  /** Who clients are that came in without a password: RESET makes them that again. */
  readonly #certified = new WeakMap<LocalClient, string>();
  readonly #turns: LoginTurns;

  /** @param describe A client's line in CLIENT LIST. */
  constructor(context: RedisContext, describe: (client: LocalClient) => string = () => "") {
    this.#context = context;
    this.access = new Access(context, (client) => this.userOf(client), describe);
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

  /** Whether anybody can be this user: the default user only where it has a password, or nobody needs one. */
  canBe(name: string): boolean {
    return this.#accounts.areWanted ? this.#accounts.has(name) : name === DEFAULT_USER;
  }

  /** Whether a client may ask for anything. */
  isIn(client: LocalClient): boolean {
    return !this.#accounts.areWanted || this.#users.has(client);
  }

  /** A client has connected, or is as new after RESET. */
  onConnect(client: LocalClient): void {
    this.#users.delete(client);
    const known = this.#certified.get(client);
    if (known !== undefined && this.enterAs(client, known)) return;
    if (this.#accounts.areWanted) this.#lock(client);
    else this.access.apply(client, DEFAULT_USER);
    this.#context.userChanged(client);
  }

  /** Lets a client in as a user, without a password; false where there is no such user. */
  enterAs(client: LocalClient, username: string): boolean {
    if (!this.#accounts.has(username)) return false;
    this.#certified.set(client, username);
    this.#enter(client, username);
    return true;
  }

  /**
   * The configuration says something else of users. Whoever was in stays in if its user is still there, and may do what
   * this user may do now.
   */
  usersChanged(): void {
    const clients = [...this.#context.clients()];
    const inside = new Set(clients.filter((client) => this.isIn(client)));
    this.#accounts = new Accounts(this.#context.config.users);
    this.access.forgetOthers();
    for (const client of clients) {
      if (!this.#accounts.areWanted) this.#unlock(client);
      else if (inside.has(client)) this.#keep(client, this.userOf(client));
    }
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
      const isGuarded = stageOf(client, StageRank.Login) !== null;
      if (!isGuarded) addStage(client, StageRank.Login, new WaitStage(client, this.#turns));
      return SHOWN_AGAIN;
    }
    const user = this.#accounts.check(username, password);
    if (user === null) {
      this.#refuse(client, name);
      return null;
    }
    this.#turns.right(client, name);
    this.#enter(client, user);
    return OK_REPLY;
  }

  #enter(client: LocalClient, user: string): void {
    if (this.#accounts.areWanted) this.#users.set(client, user);
    removeStage(client, StageRank.Login);
    this.access.apply(client, user);
    this.#context.userChanged(client);
    this.access.audit("login", client, user);
  }

  #lock(client: LocalClient): void {
    const stage = new LoginStage(client, this.#turns, this.#context.servers);
    addStage(client, StageRank.Login, stage);
  }

  /** Nobody has to log in any more. */
  #unlock(client: LocalClient): void {
    this.#users.delete(client);
    this.#turns.leave(client);
    removeStage(client, StageRank.Login);
    this.#narrow(client, DEFAULT_USER);
    client.parseOn();
  }

  /** A client that was in stays in, unless its user is gone. */
  #keep(client: LocalClient, user: string): void {
    if (this.#accounts.has(user)) {
      this.#users.set(client, user);
      return this.#narrow(client, user);
    }
    this.#users.delete(client);
    this.#turns.leave(client);
    this.access.remove(client);
    transactionOf(client)?.spoil();
    this.#lock(client);
    // Nothing that it sends tells whoever waits or listens.
    if (isWaiting(client)) client.close(failures.clientNotAllowed);
  }

  #narrow(client: LocalClient, user: string): void {
    if (!this.access.apply(client, user)) return;
    transactionOf(client)?.spoil();
    if (!this.access.mayListenOn(client)) client.close(failures.clientNotAllowed);
  }

  /** Takes the request at hand to be answered, late, by the error for a wrong password. */
  #refuse(client: LocalClient, username: Uint8Array): void {
    const { log, metrics, clock } = this.#context.backends;
    metrics.loginFailures += 1;
    log.info("Login refused: wrong user name or password", {
      cluster: this.#context.config.name,
      client: client.id,
      address: formatClientEnd(client.peer),
    });
    this.access.loginFailed(client, textOfBytes(username, 0, username.length));
    if (this.isIn(client)) removeStage(client, StageRank.Login);
    const dueMs = this.#turns.wrong(client, username);
    clock.watch(new WrongPassword(client.answerLater(), dueMs));
  }
}

function isWaiting(client: LocalClient): boolean {
  return stageOf(client, StageRank.Blocking) !== null ||
    stageOf(client, StageRank.Subscriptions) !== null;
}
