/**
 * Which commands of the table came after Redis 7.0. What no server of the tests has is tested against scripted
 * backends.
 *
 * @module
 */
import { byName } from "./by_name.ts";

/** The first version with each later command; all others are in Redis 7.0. */
export const laterCommands: ReadonlyMap<string, string> = byName([
  ["Redis 7.2", "waitaof"],
  ["Redis 7.4", "hexpire hexpireat hexpiretime hpersist hpexpire hpexpireat"],
  ["Redis 7.4", "hpexpiretime hpttl httl"],
  ["Redis 8.0", "hgetdel hgetex hsetex"],
  ["Redis 8.0", "vadd vcard vdim vemb vgetattr vinfo vlinks vrandmember vrem vsetattr"],
  ["Redis 8.0", "vismember vsim"],
  ["Redis 8.2", "xackdel xdelex"],
  ["Redis 8.4", "delex digest msetex vrange"],
  ["Valkey 8.1", "commandlog"],
  ["Valkey 9.0", "delifeq"],
  ["Valkey 9.1", "clusterscan"],
]);
