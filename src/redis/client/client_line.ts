/**
 * A client's line in CLIENT LIST: the fields of Redis 7.0 in its order, and behind them those about its library, which
 * Redis 7.2 has too. What the proxy does not know, or has nothing of, is 0.
 *
 * @module
 */
import { joinAddress } from "../../protocol/resp/cluster_dialect.ts";
import type { LocalClient } from "../../session/features.ts";
import { clientState } from "../client_state.ts";
import type { FilteredClient } from "../client_filter.ts";
import type { RedisContext } from "../feature.ts";
import { guardOf, GuardRank } from "../guard_chain.ts";
import type { Login } from "../login/mod.ts";
import type { ClientMarks } from "./client_marks.ts";

const PORT = /:\d+$/;

/** Describes clients of one cluster. */
export class ClientLines {
  readonly #context: RedisContext;
  readonly #marks: ClientMarks;
  readonly #login: Login;

  constructor(context: RedisContext, marks: ClientMarks, login: Login) {
    this.#context = context;
    this.#marks = marks;
    this.#login = login;
  }

  /** What filters look at. */
  facts(client: LocalClient): FilteredClient {
    const { hostname, port } = this.#context.config.listen;
    const { realMs } = this.#context.backends.clock;
    const seconds = (sinceMs: number) => Math.max(0, Math.floor((realMs - sinceMs) / 1000));
    const { names, libraries } = this.#marks;
    const library = libraries.get(client);
    return {
      id: client.id,
      type: guardOf(client, GuardRank.Subscriptions) === null ? "normal" : "pubsub",
      address: client.peerAddress,
      localAddress: joinAddress(hostname, port),
      ip: client.peerAddress.replace(PORT, "").replace(/^\[|\]$/g, ""),
      user: this.#login.userOf(client),
      name: names.get(client) ?? "",
      flags: this.#flags(client),
      database: client.profiles.master.database,
      libraryName: library?.name ?? "",
      libraryVersion: library?.version ?? "",
      age: seconds(client.connectedAtMs),
      idle: seconds(client.lastRequestAtMs),
    };
  }

  /** The line, without its end. */
  describe(client: LocalClient, facts: FilteredClient): string {
    const { buffer, output, profiles } = client;
    const { pending, roomBytes } = buffer;
    const { waitingBytes } = output;
    const { sub, psub, ssub, multi } = clientState(client);
    const events = waitingBytes > 0 ? "rw" : "r";
    return `id=${facts.id} addr=${facts.address} laddr=${facts.localAddress} fd=0` +
      ` name=${facts.name} age=${facts.age} idle=${facts.idle} flags=${facts.flags}` +
      ` db=${facts.database} sub=${sub} psub=${psub} ssub=${ssub} multi=${multi}` +
      ` qbuf=${pending} qbuf-free=${roomBytes} argv-mem=0 multi-mem=0 rbs=0 rbp=0` +
      ` obl=0 oll=0 omem=${waitingBytes} tot-mem=${pending + roomBytes + waitingBytes}` +
      ` events=${events} cmd=${this.#marks.lastCommand(client)} user=${facts.user} redir=-1` +
      ` resp=${profiles.master.version} lib-name=${facts.libraryName}` +
      ` lib-ver=${facts.libraryVersion}`;
  }

  #flags(client: LocalClient): string {
    const { readOnly, noEvict, noTouch } = this.#marks;
    const flags = clientState(client).flags +
      (readOnly.has(client) ? "r" : "") +
      (noEvict.has(client) ? "e" : "") +
      (noTouch.has(client) ? "T" : "");
    return flags || "N";
  }
}
