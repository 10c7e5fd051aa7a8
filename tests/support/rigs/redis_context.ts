/**
 * What the features of Redis are made with, upon a {@link CoreRig} and without other workers.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { createRespProtocol } from "../../../src/protocol/resp/mod.ts";
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import type { ObservedLists } from "../../../src/observe/observed_lists.ts";
import type { SlowLog } from "../../../src/observe/slow_log.ts";
import { Gathered } from "../../../src/observe/gathered.ts";
import { Databases } from "../../../src/redis/connection/databases.ts";
import type { RedisContext } from "../../../src/redis/core/feature.ts";
import { KnownServers } from "../../../src/redis/server/known_servers.ts";
import type { LaterHandler, NoteHandler, Peers } from "../../../src/redis/core/peers.ts";
import { DedicatedConnections } from "../../../src/backend/dedicated_connections.ts";
import { clusterConfig } from "./cluster_config.ts";
import type { CoreRig } from "./core_rig.ts";
import { infoSource } from "./local_rig.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** Other workers, as a test plays them. */
export class RigPeers implements Peers {
  count = 0;
  readonly handlers = new Map<string, NoteHandler>();
  readonly told: { topic: string; body: unknown }[] = [];
  /** What the others answer. */
  answers: unknown[] = [];

  on(topic: string, handler: NoteHandler): void {
    this.handlers.set(topic, handler);
  }

  readonly laterHandlers = new Map<string, LaterHandler>();

  onLater(topic: string, handler: LaterHandler): void {
    this.laterHandlers.set(topic, handler);
  }

  tell(topic: string, body: unknown): void {
    this.told.push({ topic, body });
  }

  ask(topic: string, body: unknown, answered: (answers: unknown[]) => void): void {
    this.told.push({ topic, body });
    answered(this.answers);
  }
}

/** What is known of servers that say they are Redis of `redisVersion`, or Valkey of `valkeyVersion`. */
export function knownServers(redisVersion: string, valkeyVersion?: string): KnownServers {
  const servers = new KnownServers(new ManualClock());
  const fields: [string, string][] = [["redis_version", redisVersion]];
  if (valkeyVersion !== undefined) fields.push(["valkey_version", valkeyVersion]);
  servers.askBy((_word, heard) => {
    heard({ sections: [{ title: "Server", fields }], asked: 1, answered: 1 });
  });
  servers.tell(() => {});
  return servers;
}

/** The lists of one worker alone: all but the slow log are empty. */
export function observedLists(slowLog: SlowLog, peers: Peers = new RigPeers()): ObservedLists {
  return {
    slowLog: new Gathered("slowlog", peers, slowLog),
    hotKeys: new Gathered("hotkeys", peers, { entries: () => [], length: 0, reset() {} }),
    bigKeys: new Gathered("bigkeys", peers, { entries: () => [], length: 0, reset() {} }),
  };
}

/** What a test may replace. */
export interface ContextOptions extends Partial<RedisContext> {
  /** Replies on dedicated connections are Redis's, not lines. */
  readonly respOnDedicated?: boolean;
}

/** The context of one cluster; `options` replace what a test wants otherwise. */
export function redisContext(rig: CoreRig, options: ContextOptions = {}): RedisContext {
  const { respOnDedicated = false, ...replaced } = options;
  return {
    commands: respCommands,
    learned: null,
    isCluster: false,
    advertisedTo: () => tcpEndpoint("10.1.2.3", 9001),
    speaksTls: () => false,
    siblings: [],
    info: infoSource,
    config: clusterConfig({}),
    router: rig.router,
    backends: rig.context,
    servers: new KnownServers(rig.context.clock),
    peers: new RigPeers(),
    observed: observedLists(rig.slowLog),
    askSettings: (_asked, answered) => answered({ settings: [], problem: null }),
    databases: new Databases(),
    dedicated: new DedicatedConnections(
      respOnDedicated ? { ...rig.context, protocol: createRespProtocol() } : rig.context,
      { connectionsMax: 4, limits: rig.context.limits },
    ),
    clients: () => [],
    userChanged: () => {},
    ...replaced,
  };
}
