/**
 * SELECT: another database, over connections of its own. Before a client is told OK each server has said that it has
 * that database; those of a Redis Cluster have one only, unless they are Valkey's and told to have several.
 *
 * @module
 */
import type { Backend } from "../../backend/backend.ts";
import { BackendConnection } from "../../backend/connection.ts";
import { failures } from "../../failure.ts";
import { PROFILES, profilesOf } from "../../protocol/protocol.ts";
import {
  errorReply,
  failureReply,
  NOT_AN_INTEGER,
  OK_REPLY,
  requestBytes,
} from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { DATABASE_NUMBER_MAX, DATABASES_MAX } from "./databases.ts";
import { sendCall } from "../core/dedicated_call.ts";
import { type RedisContext, SHOWN_AGAIN } from "../core/feature.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { NO_SERVER } from "../core/shard_calls.ts";

const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;
const OUT_OF_INT_RANGE = errorReply(
  `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
);
const OUT_OF_RANGE = errorReply("ERR DB index is out of range");
const TOO_MANY = errorReply(
  `ERR too many databases in use: the proxy has connections for ${DATABASES_MAX} besides 0`,
);

/** Answers SELECT. */
export class Select {
  readonly #context: RedisContext;
  /** Clients that wait for the servers' word, by database: each is asked for once at a time. */
  readonly #waiting = new Map<number, ((reply: Uint8Array) => void)[]>();

  constructor(context: RedisContext) {
    this.#context = context;
  }

  /** Answers SELECT; no request of its client is in flight. May be {@link SHOWN_AGAIN}. */
  answer({ client, words }: LocalRequest): Uint8Array | null {
    const asked = readInteger(words[1]!);
    if (asked === null) return NOT_AN_INTEGER;
    if (asked < INT32_MIN || asked > INT32_MAX) return OUT_OF_INT_RANGE;
    const database = Number(asked);
    if (database < 0 || database > DATABASE_NUMBER_MAX) return OUT_OF_RANGE;
    const { databases, router } = this.#context;
    if (databases.isKnown(database)) return choose(client, database);
    if (!databases.mayUse(database)) return TOO_MANY;
    // Whom to ask the slot map says, and it is shown again when that is there.
    if (router.isAged) router.useAgain!();
    if (router.awaitsFirstMap) return SHOWN_AGAIN;
    const late = client.answerLater();
    const waiting = this.#waiting.get(database) ?? [];
    waiting.push((answer) => {
      const reply = answer === OK_REPLY ? choose(client, database) : answer;
      late.reply(reply);
    });
    if (waiting.length === 1) {
      this.#waiting.set(database, waiting);
      this.#ask(client, database);
    }
    return null;
  }

  /**
   * Asks every server. One that cannot be reached does not keep clients from the others: if it has no such database,
   * its connections will not come about.
   */
  #ask(client: LocalClient, database: number): void {
    const backends = this.#context.router.allShards();
    const outcomes: Outcome[] = [];
    const settle = (outcome: Outcome) => {
      outcomes.push(outcome);
      if (outcomes.length >= backends.length) this.#settle(database, outcomes);
    };
    if (backends.length === 0) return settle({ isReached: false, error: NO_SERVER });
    const request = requestBytes("SELECT", String(database));
    for (const backend of backends) askServer(this.#context, client, backend, request, settle);
  }

  #settle(database: number, outcomes: readonly Outcome[]): void {
    const refused = outcomes.find(({ isReached, error }) => isReached && error !== null);
    const isReached = outcomes.some((outcome) => outcome.isReached);
    const refusal = isReached ? refused?.error ?? null : outcomes[0]!.error;
    if (refusal === null) this.#context.databases.add(database);
    const waiting = this.#waiting.get(database) ?? [];
    this.#waiting.delete(database);
    for (const answer of waiting) answer(refusal ?? OK_REPLY);
  }
}

/** What one server makes of the database; no error: it has it. */
interface Outcome {
  readonly isReached: boolean;
  readonly error: Uint8Array | null;
}

/** Asks over a connection for this question only: it is in another database afterwards. */
function askServer(
  context: RedisContext,
  client: LocalClient,
  backend: Backend,
  request: Uint8Array,
  settle: (outcome: Outcome) => void,
): void {
  const options = { keepsBackoff: false, isDedicated: true };
  const connection = new BackendConnection(backend, PROFILES[2].master, context.backends, options);
  sendCall(context, { connection, place: -1, client }, request, {
    replied: ({ bytes, start, end, isError }) => {
      const error = isError ? bytes.slice(start, end) : null;
      connection.close(failures.backendClosed);
      settle({ isReached: true, error });
    },
    failed: (failure, address) => {
      settle({ isReached: false, error: failureReply(failure, address) });
    },
  });
}

/** From its next request on the client is in this database. */
function choose(client: LocalClient, database: number): Uint8Array {
  client.profiles = profilesOf(client.profiles.master.version, database);
  return OK_REPLY;
}
