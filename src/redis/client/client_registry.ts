/**
 * CLIENT LIST, INFO, KILL and REPLY: the proxy's own clients, those of all workers. Other workers answer for
 * theirs.
 *
 * @module
 */
import { failures } from "../../failure.ts";
import {
  errorReply,
  integerReply,
  OK_REPLY,
  SYNTAX_ERROR,
} from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import { Refused } from "../core/refused.ts";
import {
  type ClientFilter,
  type FilterReader,
  killFilter,
  listFilter,
  matchesFilter,
} from "./client_filter.ts";
import { ClientLines } from "./client_line.ts";
import { ClientListing, type Line } from "./client_listing.ts";
import type { ClientMarks } from "./client_marks.ts";
import type { RedisContext } from "../core/feature.ts";
import type { Login } from "../login/mod.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { muteAll, muteNext, unmute } from "./reply_mode.ts";
import { textReply } from "../core/reply_builder.ts";

const LIST = "client list";
const KILL = "client kill";
const NO_SUCH_CLIENT = errorReply("ERR No such client");

/** The clients of one cluster. */
export class ClientRegistry {
  readonly #context: RedisContext;
  readonly #login: Login;
  readonly #lines: ClientLines;

  constructor(context: RedisContext, marks: ClientMarks, login: Login) {
    this.#context = context;
    this.#login = login;
    this.#lines = new ClientLines(context, marks, login);
    context.peers.onLater(
      LIST,
      (filter, answer) => this.#list(filter as ClientFilter).whenOver(answer),
    );
    context.peers.on(KILL, (filter) => this.#kill(filter as ClientFilter));
  }

  /** Answers CLIENT LIST, whose filters are `words`. */
  list({ client }: LocalRequest, words: readonly string[]): Uint8Array | null {
    const filter = listFilter(words, this.#reader(client));
    if (filter instanceof Refused) return filter.reply;
    const { version } = client.profiles.master;
    const listing = this.#list(filter);
    const { peers } = this.#context;
    if (listing.isOver && peers.count === 0) return listReply(listing.lines, [], version);
    const late = client.answerLater();
    listing.whenOver((lines) =>
      peers.ask(LIST, filter, (answers) => {
        const reply = listReply(lines, answers as (Line[] | undefined)[], version);
        late.reply(reply);
      })
    );
    return null;
  }

  /** Answers CLIENT INFO. */
  info({ client }: LocalRequest): Uint8Array {
    const line = this.#lines.describe(client, this.#lines.facts(client));
    return textReply(`${line}\n`, client.profiles.master.version);
  }

  /** Answers CLIENT KILL: an address alone, or filters. */
  kill({ client }: LocalRequest, words: readonly string[]): Uint8Array | null {
    const isAddress = words.length === 1;
    const filter = isAddress ? addressFilter(words[0]!) : killFilter(words, this.#reader(client));
    if (filter instanceof Refused) return filter.reply;
    let count = this.#kill({ ...filter, exceptId: client.id });
    if (matchesFilter(this.#lines.facts(client), filter)) {
      // It is told first.
      client.closeWhenAnswered();
      count += 1;
    }
    return this.#withOthers(client, KILL, filter, (answers) => {
      for (const answer of answers) count += Number(answer ?? 0);
      if (!isAddress) return integerReply(count);
      return count > 0 ? OK_REPLY : NO_SUCH_CLIENT;
    });
  }

  /** Whether there may be a client of this id: other workers' are not known. */
  isClient(id: number): boolean {
    if (this.#context.peers.count > 0) return true;
    for (const client of this.#context.clients()) {
      if (client.id === id) return true;
    }
    return false;
  }

  /** Answers CLIENT REPLY ON, OFF or SKIP; the last two are answered with silence. */
  reply({ client }: LocalRequest, mode: string): Uint8Array {
    switch (mode.toLowerCase()) {
      case "on":
        unmute(client);
        return OK_REPLY;
      case "off":
        muteAll(client);
        return OK_REPLY;
      case "skip":
        muteNext(client);
        return OK_REPLY;
      default:
        return SYNTAX_ERROR;
    }
  }

  #withOthers(
    client: LocalClient,
    topic: string,
    filter: ClientFilter,
    makeReply: (answers: unknown[]) => Uint8Array,
  ): Uint8Array | null {
    const { peers } = this.#context;
    if (peers.count === 0) return makeReply([]);
    const late = client.answerLater();
    peers.ask(topic, filter, (answers) => {
      const reply = makeReply(answers);
      late.reply(reply);
    });
    return null;
  }

  #reader({ id }: LocalClient): FilterReader {
    return {
      ownId: id,
      isUser: (name) => this.#login.isUser(name),
      areAlike: this.#context.servers.kind.ways.filtersAlike,
    };
  }

  #list(filter: ClientFilter): ClientListing {
    const listing = new ClientListing(this.#lines, this.#context.clients(), filter);
    if (!listing.isOver) this.#context.backends.engine.flushQueue.workOn(listing);
    return listing;
  }

  #kill(filter: ClientFilter): number {
    const killed = [...this.#context.clients()]
      .filter((client) => matchesFilter(this.#lines.facts(client), filter));
    for (const client of killed) client.close(failures.clientKilled);
    return killed.length;
  }
}

/** CLIENT KILL's oldest form: who is at this address, the client that asks included. */
function addressFilter(address: string): ClientFilter {
  return { conditions: [{ fact: "address", values: [address], isNot: false }], exceptId: null };
}

/** The lines of all workers by id; others' may be missing. */
function listReply(
  own: readonly Line[],
  others: readonly (readonly Line[] | undefined)[],
  version: 2 | 3,
): Uint8Array {
  const lines = [own, ...others].flatMap((some) => some ?? []);
  lines.sort(([one], [other]) => one - other);
  return textReply(lines.map(([, text]) => `${text}\n`).join(""), version);
}
