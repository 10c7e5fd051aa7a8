/**
 * Shapes of requests that are about no one type of data; see `shapes.ts` for how they are written.
 *
 * @module
 */
import { exact, other, type Shape } from "./shape.ts";

/** Places, bits, scripts, connections. */
export const OTHERS: readonly Shape[] = exact(`
  GEOADD $g (%lon %lat %e)+
  GEODIST $g %e %e [km]
  GEOHASH $g (%e)+
  GEOPOS $g (%e)+
  GEORADIUS $g 15 37 200 km [ASC|DESC|COUNT 2 ASC|STORE $z]
  GEORADIUS_RO $g 15 37 200 km ASC
  GEORADIUSBYMEMBER $g %e 100 km ASC
  GEORADIUSBYMEMBER_RO $g %e 100 km ASC
  GEOSEARCH $g FROMLONLAT 15 37 BYRADIUS 200 km ASC
  GEOSEARCHSTORE $g $g FROMLONLAT 15 37 BYRADIUS 200 km ASC
  BITCOUNT $b [0 -1|0 5 BIT]
  BITFIELD $b SET u8 %o %c GET u8 %o
  BITFIELD_RO $b GET u8 %o
  BITOP <AND|OR|XOR> $b $b $b
  BITOP NOT $b $b
  BITPOS $b <0|1>
  GETBIT $b %o
  SETBIT $b %o <0|1>
  PFADD $p (%e)+
  PFCOUNT $p [$p]
  PFMERGE $p $p
  EVAL return{KEYS[1],ARGV[1]} 1 $s %v
  EVAL return(redis.call('get',KEYS[1])) 1 $s
  EVAL_RO return(redis.call('strlen',KEYS[1])) 1 $s
  EVAL return(1) 0
  EVAL return(1) x
  EVAL return(1) 2 $s
  EVAL return(1) -1
  EVAL return(1) 9223372036854775808
  SINTERCARD 9223372036854775808 $e
  ZUNION 9223372036854775808 $z
  LMPOP 9223372036854775808 $l LEFT
  EVALSHA <0123|e0e1f9fabfc9d4800c877a703b823ac0578ff8db> <x|9|-1|0>
  FCALL none <x|9|-1>
  EVALSHA 0123456789012345678901234567890123456789 1 $s
  EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 $s
  FCALL none 1 $s
  FCALL_RO none 0
  ECHO %v
  PING [%v]
  SELECT 0
  NOSUCH $s %v
  HELLO 9
  WATCH $s
  UNWATCH
  DISCARD
  EXEC
  PUBLISH channel %v
  COMMAND GETKEYS <GET $s|ZUNION 2 $z $z|ZUNION 3 $z|PING x|SORT $l STORE $l>
  COMMAND GETKEYSANDFLAGS <SET $s %v|SET $s %v GET|LMOVE $l $l LEFT RIGHT|EVAL s x $s>
  COMMAND INFO <get|bitop|nosuch>
  COMMAND DOCS <get|nosuch>
  COMMAND LIST FILTERBY PATTERN getd*
  MIGRATE 127.0.0.1 1 $missing 0 10 [COPY|REPLACE|AUTH x]
  MIGRATE 127.0.0.1 1 $missing 0
  CLIENT SETNAME %n
  CLIENT GETNAME
  CLUSTER
  SCRIPT EXISTS 0123
  SPUBLISH channel %v
`);

/** About all servers. */
export const SERVERS: readonly Shape[] = [
  ...exact(`
  DBSIZE
  MOVE $missing <1|99|x>
  SWAPDB <1 1|0 99|x 0>
  FLUSHALL [ASYNC|SYNC]
  FLUSHDB
  AUTH %v %v %v
  READONLY
  READWRITE
  PUBSUB CHANNELS
  PUBSUB NUMPAT
  PUBSUB NUMSUB channel
  PUBSUB SHARDNUMSUB channel
  UNSUBSCRIBE channel
  PUNSUBSCRIBE channel*
  SUNSUBSCRIBE channel
  FUNCTION LIST
  FUNCTION DUMP
  FUNCTION DELETE none
  SCRIPT EXISTS 0123
  SCAN x
  SCAN 0 COUNT 0
  SCAN 0 NO
  ZSCAN $missing 0
  SSCAN $missing 0
  KEYS none
  LASTSAVE x
  TIME x
`),
  ...other(
    "sorted",
    "each server has its keys in an order of its own",
    `
  KEYS *
  KEYS {d}l*
`,
  ),
  ...other(
    "shape",
    "the reply is drawn at random, or is about one server",
    `
  RANDOMKEY
  SCAN 0 COUNT 1000
  SSCAN $e 0
  ZSCAN $z 0
  TIME
  INFO server
  LOLWUT
  FUNCTION STATS
`,
  ),
  ...other(
    "near",
    "time goes on between the two",
    `
  LASTSAVE
`,
  ),
];
