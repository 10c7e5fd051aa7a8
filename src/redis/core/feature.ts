/**
 * What the files of this folder give to {@link RedisLocal}: answers by command, and what they keep up meanwhile.
 *
 * @module
 */
import type { BackendContext } from "../../backend/backend_context.ts";
import type { DedicatedConnections } from "../../backend/dedicated_connections.ts";
import type { ClusterConfig } from "../../config/config.ts";
import type { ObservedLists } from "../../observe/observed_lists.ts";
import type { SettingsAnswer, SettingsQuestion } from "../../worker/messages.ts";
import type { HandlerId } from "../../protocol/resp/commands/handlers.ts";
import type { LearnedCommands } from "../../protocol/resp/parse/learned_commands.ts";
import type { Router } from "../../router/router.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { Databases } from "../connection/databases.ts";
import type { LocalOptions } from "./local_options.ts";
import type { LocalRequest } from "./local_request.ts";
import type { Peers } from "./peers.ts";
import type { KnownServers } from "../server/known_servers.ts";

/**
 * Stands for a reply where nothing was done and none is given: the request is shown again when all earlier ones are
 * answered, or with none in flight, at `client.parseOn`.
 */
export const SHOWN_AGAIN: Uint8Array = new Uint8Array(0);

/**
 * Answers one request: the reply, null where `client.reply` or `client.answerLater` was called instead, or
 * {@link SHOWN_AGAIN}.
 */
export type Answer = (request: LocalRequest) => Uint8Array | null;

/** By the name that the records of commands give to what answers them. */
export type Answers = Readonly<Record<HandlerId, Answer>>;

/** One group of answers that share a state. */
export interface RedisFeature {
  readonly answers: Partial<Answers>;
  /** A client has connected. */
  onConnect?(client: LocalClient): void;
  /** RESET: the client is to be as new. Its stages are gone already. */
  onReset?(client: LocalClient): void;
  /** Ends timers and connections; clients are closed already. */
  stop?(): void;
}

/** What features are made with. */
export interface RedisContext extends LocalOptions {
  readonly config: ClusterConfig;
  readonly router: Router;
  readonly backends: BackendContext;
  /** Takes in what servers tell of their commands; null where nothing is learned. */
  readonly learned: LearnedCommands | null;
  /** What is known of its servers. */
  readonly servers: KnownServers;
  /** The other workers that serve this cluster. */
  readonly peers: Peers;
  /** What is kept of single requests and keys, in all workers. */
  readonly observed: ObservedLists;
  /** Asks for settings of the process, or changes some; `answered` is called once. */
  askSettings(asked: SettingsQuestion, answered: (answer: SettingsAnswer) => void): void;
  /** Databases that clients use. */
  readonly databases: Databases;
  /** Connections that one client may have to itself. */
  readonly dedicated: DedicatedConnections;
  /** The clients of this worker. */
  clients(): Iterable<LocalClient>;
  /** A client is another user from now on, or may be. */
  userChanged(client: LocalClient): void;
}
