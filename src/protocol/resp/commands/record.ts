/**
 * The form in which commands are written down: one record holds all that is known of a command or a subcommand, and
 * everything else is derived from it ({@link file://./catalogue.ts}).
 *
 * @module
 */
import type { KeyParserId } from "./handlers.ts";
import type { Route } from "./route.ts";

/** One command, or one subcommand: it stands behind its command, named `client|list`. */
export type CommandRecord = readonly [
  /** Lower case. */
  name: string,
  /** Number of words with the name (of a subcommand with both); negative: at least that many. Redis's convention. */
  arity: number,
  /** In the words of Redis's `COMMAND`, with spaces between; `movablekeys` follows from the keys. */
  flags: string,
  /** Where the keys are and what happens to them, see `key_specifications.ts`; empty: there are none. */
  keys: string,
  /** What the proxy does with it. */
  route: Route,
  more?: RareFacts,
];

/** What is to be said of few commands. */
export interface RareFacts {
  /** The first version that has it; all others are in Redis 7.0. */
  readonly since?: string;
  /** Written from its documentation: no server of the tests has it. */
  readonly untested?: true;
  /** Categories in access control lists, where they are not its group's; others follow from the flags. */
  readonly categories?: string;
  /**
   * What Redis tells clients about the reply, then the request policy and the response policy: where the command goes
   * in a deployment of many servers, and how the replies become one. What the proxy does instead where it knows better
   * (it weighs RANDOMKEY, and never splits MSETNX) is the route.
   */
  readonly tips?: string;
  /** Who tells which words are keys, where `keys` does not tell all; requests are routed by the route all the same. */
  readonly keyParser?: KeyParserId;
  /** Which channels it names, where it names any; channels are no keys. */
  readonly channels?: ChannelUse;
  /** In which states of a client or of the proxy it is treated otherwise than most commands. */
  readonly states?: readonly State[];
}

/** What a command has to do with channels, and which words name them. */
export type ChannelUse =
  /** The first word behind the name is one. */
  | "one"
  /** All words behind the name are. */
  | "all"
  /** All words behind the name are patterns of channels. */
  | "patterns"
  /** All words behind the subcommand are. */
  | "all_asked"
  /** It tells of channels that it does not name. */
  | "unnamed";

/** What is to be said of a command in one state. */
export type State =
  /** A subscriber that speaks RESP2 may send it. */
  | "subscribed"
  /** It waits while writes are paused, though its flags do not say that it writes. */
  | "paused_as_write"
  /** It is answered without any server, so also before it is known which there are. */
  | "serverless"
  /** It goes on while servers are paused. */
  | "unpaused"
  /** No rate limit refuses it: what its client sends behind it would mean something else without it. */
  | "unlimited"
  /** In a transaction the server answers it, though the proxy does outside. */
  | "queued"
  /** It only asks: where administration is forwarded, the first server answers for all. */
  | "asks_one"
  /** It has nothing to do with keys, so that users of some keys may use it; of connections it need not be said. */
  | "keyless";

/** Commands that belong together. */
export interface CommandGroup {
  /** The heading of docs/commands.md. */
  readonly title: string;
  /** The category of all of them in access control lists, or none. */
  readonly category: string;
  readonly records: readonly CommandRecord[];
}
