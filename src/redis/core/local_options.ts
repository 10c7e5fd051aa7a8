/**
 * What local answers need to know of their cluster.
 *
 * @module
 */
import type { TcpEndpoint } from "../../endpoint.ts";
import type { CommandTable } from "../../protocol/command_table.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { InfoSource } from "../server/info.ts";

/** What local answers need to know of their cluster. */
export interface LocalOptions {
  readonly commands: CommandTable;
  /** Whether it fronts a Redis Cluster. */
  readonly isCluster: boolean;
  /** Where a cluster-aware client is sent: this proxy, at the port that the client has come by. */
  advertisedTo(client: LocalClient): TcpEndpoint;
  /** Whether the client speaks TLS. */
  speaksTls(client: LocalClient): boolean;
  /** The proxies that they are shown as one cluster; none: this one alone. */
  readonly siblings: readonly TcpEndpoint[];
  readonly info: InfoSource;
}
