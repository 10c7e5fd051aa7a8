/**
 * `stats`: of all servers as of one, of one of them, or of the proxy. Its answer always ends as clients expect
 * it to, whatever becomes of a server: most of them read lines until they see `END`.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { Profile, RequestMark } from "../protocol/protocol.ts";
import type { DeferredReply, LocalClient } from "../session/stages.ts";
import type { MemcacheContext } from "./local.ts";
import { mergeHotKeys } from "../observe/hot_keys.ts";
import { mergeEntries } from "../observe/slow_log.ts";
import { proxyStatistics } from "./proxy_statistics.ts";
import { hotStatistics, slowStatistics } from "./kept_statistics.ts";
import { callServers, type ServerReply } from "./server_calls.ts";
import { joinStatistics, mergeSettings, mergeStatistics, type Statistic } from "./statistics.ts";
import type { Wire } from "./wire.ts";

/** Makes one list of those of several servers. */
type Merge = (
  servers: readonly (readonly Statistic[])[],
  labels: readonly string[],
) => readonly Statistic[];

/** Those that may name a server behind them. */
const merges: ReadonlyMap<string, Merge> = new Map<string, Merge>([
  ["", mergeStatistics],
  ["items", mergeStatistics],
  ["slabs", mergeStatistics],
  ["sizes", mergeStatistics],
  ["extstore", mergeStatistics],
  ["settings", mergeSettings],
  ["conns", joinStatistics],
]);

/** Those whose lines list what servers hold: one list after the other. */
const lists = new Set(["cachedump", "detail"]);
/** Those that every server answers by one line, alike. */
const orders = new Set(["reset"]);
/** Those that switch something at servers, and whose answer has no end that a client could see: unknown here. */
const refused = new Set(["sizes_enable", "sizes_disable"]);

/** Slow requests that are told: each is a dozen lines. */
const SLOW_SHOWN_MAX = 1_000;
const NO_SUCH_SERVER: readonly Statistic[] = [["error", "no server of the pool has this name"]];

/** Answers `stats`, of all servers as of one, of one server, or of the proxy, and always with an end. */
export class StatsCommand {
  readonly #context: MemcacheContext;

  constructor(context: MemcacheContext) {
    this.#context = context;
  }

  /** @param words What stands behind `stats`. */
  answer(client: LocalClient, mark: RequestMark, words: readonly string[], wire: Wire): void {
    const asked = { client, mark: copyOf(mark), wire };
    const [kind = "", name] = words;
    if (kind === "proxy") {
      return give(client, wire.writeStatistics(proxyStatistics(this.#context), mark));
    }
    if (kind === "slowlog" || kind === "hotkeys") return this.#kept(asked, kind, name);
    if (refused.has(kind)) return give(client, wire.writeUnknown(mark));
    const merge = merges.get(kind);
    if (merge !== undefined) {
      const servers = kind !== "" && name !== undefined ? this.#named(name) : this.#all();
      if (servers === null) return give(client, wire.writeStatistics(NO_SUCH_SERVER, mark));
      return this.#merged(asked, servers, kind === "" ? [] : [kind], merge);
    }
    if (lists.has(kind) || orders.has(kind)) return this.#listed(asked, words);
    give(client, wire.writeUnknown(mark));
  }

  /** What is kept of single requests or keys, or with `reset` nothing from now on. */
  #kept(
    { client, mark, wire }: Asked,
    kind: "slowlog" | "hotkeys",
    word: string | undefined,
  ): void {
    const { config, observed: { hotKeys, slowLog } } = this.#context;
    if (word !== undefined && word !== "reset") return give(client, wire.writeUnknown(mark));
    const late = client.answerLater();
    const answer = (statistics: readonly Statistic[]) => {
      const reply = wire.writeStatistics(statistics, mark);
      late.reply(reply, 0, reply.length, true);
    };
    if (word === "reset") {
      return (kind === "slowlog" ? slowLog : hotKeys).reset(() => answer([]));
    }
    if (kind === "slowlog") {
      const count = Math.min(SLOW_SHOWN_MAX, config.slowlogLengthMax);
      slowLog.all(count, (all) => answer(slowStatistics(mergeEntries(all, count))));
    } else {
      const count = config.hotkeyCapacity;
      hotKeys.all(count, (all) => answer(hotStatistics(mergeHotKeys(all, count))));
    }
  }

  #all(): readonly Backend[] {
    return this.#context.router.shards();
  }

  /** The server that the configuration calls so, by name or by address. */
  #named(name: string): readonly Backend[] | null {
    const { config, router } = this.#context;
    const named = config.servers.find(({ alias, address }) => alias === name || address === name);
    const backend = [...router.backends()].find(({ address }) => address === named?.address);
    return backend === undefined ? null : [backend];
  }

  #merged(asked: Asked, servers: readonly Backend[], words: readonly string[], merge: Merge): void {
    const { wire, mark } = asked;
    this.#call(asked, servers, words, (late, replies) => {
      const answered = replies.filter(({ failure }) => failure === null);
      const statistics = answered.map(({ bytes }) => wire.readStatistics(bytes) ?? []);
      const labels = answered.map(({ backend }) => backend.address);
      const merged = answered.length === 0 ? [] : [...merge(statistics, labels)];
      for (const { backend, failure } of replies) {
        if (failure !== null) merged.push([`unreachable:${backend.address}`, failure.text]);
      }
      const reply = wire.writeStatistics(merged, mark);
      late.reply(reply, 0, reply.length, true);
    });
  }

  /** Lists of all servers one behind the other, or the answer that none of them gives as a list. */
  #listed(asked: Asked, words: readonly string[]): void {
    const { wire, mark, client } = asked;
    const profile = wire.listProfile ?? client.profiles.master;
    this.#call(asked, this.#all(), words, (late, replies) => {
      const failed = replies.find(({ failure }) => failure !== null);
      if (failed !== undefined) return late.fail(failed.failure!, failed.backend.shownAddress);
      const other = replies.find(({ bytes }) => wire.readStatistics(bytes) === null);
      const reply = other !== undefined
        ? wire.passOn(other.bytes, mark)
        : wire.joinLists(replies.map(({ bytes }) => bytes), mark);
      late.reply(reply, 0, reply.length, true);
    }, profile);
  }

  #call(
    { client, wire }: Asked,
    servers: readonly Backend[],
    words: readonly string[],
    done: (late: DeferredReply, replies: readonly ServerReply[]) => void,
    profile: Profile = client.profiles.master,
  ): void {
    const late = client.answerLater();
    const { requests } = this.#context.backends;
    const request = wire.statsRequest(words);
    const answered = (replies: readonly ServerReply[]) => done(late, replies);
    callServers(requests, client, servers, request, answered, profile);
  }
}

/** Who asks, and how. */
interface Asked {
  readonly client: LocalClient;
  readonly mark: RequestMark;
  readonly wire: Wire;
}

/** The frame is other requests' by the time the servers have answered. */
function copyOf({ operation, opaque, isQuiet }: RequestMark): RequestMark {
  return { operation, opaque, isQuiet };
}

function give(client: LocalClient, reply: Uint8Array): void {
  client.reply(reply);
}
