/**
 * SELECT: another database of a sharded pool, over connections of its own. Before a client is told OK each server has
 * said that it has that database.
 *
 * @module
 */
import { profilesOf } from "../protocol/protocol.ts";
import { errorReply, failureReply, OK_REPLY, requestBytes } from "../protocol/resp/replies.ts";
import type { LocalClient } from "../session/features.ts";
import { DedicatedLink } from "./dedicated_link.ts";
import type { RedisContext } from "./feature.ts";
import { readInteger } from "./integer.ts";
import type { LocalRequest } from "./local_request.ts";

/** Databases besides 0 that one worker has connections for; each has its own to every server. */
export const DATABASES_MAX = 64;
/** Highest database number: connections are found by it. */
export const DATABASE_NUMBER_MAX = 1_023;

const INT32_MIN = -(2n ** 31n);
const INT32_MAX = 2n ** 31n - 1n;
const NOT_AN_INTEGER = errorReply("ERR value is not an integer or out of range");
const OUT_OF_INT_RANGE = errorReply(
  `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
);
const OUT_OF_RANGE = errorReply("ERR DB index is out of range");
const NOT_IN_CLUSTER = errorReply("ERR SELECT is not allowed in cluster mode");
const NO_SERVER = errorReply("ERR no server is known yet");
const TOO_MANY = errorReply(
  `ERR too many databases in use: the proxy has connections for ${DATABASES_MAX} besides 0`,
);

/** Answers SELECT. */
export class Select {
  readonly #context: RedisContext;
  /** Databases that every server has. */
  readonly #known = new Set([0]);

  constructor(context: RedisContext) {
    this.#context = context;
  }

  /** Answers SELECT; no request of its client is in flight. */
  answer({ client, words }: LocalRequest): Uint8Array | null {
    const asked = readInteger(words[1]!);
    if (asked === null) return NOT_AN_INTEGER;
    if (asked < INT32_MIN || asked > INT32_MAX) return OUT_OF_INT_RANGE;
    const database = Number(asked);
    if (this.#context.isCluster && database !== 0) return NOT_IN_CLUSTER;
    if (database < 0 || database > DATABASE_NUMBER_MAX) return OUT_OF_RANGE;
    if (this.#known.has(database)) return choose(client, database);
    if (this.#known.size > DATABASES_MAX) return TOO_MANY;
    return this.#ask(client, database);
  }

  /**
   * Asks every server. One that cannot be reached does not keep clients from the others: if it has no such database,
   * its connections will not come about.
   */
  #ask(client: LocalClient, database: number): Uint8Array | null {
    const links = this.#context.router.allShards().map((backend) =>
      DedicatedLink.open(this.#context, client, { place: -1, backend, lost: () => {} })
    );
    const outcomes: Outcome[] = [];
    const late = client.answerLater();
    const settle = (outcome: Outcome) => {
      outcomes.push(outcome);
      if (outcomes.length < links.length) return;
      const reply = this.#decide(client, database, outcomes);
      late.reply(reply, 0, reply.length);
    };
    const request = requestBytes("SELECT", String(database));
    for (const link of links) {
      if (link instanceof Uint8Array) settle({ isReached: true, error: link });
      else askServer(link, request, settle);
    }
    if (links.length === 0) settle({ isReached: false, error: NO_SERVER });
    return null;
  }

  #decide(client: LocalClient, database: number, outcomes: readonly Outcome[]): Uint8Array {
    const refused = outcomes.find(({ isReached, error }) => isReached && error !== null);
    if (refused !== undefined) return refused.error!;
    if (!outcomes.some(({ isReached }) => isReached)) return outcomes[0]!.error!;
    this.#known.add(database);
    return choose(client, database);
  }
}

/** What one server makes of the database; no error: it has it. */
interface Outcome {
  readonly isReached: boolean;
  readonly error: Uint8Array | null;
}

function askServer(
  link: DedicatedLink,
  request: Uint8Array,
  settle: (outcome: Outcome) => void,
): void {
  link.send(request, {
    replied: ({ bytes, start, end, isError }) => {
      // It is in another database now: nobody else may have it.
      link.close();
      settle({ isReached: true, error: isError ? bytes.slice(start, end) : null });
    },
    failed: (failure, address) => {
      link.close();
      settle({ isReached: false, error: failureReply(failure, address) });
    },
  });
}

/** From its next request on the client is in this database. */
function choose(client: LocalClient, database: number): Uint8Array {
  client.profiles = profilesOf(client.profiles.master.version, database);
  return OK_REPLY;
}
