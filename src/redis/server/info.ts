/**
 * INFO: what the proxy knows of itself and its clients, and what the servers behind it say together. Libraries look for
 * `loading:0`, take features from the version, and find out by `redis_mode` and `cluster_enabled` what they talk to.
 *
 * @module
 */
import { OK_REPLY } from "../../protocol/resp/write/replies.ts";
import type { DurationsSnapshot } from "../../observe/durations.ts";
import { VERSION } from "../../version.ts";
import type { RedisContext } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { textReply } from "../core/reply_builder.ts";
import type { BackendInfo, BackendInfos } from "./backend_info.ts";
import { type InfoField, type InfoSection, writeInfo } from "./info_text.ts";
import { ProxyCounters, type ProxyCounts } from "./proxy_counts.ts";
import { ProxyLatencies } from "./proxy_latencies.ts";

/** What INFO says of the cluster. */
export interface InfoSource {
  readonly cluster: string;
  readonly port: number;
  /** Milliseconds since this worker started the cluster. */
  uptimeMs(): number;
  /** Clients of this worker. */
  clientsConnected(): number;
  /** Those of them that wait in a blocking command. */
  clientsBlocked(): number;
  clientsAccepted(): number;
  requests(): number;
  errorReplies(): number;
  /** Backends this worker knows. */
  backendCount(): number;
  /** How long requests took, as this worker has counted. */
  durations(): DurationsSnapshot;
}

/** Sections in a server's order, by their names in lower case; others stand behind them. */
const TITLES = [
  ...["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules"],
  ...["Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace"],
];
/** Where the proxy's own times stand, in the place of what servers say of the same commands. */
const LATENCY_SECTION = "latencystats";
/** The proxy's own, behind all others. */
const PROXY = "Proxy";
/** What INFO alone, and `default` among other words, means. */
const DEFAULT = new Set([
  ...["server", "clients", "memory", "persistence", "stats", "replication", "cpu", "modules"],
  ...["module_list", "errorstats", "cluster", "keyspace", "threads", "keysizes"],
]);
/** Longest name of a section that servers are asked for. */
const NAME_LENGTH_MAX = 64;
const WIDE = new Set(["all", "everything"]);

/** What a client asks for. */
interface Wanted {
  /** What the servers are asked; undefined: nothing. */
  readonly word: string | null | undefined;
  /** Whether it asks for the section of this name, lower case. */
  has(name: string): boolean;
}

/** The INFO of one cluster. */
export class Info {
  readonly #context: RedisContext;
  readonly #backends: BackendInfos;
  readonly #counters: ProxyCounters;
  readonly #latencies: ProxyLatencies;

  constructor(context: RedisContext, backends: BackendInfos) {
    this.#context = context;
    this.#backends = backends;
    this.#counters = new ProxyCounters(
      context.info,
      context.peers,
      () => context.backends.clock.nowMs,
    );
    this.#latencies = new ProxyLatencies(() => context.info.durations(), context.peers);
    this.#counters.onReset(() => {
      this.#latencies.reset();
      this.#backends.reset(() => {});
    });
  }

  /** Answers INFO [section …], later. */
  answer({ client, words }: LocalRequest): null {
    const wanted = readWanted(words.slice(1).map((word) => word.toLowerCase()));
    const late = client.answerLater(true);
    this.#gather(wanted, (backends, counts, version) => {
      this.#tellLatencies(wanted, (latencies) => {
        const own = this.#own(backends, counts, version);
        if (latencies.length > 0) own.set(LATENCY_SECTION, latencies);
        const sections = this.#sections(wanted, backends, own);
        const reply = textReply(writeInfo(sections), client.profiles.master.version);
        late.reply(reply);
      });
    });
    return null;
  }

  /** Asks the other workers only where it is wanted. */
  #tellLatencies(wanted: Wanted, heard: (latencies: InfoField[]) => void): void {
    if (wanted.has(LATENCY_SECTION)) this.#latencies.tell(heard);
    else heard([]);
  }

  /** Answers CONFIG RESETSTAT, later: what INFO counts is counted from now on. The servers go on counting. */
  reset({ client }: LocalRequest): void {
    const late = client.answerLater();
    let due = 2;
    const done = () => {
      due -= 1;
      if (due === 0) late.reply(OK_REPLY);
    };
    this.#latencies.reset();
    this.#counters.reset(done);
    this.#backends.reset(done);
  }

  #gather(
    { word }: Wanted,
    done: (backends: BackendInfo, counts: ProxyCounts, version: string) => void,
  ): void {
    this.#context.servers.tell(({ redisVersion: version }) => {
      this.#counters.tell((counts) => {
        if (word === undefined) {
          return done({ sections: [], asked: 0, answered: 0 }, counts, version);
        }
        this.#backends.ask(word, (backends) => done(backends, counts, version));
      });
    });
  }

  #sections(
    wanted: Wanted,
    backends: BackendInfo,
    own: ReadonlyMap<string, InfoField[]>,
  ): InfoSection[] {
    const titles = new Set([
      ...TITLES,
      ...backends.sections.map(({ title }) => title),
      PROXY,
    ]);
    const sections: InfoSection[] = [];
    for (const title of titles) {
      const theirs = backends.sections.find((section) => section.title === title);
      const name = title.toLowerCase();
      const ours = own.get(name);
      const isWanted = title === PROXY || TITLES.includes(title)
        ? wanted.has(name)
        : wanted.word !== "everything" || wanted.has(name);
      if (!isWanted || (theirs === undefined && ours === undefined)) continue;
      sections.push({ title, fields: withOwn(theirs?.fields ?? [], ours ?? []) });
    }
    return sections;
  }

  /** What the proxy says itself, by section: in the place of what servers say of the same. */
  #own(
    { asked, answered }: BackendInfo,
    counts: ProxyCounts,
    version: string,
  ): Map<string, InfoField[]> {
    const { info, isCluster } = this.#context;
    const mode = isCluster ? "cluster" : "standalone";
    const seconds = Math.floor(info.uptimeMs() / 1000);
    return new Map<string, InfoField[]>([
      ["server", [
        ["redis_version", version],
        ["redis_mode", mode],
        ["tcp_port", String(info.port)],
        ["uptime_in_seconds", String(seconds)],
        ["uptime_in_days", String(Math.floor(seconds / 86_400))],
        ["aster_version", VERSION],
      ]],
      ["clients", [
        ["connected_clients", String(counts.clientsConnected)],
        ["blocked_clients", String(counts.clientsBlocked)],
      ]],
      ["persistence", answered > 0 ? [] : [["loading", "0"], ["async_loading", "0"]]],
      ["stats", [
        ["total_connections_received", String(counts.clientsAccepted)],
        ["total_commands_processed", String(counts.requests)],
        ["total_error_replies", String(counts.errorReplies)],
      ]],
      [
        "replication",
        answered > 0 ? [["role", "master"]] : [["role", "master"], ["connected_slaves", "0"]],
      ],
      ["cluster", [["cluster_enabled", isCluster ? "1" : "0"]]],
      ["proxy", [
        ["proxy_cluster", info.cluster],
        ["proxy_backends", String(info.backendCount())],
        ["proxy_backends_asked", String(asked)],
        ["proxy_backends_answered", String(answered)],
      ]],
    ]);
  }
}

/** The servers' fields with the proxy's own in their places, and behind them those that servers do not have. */
function withOwn(theirs: readonly InfoField[], own: readonly InfoField[]): InfoField[] {
  const values = new Map(own);
  const mode = values.get("redis_mode");
  const fields = theirs.map(([name, value]): InfoField => {
    // Valkey's word for it.
    if (name === "server_mode" && mode !== undefined) return [name, mode];
    const ours = values.get(name);
    values.delete(name);
    return [name, ours ?? value];
  });
  return [...fields, ...values];
}

function readWanted(words: readonly string[]): Wanted {
  const asked = new Set(words);
  const has = (name: string) =>
    asked.has(name) || (asked.has("default") && (DEFAULT.has(name) || name === "proxy")) ||
    (name === "modules" && asked.has("module_list"));
  if (words.length === 0 || (asked.size === 1 && asked.has("default"))) {
    return { word: null, has: (name) => DEFAULT.has(name) || name === "proxy" };
  }
  if (words.some((word) => WIDE.has(word))) {
    return { word: asked.has("everything") ? "everything" : "all", has: () => true };
  }
  if (asked.size > 1) return { word: "everything", has };
  const isAsked = !asked.has("proxy") && words[0]!.length <= NAME_LENGTH_MAX;
  return { word: isAsked ? words[0]! : undefined, has };
}
