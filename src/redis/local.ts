/**
 * Answers to Redis commands that the proxy gives itself: what client libraries send when they connect, and
 * questions about the connection rather than the data.
 *
 * @module
 */
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
  OK_REPLY,
  PONG_REPLY,
  statusReply,
} from "../protocol/resp/write/replies.ts";
import { PROFILES, type RequestFrame } from "../protocol/protocol.ts";
import type { CommandRow } from "../protocol/command_table.ts";
import type { HandlerId } from "../protocol/resp/commands/handlers.ts";
import { descriptionOf } from "../protocol/resp/commands/custom.ts";
import { takeCensus } from "./client/pause_census.ts";
import {
  type ClientCensus,
  type Handoff,
  type Keepsake,
  type LocalAnswers,
  type LocalClient,
  REPEATED,
} from "../session/stages.ts";
import { type Failure, failures } from "../failure.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { Exchange } from "../request/exchange.ts";
import type { Request } from "../request/request.ts";
import { AclCommand } from "./access/acl_command.ts";
import { ClientLines } from "./client/client_line.ts";
import { AdminCommands } from "./server/admin_commands.ts";
import { ScriptKeeper } from "./scripts/script_keeper.ts";
import { ClientHandoff } from "./client/client_handoff.ts";
import { ClientMarks } from "./client/client_marks.ts";
import { clientAnswer } from "./client/client_commands.ts";
import { ClientUnblock } from "./blocking/client_unblock.ts";
import { ClientPause } from "./client/client_pause.ts";
import { ClientRegistry } from "./client/client_registry.ts";
import { clusterAnswer, NO_CLUSTER } from "./server/cluster_command.ts";
import { CommandLearning } from "./server/command_learning.ts";
import { CommandAnswers } from "./server/command_commands.ts";
import { isAnyLoginWanted, isLoginWanted } from "./login/login_wanted.ts";
import { stageOf, StageRank } from "./core/stage_chain.ts";
import { helloAnswer } from "./connection/hello.ts";
import { hotKeyAnswer } from "./server/hot_keys.ts";
import { Info } from "./server/info.ts";
import { textReply } from "./core/reply_builder.ts";
import { BackendInfos } from "./server/backend_info.ts";
import type { ServerKind } from "./server/server_kind.ts";
import { setOwn } from "./server/settings.ts";
import { slowLogAnswer } from "./server/slow_log.ts";
import { slotKeysAnswer } from "./server/slot_keys.ts";
import { slotStatisticsAnswer } from "./server/slot_statistics.ts";
import { waitAnswer, waitAofAnswer } from "./server/wait.ts";
import { Login } from "./login/mod.ts";
import {
  type Answer,
  type Answers,
  type RedisContext,
  type RedisFeature,
  SHOWN_AGAIN,
} from "./core/feature.ts";
import type { FeatureAnswers } from "./features.ts";
import { LocalRequest } from "./core/local_request.ts";
import { mayWrite, needsNoServer } from "./client/paused_rows.ts";
import { Select } from "./connection/select.ts";

/** Answers the local rows of the RESP command table. */
export class RedisLocal implements LocalAnswers {
  readonly #options: RedisContext;
  readonly #features: readonly RedisFeature[];
  readonly #marks = new ClientMarks();
  readonly #handoff: ClientHandoff;
  readonly #pause: ClientPause;
  readonly #login: Login;
  readonly #keeper: ScriptKeeper;
  readonly #admin: AdminCommands;
  readonly #info: Info;
  /** By row index: whether the second word is a subcommand. */
  readonly #areFamilies: readonly boolean[];
  /** By row index. */
  readonly #answers: (Answer | null)[];
  readonly #block: Answer | null;
  readonly #learning: CommandLearning | null;

  /**
   * @throws {Error} If a row says `local` and nothing here answers it.
   */
  constructor(
    options: RedisContext,
    features: readonly RedisFeature[] = [],
    keeper: ScriptKeeper = new ScriptKeeper(options),
  ) {
    this.#keeper = keeper;
    const backends = new BackendInfos(options);
    options.servers.askBy((word, heard) => backends.ask(word, heard));
    const info = this.#info = new Info(options, backends);
    this.#options = options;
    this.#learning = options.learned === null
      ? null
      : new CommandLearning(options, options.learned);
    this.#features = features;
    this.#handoff = new ClientHandoff(options);
    this.#pause = new ClientPause(options);
    this.#login = new Login(options, (client) => lines.describe(client, lines.facts(client)));
    const lines = new ClientLines(options, this.#marks, this.#login);
    const acl = new AclCommand(options, this.#login.access, this.#login);
    this.#admin = new AdminCommands(options, info, acl);
    const answers: Partial<Answers> = Object.assign(
      this.#createAnswers(),
      ...features.map((feature) => feature.answers),
    );
    const { rows } = options.commands;
    this.#areFamilies = rows.map((row) => descriptionOf(row).subcommands.length > 0);
    this.#answers = rows.map(({ handler }) => answers[handler as HandlerId] ?? null);
    this.#block = answers.block ?? null;
  }

  answer(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    const row = frame.row as CommandRow;
    // Of what was learned nothing is answered here but what blocks.
    const answer = row.index < this.#answers.length ? this.#answers[row.index] : this.#block;
    if (!answer) throw new Error(`Cannot answer "${row.name}": no local answer is defined`);
    const request = new LocalRequest(client, frame, bytes);
    if (this.#areFamilies[row.index] && request.wordCount > 1) {
      this.#marks.asked(client, row, request.words[1]!);
    }
    const reply = answer(request);
    if (reply === SHOWN_AGAIN) return false;
    if (reply !== null) client.reply(reply);
    return true;
  }

  onConnect(client: LocalClient): void {
    this.#pause.onConnect(client);
    this.#login.onConnect(client);
    for (const feature of this.#features) feature.onConnect?.(client);
  }

  enterAs(client: LocalClient, username: string): boolean {
    return this.#login.enterAs(client, username);
  }

  usersChanged(): void {
    this.#login.usersChanged();
  }

  beforeSend(
    connection: BackendConnection,
    exchange: Exchange,
    frame: RequestFrame,
    bytes: Uint8Array,
  ): void {
    this.#keeper.beforeScript(connection, exchange, frame, bytes);
  }

  onErrorReply(
    request: Request,
    exchange: Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Failure | typeof REPEATED | null {
    if (exchange.hasOwnErrors && this.#keeper.scriptFailed(request, exchange, bytes, start, end)) {
      return REPEATED;
    }
    // The server wants a login from the proxy; clients would take it for their own. A script may say NOAUTH of
    // anything, but for the server's own sentence.
    const isMeant = exchange.hasOwnErrors ? isLoginWanted : isAnyLoginWanted;
    return isMeant(bytes, start, end) ? failures.backendLogin : null;
  }

  inTheirWords(refusal: Uint8Array): Uint8Array {
    return this.#options.servers.inTheirWords(refusal);
  }

  awaitsUnknown(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    return this.#learning !== null && stageOf(client, StageRank.Login) === null &&
      this.#learning.awaits(client, frame, bytes);
  }

  takeRefused(client: LocalClient, frame: RequestFrame, bytes: Uint8Array): boolean {
    return this.#admin.take(new LocalRequest(client, frame, bytes));
  }

  needsNoServer(row: CommandRow): boolean {
    return needsNoServer(row);
  }

  mayWrite(row: CommandRow): boolean {
    return mayWrite(row);
  }

  waits(client: LocalClient): boolean {
    return stageOf(client, StageRank.Blocking) !== null ||
      stageOf(client, StageRank.Subscriptions) !== null;
  }

  userOf(client: LocalClient): string | null {
    return this.#login.isIn(client) ? this.#login.userOf(client) : null;
  }

  census(server: string | null): ClientCensus {
    return takeCensus(this.#options.clients(), server, this.#options.dedicated);
  }

  park(server: string | null): void {
    this.#options.dedicated.park(server);
  }

  handOff(handoff: Handoff): void {
    this.#handoff.tell(handoff);
  }

  identify(client: LocalClient): { name: string; user: string } {
    return { name: this.#marks.names.get(client) ?? "", user: this.#login.userOf(client) };
  }

  visitKept(visit: (keepsake: Keepsake, byteCount: number) => void): void {
    visit(this.#keeper, this.#keeper.heldBytes);
  }

  stop(): void {
    for (const feature of this.#features) feature.stop?.();
    this.#options.dedicated.stop();
  }

  #createAnswers(): Omit<Answers, keyof FeatureAnswers> {
    const options = this.#options;
    const { servers } = options;
    const select = new Select(options);
    const commands = new CommandAnswers(options);
    const parts = {
      marks: this.#marks,
      handoff: this.#handoff,
      clients: new ClientRegistry(options, this.#marks, this.#login),
      pause: this.#pause,
      unblock: new ClientUnblock(options),
      servers,
    };
    const { readOnly } = this.#marks;
    const clusterSwitch = (name: string, change: () => void) => {
      if (options.isCluster) change();
      else if (!servers.kind.ways.takenOutsideCluster.has(name)) return NO_CLUSTER;
      return OK_REPLY;
    };
    const nodes = {
      askOwner: (request: LocalRequest) => slotKeysAnswer(options, request),
      askStatistics: (request: LocalRequest) => slotStatisticsAnswer(options, request),
    };
    const mode = options.isCluster ? "cluster" : "standalone";
    return {
      ping,
      echo: (request) => echo(request.raw(1)),
      quit,
      select: (request) => select.answer(request),
      time,
      auth: (request) => this.#login.auth(request),
      hello: (request) => helloAnswer(request, this.#marks.names, this.#login, servers, mode),
      reset: (request) => this.#reset(request),
      client: (request) => clientAnswer(request, parts),
      command: (request) =>
        this.#learning?.mustWait(request.client) ? SHOWN_AGAIN : commands.answer(request),
      cluster: (request) => clusterAnswer(request, options, servers, nodes),
      lolwut: ({ client }) => servers.answer(client, (kind) => lolwut(client, kind)),
      info: (request) => this.#info.answer(request),
      slowlog: (request) =>
        slowLogAnswer(request, {
          entries: options.observed.slowLog,
          servers,
          lengthMax: () => options.config.slowlogLengthMax,
          askBackends: (asked) => this.#admin.askSlowLogs(asked),
        }),
      hotkey: (request) =>
        hotKeyAnswer(request, {
          entries: options.observed.hotKeys,
          servers,
          capacity: () => options.config.hotkeyCapacity,
          enable: (isEnabled, answered) =>
            setOwn(options, [["hotkeys", String(isEnabled)]], answered),
        }),
      wait: waitAnswer,
      waitaof: waitAofAnswer,
      asking: () => clusterSwitch("asking", () => {}),
      readonly: ({ client }) => clusterSwitch("readonly", () => readOnly.add(client)),
      readwrite: ({ client }) => clusterSwitch("readwrite", () => readOnly.delete(client)),
    };
  }

  #reset({ client }: LocalRequest): Uint8Array | null {
    // As a server has it, SKIP silences the reply to RESET itself, OFF does not.
    const isSilent = stageOf(client, StageRank.Replies) !== null;
    client.stage?.onClose();
    client.stage = null;
    client.isMuted = false;
    client.profiles = PROFILES[2];
    this.#handoff.reset(client);
    this.#marks.reset(client, this.#options.servers.kind.ways);
    this.#pause.onConnect(client);
    this.#login.onConnect(client);
    for (const feature of this.#features) feature.onReset?.(client);
    return isSilent ? null : RESET;
  }
}

/** How far TIME may be from a clock that was set meanwhile, in milliseconds. */
const CLOCK_DRIFT_MAX_MS = 10;
let clockOriginMs = performance.timeOrigin;

const RESET = statusReply("RESET");

function ping(request: LocalRequest): Uint8Array {
  if (request.wordCount > 2) return arityError("ping");
  return request.wordCount === 1 ? PONG_REPLY : echo(request.raw(1));
}

function echo(word: Uint8Array): Uint8Array {
  return bulkBytesReply(word, 0, word.length);
}

function lolwut(client: LocalClient, { product, version }: ServerKind): Uint8Array {
  const title = product === "valkey" ? "Valkey" : "Redis";
  return textReply(`${title} ver. ${version}\n`, client.profiles.master.version);
}

function quit({ client }: LocalRequest): Uint8Array {
  client.closeWhenAnswered();
  return OK_REPLY;
}

/** Answers TIME by the machine's clock, with the microseconds that it does not have itself. */
function time(): Uint8Array {
  const nowMs = Date.now();
  const preciseMs = clockOriginMs + performance.now();
  if (Math.abs(preciseMs - nowMs) > CLOCK_DRIFT_MAX_MS) clockOriginMs += nowMs - preciseMs;
  const microseconds = Math.round((clockOriginMs + performance.now()) * 1000);
  const seconds = Math.floor(microseconds / 1_000_000);
  return arrayReply([
    bulkReply(String(seconds)),
    bulkReply(String(microseconds - seconds * 1_000_000)),
  ]);
}
