/**
 * What Redis tells clients about the replies of commands, besides the policies for many servers.
 *
 * @module
 */
import { commandPolicies } from "./policies.ts";
import { byName, type NamesOf } from "./by_name.ts";

// deno-fmt-ignore: names wrapped as words.
const rows: readonly NamesOf<string>[] = [
  [
    "nondeterministic_output",
    `client|info client|list cluster|info cluster|nodes cluster|shards cluster|slots dump
     function|stats hrandfield hscan info lastsave latency|doctor latency|graph latency|histogram
     latency|history latency|latest memory|doctor memory|malloc-stats memory|stats migrate
     object|encoding object|freq object|idletime object|refcount pttl randomkey scan slowlog|get
     slowlog|len spop srandmember sscan time ttl xadd xautoclaim xclaim xinfo|consumers xpending
     xtrim zrandmember zscan`,
  ],
  [
    "nondeterministic_output_order",
    `command command|docs command|info command|list function|list hgetall hkeys hvals keys
     module|list sdiff sinter smembers sunion`,
  ],
];

const hints = byName(rows);

/** The tips of the command `name` (with `|` before a subcommand's), in Redis's words. */
export function tipsOf(name: string): string[] {
  const tips: string[] = [];
  const hint = hints.get(name);
  if (hint !== undefined) tips.push(hint);
  const policy = commandPolicies.get(name);
  if (policy === undefined) return tips;
  tips.push(`request_policy:${policy.request}`);
  if (policy.response !== null) tips.push(`response_policy:${policy.response}`);
  return tips;
}
