/**
 * Publish and subscribe commands.
 *
 * @module
 */
import { channelKey } from "../key_finders/channel_key.ts";
import type { CommandGroup } from "./record.ts";
import { answered, barrier, BY_KEY, published, WITH_ITS_COMMAND } from "./route.ts";

/** Publish and subscribe commands. */
export const pubsubCommands: CommandGroup = {
  title: "Publish and subscribe",
  category: "",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name                arity  flags                            keys                what the proxy does
    ["psubscribe",            -2, "pubsub noscript loading stale", "",                 barrier("psubscribe",
      "at every server; in front of a Redis Cluster at one master, or where it can match " +
      "events of keys, at all"), { channels: "patterns", states: ["subscribed"] }],
    ["publish",                3, "pubsub loading stale fast",     "",                 published(channelKey,
      "by channel; the reply counts connections of proxies, not their clients; in a script: " +
      "see above"), { channels: "one", states: ["paused_as_write"] }],
    ["pubsub",                -2, "",                              "",                 answered("pubsub",
      "about the proxy's clients, those of all workers")],
    ["pubsub|channels",       -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND, { channels: "unnamed" }],
    ["pubsub|help",            2, "loading stale",                 "",                 WITH_ITS_COMMAND],
    ["pubsub|numpat",          2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["pubsub|numsub",         -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND, { channels: "all_asked" }],
    ["pubsub|shardchannels",  -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND, { channels: "unnamed" }],
    ["pubsub|shardnumsub",    -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND, { channels: "all_asked" }],
    ["punsubscribe",          -1, "pubsub noscript loading stale", "",                 barrier("punsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
    ["spublish",               3, "pubsub loading stale fast",     "not_key: 1",       BY_KEY, { channels: "one", states: ["paused_as_write"] }],
    ["ssubscribe",            -2, "pubsub noscript loading stale", "not_key: 1 to -1", barrier("ssubscribe",
      "at the channel's server; in front of a Redis Cluster all in one slot, and followed " +
      "when it moves"), { channels: "all", states: ["subscribed"] }],
    ["subscribe",             -2, "pubsub noscript loading stale", "",                 barrier("subscribe",
      "at the channel's server (events of keys: at all); confirmed once the server has"), { channels: "all", states: ["subscribed"] }],
    ["sunsubscribe",          -1, "pubsub noscript loading stale", "not_key: 1 to -1", barrier("sunsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
    ["unsubscribe",           -1, "pubsub noscript loading stale", "",                 barrier("unsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
  ],
};
