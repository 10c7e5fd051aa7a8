/**
 * Where a command of Redis goes in a deployment of many servers, and how the replies become one, in Redis's own
 * words: the columns that the tips of its `COMMAND` reply hold. What the proxy does instead where it knows better
 * (it weighs RANDOMKEY, and never splits MSETNX) is in the rows.
 *
 * @module
 */

/** `request_policy`: the servers that a command goes to where its keys do not say. */
export type RequestPolicy = "multi_shard" | "all_shards" | "all_nodes" | "special";

/** `response_policy`: how their replies become one. */
export type ResponsePolicy =
  | "agg_sum"
  | "agg_min"
  | "agg_max"
  | "agg_logical_and"
  | "agg_logical_or"
  | "all_succeeded"
  | "one_succeeded"
  | "special";

/** The policies of one command, or of one subcommand. */
export interface CommandPolicy {
  readonly request: RequestPolicy;
  /** Null: the kind of reply decides. */
  readonly response: ResponsePolicy | null;
}

type Row = readonly [name: string, request: RequestPolicy, response: ResponsePolicy | null];

// deno-fmt-ignore: one row a command, columns aligned.
const rows: readonly Row[] = [
  // name               request          response
  ["commandlog|get",   "all_nodes",     null               ],
  ["commandlog|len",   "all_nodes",     "agg_sum"          ],
  ["commandlog|reset", "all_nodes",     "all_succeeded"    ],
  ["config|set",       "all_nodes",     "all_succeeded"    ],
  ["dbsize",           "all_shards",    "agg_sum"          ],
  ["del",              "multi_shard",   "agg_sum"          ],
  ["exists",           "multi_shard",   "agg_sum"          ],
  ["flushall",         "all_shards",    "all_succeeded"    ],
  ["flushdb",          "all_shards",    "all_succeeded"    ],
  ["function|delete",  "all_shards",    "all_succeeded"    ],
  ["function|flush",   "all_shards",    "all_succeeded"    ],
  ["function|kill",    "all_shards",    "one_succeeded"    ],
  ["function|load",    "all_shards",    "all_succeeded"    ],
  ["function|restore", "all_shards",    "all_succeeded"    ],
  ["function|stats",   "all_shards",    "special"          ],
  ["info",             "all_shards",    "special"          ],
  ["keys",             "all_shards",    null               ],
  ["latency|doctor",   "all_nodes",     "special"          ],
  ["latency|graph",    "all_nodes",     "special"          ],
  ["latency|histogram", "all_nodes",     "special"          ],
  ["latency|history",  "all_nodes",     "special"          ],
  ["latency|latest",   "all_nodes",     "special"          ],
  ["latency|reset",    "all_nodes",     "all_succeeded"    ],
  ["memory|doctor",    "all_shards",    "special"          ],
  ["memory|malloc-stats", "all_shards",    "special"          ],
  ["memory|purge",     "all_shards",    "all_succeeded"    ],
  ["memory|stats",     "all_shards",    "special"          ],
  ["mget",             "multi_shard",   null               ],
  ["mset",             "multi_shard",   "all_succeeded"    ],
  ["msetex",           "multi_shard",   "all_succeeded"    ],
  ["msetnx",           "multi_shard",   "agg_min"          ],
  ["ping",             "all_shards",    "all_succeeded"    ],
  ["randomkey",        "all_shards",    null               ],
  ["scan",             "special",       null               ],
  ["script|exists",    "all_shards",    "agg_logical_and"  ],
  ["script|flush",     "all_nodes",     "all_succeeded"    ],
  ["script|kill",      "all_shards",    "one_succeeded"    ],
  ["script|load",      "all_nodes",     "all_succeeded"    ],
  ["slowlog|get",      "all_nodes",     null               ],
  ["slowlog|len",      "all_nodes",     "agg_sum"          ],
  ["slowlog|reset",    "all_nodes",     "all_succeeded"    ],
  ["touch",            "multi_shard",   "agg_sum"          ],
  ["unlink",           "multi_shard",   "agg_sum"          ],
  ["wait",             "all_shards",    "agg_min"          ],
  ["waitaof",          "all_shards",    "agg_min"          ],
];

/** By name, with `|` before a subcommand's; a command that is not here goes where its keys are. */
export const commandPolicies: ReadonlyMap<string, CommandPolicy> = new Map(
  rows.map(([name, request, response]) => [name, { request, response }]),
);
