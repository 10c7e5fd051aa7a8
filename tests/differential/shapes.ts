/**
 * Shapes of requests: one line for each form of a command, read by `generator.ts`.
 *
 * ```text
 *   WORD        itself                       [A|B c]  one of the options, or nothing
 *   $s $h …     a key of that type           <A|B>    one of the options
 *   %v %i …     a value, a small number …    (…)+     one to three times
 * ```
 *
 * Keys: s string, n number, h hash, l list, e set, z sorted set, x stream, g places, p HyperLogLog, b bitmap, k any.
 *
 * @module
 */

import { exact, other, type Shape } from "./shape.ts";
import { OTHERS, SERVERS } from "./shapes_without_type.ts";

const STRINGS = exact(`
  APPEND $s %v
  DECR $n
  DECRBY $n %i
  GET <$s|$n|$k>
  GETDEL $s
  GETEX $s [EX %t|PX %t|PERSIST|EXAT %a]
  GETRANGE $s %i %i
  GETSET $s %v
  INCR <$n|$s>
  INCRBY $n %i
  INCRBYFLOAT $n %f
  LCS $s $s [LEN|IDX|IDX WITHMATCHLEN|IDX MINMATCHLEN %i]
  MGET ($s)+ [$k]
  MSET ($s %v)+
  MSETNX ($s %v)+
  PSETEX $s %t %v
  SET $s %v [EX %t|PX %t|KEEPTTL|NX|XX|GET|EXAT %a|NX GET|EX %i]
  SET $n %i
  SETEX $s %t %v
  SETNX $s %v
  SETRANGE $s %o %v
  STRLEN $s
  SUBSTR $s %i %i
  GET $s %v
  SET $s
  SETEX $s %i
`);

const KEYS = exact(`
  COPY $s $s [REPLACE]
  DEL ($k)+
  EXISTS ($k)+
  EXPIRE $k %t [NX|XX|GT|LT]
  EXPIREAT $k %a
  OBJECT ENCODING $s
  OBJECT REFCOUNT $k
  PERSIST $k
  PEXPIRE $k %m
  PEXPIREAT $k %am
  RENAME $s $s
  RENAMENX $l $l
  SORT $l [ALPHA|LIMIT %o %c ALPHA|DESC ALPHA|ASC|GET # ALPHA|STORE $l]
  SORT_RO $l [ALPHA|DESC]
  TOUCH ($k)+
  TYPE $k
  UNLINK ($k)+
  EXPIRE $k %v
  MEMORY USAGE $missing
  OBJECT HELP
  RESTORE $s 0 garbage
`);

const NEAR = other(
  "near",
  "time goes on between the two",
  `
  EXPIRETIME $k
  PEXPIRETIME $k
  TTL $k
  PTTL $k
`,
);

const DRAWN = other(
  "shape",
  "it shows the order of a set, from a number that each server draws",
  `
  DUMP $s
  SORT $l BY nosort
`,
);

const HASHES = [
  ...exact(`
  HDEL $h (%F)+
  HEXISTS $h %F
  HGET <$h|$k> %F
  HINCRBY $h %N %i
  HINCRBYFLOAT $h %N %f
  HLEN $h
  HMGET $h (%F)+
  HMSET $h (%F %v)+
  HSET $h (%F %v)+
  HSET $h %N %i
  HSETNX $h %F %v
  HSTRLEN $h %F
  HSET $h %F
  HSCAN $missing 0
`),
  ...other(
    "sorted",
    "a hash table has its order from a number that each server draws",
    `
  HGETALL $h
  HKEYS $h
  HVALS $h
`,
  ),
  ...other(
    "shape",
    "the reply is drawn at random",
    `
  HRANDFIELD $h [%c|-2|2 WITHVALUES]
`,
  ),
];

const LISTS = exact(`
  LINDEX $l %i
  LINSERT $l <BEFORE|AFTER> %e %e
  LLEN <$l|$k>
  LMOVE $l $l <LEFT|RIGHT> <LEFT|RIGHT>
  LMPOP 2 $l $l <LEFT|RIGHT> [COUNT %c]
  LPOP $l [%c]
  LPOS $l %e [RANK 1|RANK -1|COUNT 0|MAXLEN 5]
  LPUSH $l (%e)+
  LPUSHX $l %e
  LRANGE $l %i %i
  LREM $l %i %e
  LSET $l <0|-1> %e
  LSET $l <0|-1|%i> %e
  LTRIM $l 0 20
  RPOP $l [%c]
  RPOPLPUSH $l $l
  RPUSH $l (%e)+
  RPUSHX $l %e
  BLPOP $l $l 0.01
  BRPOP $l 0.01
  BLMOVE $l $l LEFT RIGHT 0.01
  BRPOPLPUSH $l $l 0.01
  BLMPOP 0.01 2 $l $l LEFT [COUNT 2]
  LPOP $l x
  LMPOP 0 $l LEFT
  LMPOP x $l LEFT
  BLPOP $l x
  BLPOP $l -1
`);

const SETS = [
  ...exact(`
  SADD $e (%e)+
  SCARD $e
  SDIFFSTORE $e $e $e
  SINTERCARD 2 $e $e [LIMIT 2]
  SINTERSTORE $e $e $e
  SISMEMBER <$e|$k> %e
  SMISMEMBER $e (%e)+
  SMOVE $e $e %e
  SREM $e (%e)+
  SUNIONSTORE $e $e $e
  SINTERCARD 0 $e
  SINTERCARD 3 $e
`),
  ...other(
    "sorted",
    "a set has its order from a number that each server draws",
    `
  SDIFF $e $e
  SINTER $e $e
  SMEMBERS $e
  SUNION $e $e
  SPOP $e 100
`,
  ),
  ...other(
    "shape",
    "the reply is drawn at random",
    `
  SRANDMEMBER $e [%c]
`,
  ),
];

const SORTED_SETS = [
  ...exact(`
  ZADD $z (%f %e)+
  ZADD $z <NX|XX|GT|LT|CH|XX CH> %f %e
  ZADD $z INCR %f %e
  ZCARD $z
  ZCOUNT $z -inf +inf
  ZCOUNT $z (%i %i
  ZDIFF 2 $z $z [WITHSCORES]
  ZDIFFSTORE $z 2 $z $z
  ZINCRBY $z %f %e
  ZINTER 2 $z $z [WITHSCORES|AGGREGATE MAX|WEIGHTS 1 2]
  ZINTERCARD 2 $z $z [LIMIT 1]
  ZINTERSTORE $z 2 $z $z [AGGREGATE MIN|WEIGHTS 2 3]
  ZLEXCOUNT $z - +
  ZMPOP 2 $z $z <MIN|MAX> [COUNT 2]
  ZMSCORE $z (%e)+
  ZPOPMAX $z [%c]
  ZPOPMIN $z [%c]
  ZRANGE $z %i %i [REV|WITHSCORES|REV WITHSCORES]
  ZRANGE $z -inf +inf BYSCORE [LIMIT 0 2|WITHSCORES]
  ZRANGEBYLEX $z - +
  ZRANGEBYSCORE $z -inf %i [WITHSCORES|LIMIT 0 2]
  ZRANGESTORE $z $z 0 -1
  ZRANK $z %e
  ZREM $z (%e)+
  ZREMRANGEBYLEX $z [zz [zzz
  ZREMRANGEBYRANK $z 10 -1
  ZREMRANGEBYSCORE $z 90 100
  ZREVRANGE $z 0 -1 [WITHSCORES]
  ZREVRANGEBYLEX $z + -
  ZREVRANGEBYSCORE $z +inf -inf
  ZREVRANK $z %e
  ZSCORE <$z|$k> %e
  ZUNION 2 $z $z [WITHSCORES|AGGREGATE SUM]
  ZUNIONSTORE $z 2 $z $z
  BZPOPMIN $z 0.01
  BZPOPMAX $z $z 0.01
  BZMPOP 0.01 1 $z MIN
  ZUNION 0 $z
  ZUNION x $z
  ZUNIONSTORE $z 0 $z
  ZINTERCARD -1 $z
  ZMPOP 0 $z MIN
  ZADD $z x %e
`),
  ...other(
    "shape",
    "the reply is drawn at random",
    `
  ZRANDMEMBER $z [%c|2 WITHSCORES]
`,
  ),
];

const STREAMS = exact(`
  XADD $x %I %F %v
  XADD $x MAXLEN 20 %I %F %v
  XACK $x g %I
  XCLAIM $x g c 0 %I JUSTID
  XDEL $x %I
  XGROUP CREATE $x g 0 MKSTREAM
  XGROUP CREATE $x g 0 [MKSTREAM]
  XGROUP CREATECONSUMER $x g c
  XGROUP DELCONSUMER $x g c
  XGROUP DESTROY $x g
  XGROUP SETID $x g 0
  XINFO GROUPS $x
  XINFO HELP
  XLEN $x
  XPENDING $x g
  XPENDING $x g
  XRANGE $x - + [COUNT 3]
  XREAD COUNT 2 STREAMS $x $x 0 0
  XREAD BLOCK 10 STREAMS $x 0
  XREADGROUP GROUP g c COUNT 1 STREAMS $x >
  XREVRANGE $x + - [COUNT 3]
  XTRIM $x MAXLEN 10
  XREAD STREAMS $x
  XREAD [COUNT <2|x>|NOACK|GROUP g c|FOO] BLOCK <10|x|-1> STREAMS $x
  XREAD BLOCK STREAMS $x 0
  XREADGROUP GROUP g c [COUNT x|NOACK|FOO] STREAMS $x
  XREAD STREAMS $x $x 0
  XADD $x 0-0 %F %v
  XSETID $x 99999-0
  XAUTOCLAIM $x g c 0 0 COUNT 2 JUSTID
`);

/** All of them. */
export const SHAPES: readonly Shape[] = [
  ...STRINGS,
  ...KEYS,
  ...NEAR,
  ...DRAWN,
  ...HASHES,
  ...LISTS,
  ...SETS,
  ...SORTED_SETS,
  ...STREAMS,
  ...OTHERS,
  ...SERVERS,
];
