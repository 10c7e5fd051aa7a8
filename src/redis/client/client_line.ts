/**
 * A client's line in CLIENT LIST: the fields of the servers in their order. What the proxy does not know, or has nothing
 * of, is 0.
 *
 * @module
 */
import { formatClientEnd, hostOf } from "../../endpoint.ts";
import type { LocalClient } from "../../session/stages.ts";
import { clientState } from "./client_state.ts";
import type { FilteredClient } from "./client_filter.ts";
import type { RedisContext } from "../core/feature.ts";
import { stageOf, StageRank } from "../core/stage_chain.ts";
import { listenerOf } from "../core/listener_of.ts";
import type { Login } from "../login/mod.ts";
import type { ClientMarks } from "./client_marks.ts";

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
    const { peer } = client;
    const { realMs } = this.#context.backends.clock;
    const seconds = (sinceMs: number) => Math.max(0, Math.floor((realMs - sinceMs) / 1000));
    const { names, libraries } = this.#marks;
    const library = libraries.get(client);
    return {
      id: client.id,
      type: stageOf(client, StageRank.Subscriptions) === null ? "normal" : "pubsub",
      address: formatClientEnd(peer),
      localAddress: formatClientEnd(listenerOf(this.#context.config, client)),
      ip: hostOf(peer),
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
    const { sub, psub, ssub, multi, watch } = clientState(client);
    const known: Readonly<Record<string, string | number>> = {
      id: facts.id,
      addr: facts.address,
      laddr: facts.localAddress,
      name: facts.name,
      age: facts.age,
      idle: facts.idle,
      flags: facts.flags,
      capa: this.#marks.redirectable.has(client) ? "r" : "",
      db: facts.database,
      sub,
      psub,
      ssub,
      multi,
      watch,
      qbuf: pending,
      "qbuf-free": roomBytes,
      omem: waitingBytes,
      "tot-mem": pending + roomBytes + waitingBytes,
      events: waitingBytes > 0 ? "rw" : "r",
      cmd: this.#marks.lastCommand(client),
      user: facts.user,
      redir: -1,
      resp: profiles.master.version,
      "lib-name": facts.libraryName,
      "lib-ver": facts.libraryVersion,
    };
    const { clientFields } = this.#context.servers.kind.ways;
    return clientFields.map((name) => `${name}=${known[name] ?? 0}`).join(" ");
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
