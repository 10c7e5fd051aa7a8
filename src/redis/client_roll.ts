/**
 * CLIENT LIST, INFO, KILL and REPLY: the proxy's own clients, those of all workers. Other workers answer for
 * theirs.
 *
 * @module
 */
import { failures } from "../failure.ts";
import { joinAddress } from "../protocol/resp/cluster_dialect.ts";
import { errorReply, integerReply, OK_REPLY } from "../protocol/resp/replies.ts";
import type { LocalClient } from "../session/features.ts";
import {
  type ClientFilter,
  EVERY_CLIENT,
  type FilteredClient,
  killFilter,
  listFilter,
  matchesFilter,
} from "./client_filter.ts";
import type { ClientLibraries, ClientNames } from "./client_commands.ts";
import type { RedisContext } from "./feature.ts";
import { clientState } from "./client_state.ts";
import { guardOf, GuardRank } from "./guard_chain.ts";
import type { Login } from "./login/mod.ts";
import type { LocalRequest } from "./local_request.ts";
import { muteAll, muteNext, unmute } from "./mute.ts";
import { textReply } from "./reply_builder.ts";

/** One client's line, with what it is sorted by. */
type Line = [id: number, text: string];

const LIST = "client list";
const KILL = "client kill";
const NO_SUCH_CLIENT = errorReply("ERR No such client");
const SYNTAX_ERROR = errorReply("ERR syntax error");

/** The clients of one cluster. */
export class ClientRoll {
  readonly #context: RedisContext;
  readonly #names: ClientNames;
  readonly #libraries: ClientLibraries;
  readonly #login: Login;

  constructor(
    context: RedisContext,
    names: ClientNames,
    libraries: ClientLibraries,
    login: Login,
  ) {
    this.#context = context;
    this.#names = names;
    this.#libraries = libraries;
    this.#login = login;
    context.peers.on(LIST, (filter) => this.#lines(filter as ClientFilter));
    context.peers.on(KILL, (filter) => this.#kill(filter as ClientFilter));
  }

  /** Answers CLIENT LIST, whose filters are `words`. */
  list({ client }: LocalRequest, words: readonly string[]): Uint8Array | null {
    const filter = listFilter(words);
    if (filter instanceof Uint8Array) return filter;
    const { version } = client.profiles.master;
    const lines = this.#lines(filter);
    return this.#withOthers(client, LIST, filter, (answers) => {
      for (const answer of answers as (Line[] | undefined)[]) lines.push(...answer ?? []);
      lines.sort(([one], [other]) => one - other);
      return textReply(lines.map(([, text]) => `${text}\n`).join(""), version);
    });
  }

  /** Answers CLIENT INFO. */
  info({ client }: LocalRequest): Uint8Array {
    return textReply(`${this.#describe(client)}\n`, client.profiles.master.version);
  }

  /** Answers CLIENT KILL: an address alone, or filters. */
  kill({ client }: LocalRequest, words: readonly string[]): Uint8Array | null {
    const isAddress = words.length === 1;
    const filter = isAddress
      ? { ...EVERY_CLIENT, address: words[0]! }
      : killFilter(words, client.id);
    if (filter instanceof Uint8Array) return filter;
    let count = this.#kill({ ...filter, exceptId: client.id });
    if (matchesFilter(this.#facts(client), filter)) {
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
      late.reply(reply, 0, reply.length);
    });
    return null;
  }

  #lines(filter: ClientFilter): Line[] {
    const lines: Line[] = [];
    for (const client of this.#context.clients()) {
      if (matchesFilter(this.#facts(client), filter)) {
        lines.push([client.id, this.#describe(client)]);
      }
    }
    return lines;
  }

  #kill(filter: ClientFilter): number {
    const killed = [...this.#context.clients()]
      .filter((client) => matchesFilter(this.#facts(client), filter));
    for (const client of killed) client.close(failures.clientKilled);
    return killed.length;
  }

  #facts(client: LocalClient): FilteredClient {
    const { hostname, port } = this.#context.config.listen;
    return {
      id: client.id,
      type: guardOf(client, GuardRank.Subscriptions) === null ? "normal" : "pubsub",
      address: client.peerAddress,
      localAddress: joinAddress(hostname, port),
      user: this.#login.userOf(client),
    };
  }

  #describe(client: LocalClient): string {
    const { nowMs } = this.#context.backends.clock;
    const { address, localAddress, user } = this.#facts(client);
    const library = this.#libraries.get(client);
    const { database, version } = client.profiles.master;
    const seconds = (sinceMs: number) => Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
    const { flags, sub, psub, ssub, multi } = clientState(client);
    return [
      `id=${client.id}`,
      `addr=${address}`,
      `laddr=${localAddress}`,
      `name=${this.#names.get(client) ?? ""}`,
      `age=${seconds(client.connectedAtMs)}`,
      `idle=${seconds(client.lastRequestAtMs)}`,
      `flags=${flags}`,
      `db=${database}`,
      `sub=${sub}`,
      `psub=${psub}`,
      `ssub=${ssub}`,
      `multi=${multi}`,
      `user=${user}`,
      `resp=${version}`,
      `lib-name=${library?.name ?? ""}`,
      `lib-ver=${library?.version ?? ""}`,
    ].join(" ");
  }
}
