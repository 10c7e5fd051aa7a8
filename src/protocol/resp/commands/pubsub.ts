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
      "events of keys, at all"), { states: ["subscribed"] }],
    ["publish",                3, "pubsub loading stale fast",     "",                 published(channelKey,
      "by channel; the reply counts connections of proxies, not their clients; in a script: " +
      "see above"), { states: ["paused_as_write"] }],
    ["pubsub",                -2, "",                              "",                 answered("pubsub",
      "about the proxy's clients, those of all workers")],
    ["pubsub|channels",       -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["pubsub|help",            2, "loading stale",                 "",                 WITH_ITS_COMMAND],
    ["pubsub|numpat",          2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["pubsub|numsub",         -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["pubsub|shardchannels",  -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["pubsub|shardnumsub",    -2, "pubsub loading stale",          "",                 WITH_ITS_COMMAND],
    ["punsubscribe",          -1, "pubsub noscript loading stale", "",                 barrier("punsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
    ["spublish",               3, "pubsub loading stale fast",     "not_key: 1",       BY_KEY, { states: ["paused_as_write"] }],
    ["ssubscribe",            -2, "pubsub noscript loading stale", "not_key: 1 to -1", barrier("ssubscribe",
      "at the channel's server; in front of a Redis Cluster all in one slot, and followed " +
      "when it moves"), { states: ["subscribed"] }],
    ["subscribe",             -2, "pubsub noscript loading stale", "",                 barrier("subscribe",
      "at the channel's server (events of keys: at all); confirmed once the server has"), { states: ["subscribed"] }],
    ["sunsubscribe",          -1, "pubsub noscript loading stale", "not_key: 1 to -1", barrier("sunsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
    ["unsubscribe",           -1, "pubsub noscript loading stale", "",                 barrier("unsubscribe",
      "ends at the server with the last client that has it"), { states: ["subscribed", "unpaused", "unlimited"] }],
  ],
};
