/**
 * Users and what they may do: gives each client whose user is limited a stage, and keeps what was denied. A client
 * whose user may do everything has no stage of this kind, and costs nothing.
 *
 * @module
 */
import type { RuledCommands } from "../../protocol/command_rules.ts";
import { descriptionOf } from "../../protocol/resp/commands/custom.ts";
import { ruledCommands } from "../../protocol/resp/commands/ruled.ts";
import { formatClientEnd } from "../../endpoint.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { RedisContext } from "../core/feature.ts";
import { addStage, removeStage, stageOf, StageRank } from "../core/stage_chain.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { DEFAULT_USER } from "../login/accounts.ts";
import { bytesOfText } from "../pubsub/push_frame.ts";
import { Subscriber } from "../pubsub/subscriber.ts";
import { TopicKind } from "../pubsub/topic.ts";
import { transactionOf } from "../transaction/watch.ts";
import { AccessStage, type AccessWatcher } from "./access_stage.ts";
import { denialReply } from "./denial_text.ts";
import { DenialLog } from "./denial_log.ts";
import { commandOf, isNoteworthy } from "./command_facts.ts";
import { accessRules, type Denial, Permissions } from "./permissions.ts";

/** What the users of one cluster may do, in one worker. */
export class Access implements AccessWatcher {
  readonly denials = new DenialLog();
  readonly #context: RedisContext;
  readonly #commands: RuledCommands;
  readonly #describe: (client: LocalClient) => string;
  readonly #userOf: (client: LocalClient) => string;
  /** By user, as far as they were asked for, and what they were made of. */
  readonly #known = new Map<
    string,
    { readonly origin: string; readonly permissions: Permissions }
  >();

  /**
   * @param userOf Who a client is.
   * @param describe A client's line in CLIENT LIST.
   */
  constructor(
    context: RedisContext,
    userOf: (client: LocalClient) => string,
    describe: (client: LocalClient) => string,
  ) {
    this.#context = context;
    this.#commands = ruledCommands(context.config.customCommands);
    this.#userOf = userOf;
    this.#describe = describe;
  }

  /** What a user may do by the configuration in force; the same object as long as that says the same of it. */
  permissionsOf(username: string): Permissions {
    const { config, commands, backends } = this.#context;
    const limits = config.users.find((user) => user.username === username)?.limits ?? null;
    const { isOn } = backends.audit;
    const origin = JSON.stringify([limits, config.denyCommands, isOn]);
    const known = this.#known.get(username);
    if (known?.origin === origin) return known.permissions;
    const rules = accessRules(config, this.#commands, isOn);
    const permissions = new Permissions(limits, rules, commands);
    this.#known.set(username, { origin, permissions });
    return permissions;
  }

  /** A client is this user from now on. Returns whether that takes anything from what it could do. */
  apply(client: LocalClient, username: string): boolean {
    const permissions = this.permissionsOf(username);
    const stage = stageOf(client, StageRank.Access);
    if (stage instanceof AccessStage && stage.permissions === permissions) return false;
    removeStage(client, StageRank.Access);
    if (permissions.areWhole) return false;
    addStage(client, StageRank.Access, new AccessStage(permissions, this));
    return true;
  }

  /** The configuration says something else: what was made of users that are gone is forgotten. */
  forgetOthers(): void {
    const names = new Set(this.#context.config.users.map(({ username }) => username));
    names.add(DEFAULT_USER);
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }

  /** A client is nobody any more. */
  remove(client: LocalClient): void {
    removeStage(client, StageRank.Access);
  }

  /** Whether a client may still have all channels that it listens to. */
  mayListenOn(client: LocalClient): boolean {
    const stage = stageOf(client, StageRank.Access);
    if (!(stage instanceof AccessStage)) return true;
    // What is being subscribed to is not among its subscriptions yet.
    if (isSubscribing(client) && !stage.permissions.mayListenToAll) return false;
    const subscriber = stageOf(client, StageRank.Subscriptions);
    if (!(subscriber instanceof Subscriber)) return true;
    return Object.values(TopicKind).every((kind) =>
      [...subscriber.topics(kind)].every(({ name }) =>
        stage.permissions.mayListen(bytesOfText(name), kind === TopicKind.Pattern)
      )
    );
  }

  /** Has a login in the audit log. */
  audit(event: "login" | "login_failed", client: LocalClient, user: string): void {
    this.#context.backends.audit.write(event, this.#who(client, user));
  }

  /** A wrong password, for the log of denials. */
  loginFailed(client: LocalClient, username: string): void {
    const command = client.lastRow?.name ?? "auth";
    this.#note(client, "auth", command.toUpperCase(), username);
    this.audit("login_failed", client, username);
  }

  denied(request: LocalRequest, denial: Denial): void {
    const { client } = request;
    const { backends: { metrics, audit }, servers } = this.#context;
    const user = this.#userOf(client);
    metrics.denials += 1;
    const { reason, command, object } = denial;
    this.#note(client, reason, object, user);
    audit.write("denied", { ...this.#who(client, user), command, reason, object });
    transactionOf(client)?.spoil();
    const reply = denialReply(denial, user, servers.kind);
    client.reply(reply);
  }

  passed(request: LocalRequest): void {
    const { audit } = this.#context.backends;
    if (!audit.isOn) return;
    const { command, name } = commandOf(request);
    if (!isNoteworthy(command)) return;
    const { client } = request;
    audit.write("command", { ...this.#who(client, this.#userOf(client)), command: name });
  }

  #who(client: LocalClient, user: string): { user: string; address: string; client: number } {
    return {
      user,
      address: formatClientEnd(client.peer),
      client: client.id,
    };
  }

  #note(
    client: LocalClient,
    reason: "command" | "key" | "channel" | "auth",
    object: string,
    username: string,
  ): void {
    const isQueuing = (transactionOf(client)?.queuedCount ?? -1) >= 0;
    const context = isQueuing ? "multi" : "toplevel";
    const describe = () => this.#describe(client);
    this.denials.add({ reason, context, object, username }, Date.now(), describe);
  }
}

/** Whether a client waits for the confirmation of a subscription: nothing behind it is parsed before that. */
function isSubscribing({ hasRequestsInFlight, lastRow }: LocalClient): boolean {
  return hasRequestsInFlight && lastRow !== null && descriptionOf(lastRow).channels !== null;
}
