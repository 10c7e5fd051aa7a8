/**
 * Which commands of the table came after Redis 7.0. The tests have no servers of those versions: what the proxy does
 * with them is tested against scripted backends.
 *
 * @module
 */

/** The first version with each later command; all others are in Redis 7.0. */
export const laterCommands: ReadonlyMap<string, string> = new Map([
  ...since("Redis 7.2", "waitaof"),
  ...since("Redis 7.4", "hexpire hexpireat hexpiretime hpersist hpexpire hpexpireat"),
  ...since("Redis 7.4", "hpexpiretime hpttl httl"),
  ...since("Redis 8.0", "hgetdel hgetex hsetex"),
  ...since("Redis 8.0", "vadd vcard vdim vemb vgetattr vinfo vlinks vrandmember vrem vsetattr"),
  ...since("Redis 8.0", "vismember vsim"),
  ...since("Redis 8.2", "xackdel xdelex"),
  ...since("Redis 8.4", "delex digest msetex vrange"),
  ...since("Valkey 8.1", "commandlog"),
  ...since("Valkey 9.0", "delifeq"),
]);

function since(version: string, names: string): [string, string][] {
  return names.split(" ").map((name) => [name, version]);
}
