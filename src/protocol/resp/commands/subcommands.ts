/**
 * The subcommands that the proxy serves, for clients that ask: the number of their words, both names included;
 * negative: at least that many.
 *
 * @module
 */
import { byName, type NamesOf } from "./by_name.ts";

// deno-fmt-ignore: names wrapped as words.
const rows: readonly NamesOf<number>[] = [
  [-5, "xgroup|create xgroup|setid"],
  [-4, "acl|dryrun command|getkeys command|getkeysandflags config|set"],
  [
    -3,
    `acl|deluser acl|setuser client|kill client|pause client|tracking client|unblock config|get
     function|load function|restore memory|usage module|load module|loadex script|exists
     xinfo|stream`,
  ],
  [
    -2,
    `acl|cat acl|genpass acl|log client|list command|docs command|info command|list function|flush
     function|list latency|histogram latency|reset pubsub|channels pubsub|numsub
     pubsub|shardchannels pubsub|shardnumsub script|flush slowlog|get`,
  ],
  [
    2,
    `acl|help acl|list acl|load acl|save acl|users acl|whoami client|getname client|getredir
     client|help client|id client|info client|trackinginfo client|unpause cluster|help
     cluster|info cluster|myid cluster|nodes cluster|shards cluster|slots command|count
     command|help config|help config|resetstat config|rewrite function|dump function|help
     function|kill function|stats latency|doctor latency|help latency|latest memory|doctor
     memory|help memory|malloc-stats memory|purge memory|stats module|help module|list object|help
     pubsub|help pubsub|numpat script|help script|kill slowlog|help slowlog|len slowlog|reset
     xgroup|help xinfo|help`,
  ],
  [
    3,
    `acl|getuser client|caching client|no-evict client|reply client|setname cluster|keyslot
     function|delete latency|graph latency|history module|unload object|encoding object|freq
     object|idletime object|refcount script|debug script|load xinfo|groups`,
  ],
  [4, "xgroup|destroy xinfo|consumers"],
  [5, "xgroup|createconsumer xgroup|delconsumer"],
];

/** By full name, such as `client|list`. */
export const subcommandArities: ReadonlyMap<string, number> = byName(rows);
