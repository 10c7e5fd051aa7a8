/**
 * Who a client is: SASL PLAIN for packets, and for lines memcached's own way: the first `set` holds user and
 * password. What comes before is refused. Wrong passwords are answered late, and come at a bounded rate.
 *
 * @module
 */
import type { Watched } from "../../clock.ts";
import type { ClusterConfig } from "../../config/config.ts";
import type { BackendContext } from "../../backend/backend_context.ts";
import { formatClientEnd } from "../../endpoint.ts";
import { ruledMemcacheCommands } from "../../protocol/memcache/ruled.ts";
import { MemcacheAccessStage, type MemcacheWatcher } from "../access/access_stage.ts";
import { type MemcacheDenial, MemcachePermissions } from "../access/permissions.ts";
import { Accounts, DEFAULT_USER } from "../../redis/login/accounts.ts";
import { LoginTurns } from "../../redis/login/turns.ts";
import type { Peers } from "../../redis/core/peers.ts";
import type { DeferredReply, LocalClient } from "../../session/stages.ts";
import { Attempt, type AttemptCode } from "./attempt.ts";
import { LoginStage } from "./login_stage.ts";

const decoder = new TextDecoder();

/** What logins are made with. */
export interface LoginContext {
  readonly config: ClusterConfig;
  readonly backends: BackendContext;
  readonly peers: Peers;
  /** The clients of this worker. */
  clients(): Iterable<LocalClient>;
  /** A client is another user from now on. */
  userChanged(client: LocalClient): void;
}

/** The logins of one cluster's clients in one worker. */
export class Login implements MemcacheWatcher {
  readonly #context: LoginContext;
  readonly #commands = ruledMemcacheCommands();
  #accounts: Accounts;
  /** By user, as far as they were asked for, and what they were made of. */
  readonly #permissions = new Map<string, { origin: string; permissions: MemcachePermissions }>();
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
  onConnect(client: LocalClient): void {
    if (this.isWanted) client.stage = new LoginStage(client, this);
    else this.#apply(client, DEFAULT_USER);
  }

  /** Lets a client in as a user, without a password; false where there is no such user. */
  enterAs(client: LocalClient, username: string): boolean {
    if (!this.#accounts.has(username)) return false;
    this.#enter(client, username);
    return true;
  }

  /**
   * The configuration says something else of users. Whoever was in stays in if its user is still there, and may do what
   * this user may do now.
   */
  usersChanged(): void {
    const clients = [...this.#context.clients()];
    const former = new Map(clients.map((client) => [client, this.userOf(client)]));
    this.#accounts = new Accounts(this.#context.config.users);
    this.#permissions.clear();
    for (const [client, user] of former) {
      const name = user === "" ? DEFAULT_USER : user;
      if (!this.isWanted) this.#unlock(client);
      else if (name !== null && this.#accounts.has(name)) {
        this.#users.set(client, name);
        this.#apply(client, name);
      } else if (name !== null) {
        this.#users.delete(client);
        client.stage = new LoginStage(client, this);
      }
    }
  }

  denied(client: LocalClient, command: string, { reason, object }: MemcacheDenial): void {
    const { metrics, audit } = this.#context.backends;
    metrics.denials += 1;
    audit.write("denied", { ...this.#who(client), command, reason, object });
  }

  passed(client: LocalClient, command: string): void {
    this.#context.backends.audit.write("command", { ...this.#who(client), command });
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
    this.#enter(client, user);
    return Attempt.Right;
  }

  #enter(client: LocalClient, user: string): void {
    this.#users.set(client, user);
    client.stage = null;
    this.#apply(client, user);
    this.#context.userChanged(client);
    this.#context.backends.audit.write("login", this.#who(client));
  }

  /** Nobody has to log in any more. */
  #unlock(client: LocalClient): void {
    this.#users.delete(client);
    this.#turns.leave(client);
    client.stage = null;
    this.#apply(client, DEFAULT_USER);
    client.parseOn();
  }

  #apply(client: LocalClient, user: string): void {
    const permissions = this.#permissionsOf(user);
    const { stage } = client;
    if (stage instanceof MemcacheAccessStage && stage.permissions === permissions) return;
    client.stage = permissions.areWhole ? null : new MemcacheAccessStage(permissions, this);
  }

  /** What a user may do by the configuration in force; the same object as long as that says the same of it. */
  #permissionsOf(username: string): MemcachePermissions {
    const { config, backends } = this.#context;
    const limits = config.users.find((user) => user.username === username)?.limits ?? null;
    const { isOn } = backends.audit;
    const origin = JSON.stringify([limits, config.denyCommands]);
    const known = this.#permissions.get(username);
    if (known?.origin === origin) return known.permissions;
    const permissions = new MemcachePermissions(limits, config.denyCommands, this.#commands, isOn);
    this.#permissions.set(username, { origin, permissions });
    return permissions;
  }

  #who(client: LocalClient): { user: string; address: string; client: number } {
    const user = this.userOf(client) || DEFAULT_USER;
    return { user, address: addressOf(client), client: client.id };
  }

  /** The client has sent its last. True: it waits in vain. */
  onInputEnd(client: LocalClient): boolean {
    return this.#turns.onInputEnd(client);
  }

  /** The client is gone. */
  leave(client: LocalClient): void {
    this.#turns.leave(client);
  }

  #refuse(client: LocalClient, username: Uint8Array, reply: Uint8Array): void {
    const { config, backends: { audit, clock, log, metrics } } = this.#context;
    metrics.loginFailures += 1;
    log.info("Login refused: wrong user name or password", {
      cluster: config.name,
      client: client.id,
      address: addressOf(client),
    });
    const user = decoder.decode(username);
    audit.write("login_failed", { user, address: addressOf(client), client: client.id });
    const dueMs = this.#turns.wrong(client, username);
    clock.watch(new WrongPassword(client.answerLater(), reply, dueMs));
  }
}

function addressOf({ peer }: LocalClient): string {
  return formatClientEnd(peer);
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
