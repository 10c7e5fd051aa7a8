/**
 * One node of a Redis Cluster and what it says of itself.
 *
 * @module
 */
import { RedisServer, testedServer } from "./redis_server.ts";
import type { RespValue } from "../clients/resp_client.ts";

/** Where the cluster bus is before Redis 7.0, which lets it be chosen. */
const BUS_PORT_OFFSET = 10_000;

/** What all nodes of a cluster have in common. */
export interface ClusterNodeOptions {
  /** `cluster-node-timeout` in milliseconds; default 2000. */
  nodeTimeoutMs?: number;
  /** Ports that clients are told instead of the nodes' own, masters first: those of relays, say. */
  announcedPorts?: readonly number[];
  /** `cluster-require-full-coverage`; default false. */
  requireFullCoverage?: boolean;
  /** Further arguments of every node. */
  arguments?: string[];
}

/** A redis-server with an id and a cluster bus. */
export class ClusterNode extends RedisServer {
  /** 40 hex digits. */
  id = "";
  /** Port of the cluster bus. */
  readonly busPort: number;
  /** Port that clients are told. */
  readonly announcedPort: number;

  /** @param index Position of the node in its cluster. */
  constructor(
    port: number,
    busPort: number,
    directory: string,
    index: number,
    options: ClusterNodeOptions,
  ) {
    const isFixed = testedServer().series === "redis 6.2";
    const announcedPort = options.announcedPorts?.[index] ?? port;
    super({
      port,
      arguments: [
        ...["--cluster-enabled", "yes", ...(isFixed ? [] : ["--cluster-port", String(busPort)])],
        ...["--cluster-announce-ip", "127.0.0.1"],
        ...["--cluster-announce-port", String(announcedPort)],
        ...["--cluster-node-timeout", String(options.nodeTimeoutMs ?? 2_000)],
        ...["--cluster-require-full-coverage", options.requireFullCoverage ? "yes" : "no"],
        ...["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"],
        ...options.arguments ?? [],
      ],
    }, directory);
    this.busPort = isFixed ? port + BUS_PORT_OFFSET : busPort;
    this.announcedPort = announcedPort;
  }

  /** One field of CLUSTER INFO, such as `cluster_state`. */
  async clusterInfo(field: string): Promise<string> {
    return infoField(await this.call("CLUSTER", "INFO"), field);
  }

  /** `master` or `slave`, as the node sees itself. */
  async role(): Promise<string> {
    return infoField(await this.call("INFO", "replication"), "role");
  }

  /** Whether it is a replica with its master's data. */
  async isReplicaOnline(): Promise<boolean> {
    const replication = await this.call("INFO", "replication");
    return infoField(replication, "role") === "slave" &&
      infoField(replication, "master_link_status") === "up";
  }

  /** How far in the stream of replication it is: what it has sent or, as a replica, carried out. */
  async replicationOffset(): Promise<number> {
    const replication = await this.call("INFO", "replication");
    const isReplica = infoField(replication, "role") === "slave";
    return Number(infoField(replication, isReplica ? "slave_repl_offset" : "master_repl_offset"));
  }

  /** Id of its master, as the node sees itself; null for a master. */
  async masterId(): Promise<string | null> {
    const id = (await this.#known("myself"))?.[3];
    return id === undefined || id === "-" ? null : id;
  }

  /** The epoch under which `node` got its slots, as far as this node knows. */
  async epochOf(node: ClusterNode): Promise<number> {
    return Number((await this.#known(node.id))?.[6] ?? 0);
  }

  /** The announced port of whoever serves `slot`, as this node sees it; null for nobody. */
  async ownerPort(slot: number): Promise<number | null> {
    for (const range of await this.call("CLUSTER", "SLOTS") as RespValue[][]) {
      const [first, last, master] = range;
      if (Number(first) <= slot && slot <= Number(last)) return Number((master as RespValue[])[1]);
    }
    return null;
  }

  /** The fields of the first line of CLUSTER NODES with `text`. */
  async #known(text: string): Promise<string[] | undefined> {
    const lines = String(await this.call("CLUSTER", "NODES")).split("\n");
    return lines.find((line) => line.includes(text))?.split(" ");
  }
}

function infoField(info: RespValue, name: string): string {
  const line = String(info).split("\r\n").find((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`No field ${name} in ${String(info)}`);
  return line.slice(name.length + 1);
}
