/**
 * What clients send before they end their input, as `printf … | nc -N` does. All keys share a tag, so that a
 * transaction may have them in front of any number of servers.
 *
 * @module
 */

/** One client, and what is there before it comes. */
export interface HalfCloseScript {
  /** See `requestsOf`. */
  readonly sends: string;
  /** Requests of another client before it, at the same place: between `|`. */
  readonly before?: string;
  /** Whether its last request that is carried out waits at a server, where that can be looked at. */
  readonly blocks?: boolean;
}

const INCREMENTS = Array.from({ length: 2000 }, () => "INCR {h}n").join("|");
const SCRIPT = "return{1}";
const SHA = "7da067d306ba2950a9b8ae9ef59deade71ff5b36";
const LARGE = `SET {h}mark ${"x".repeat(100_000)}`;

/** Scripts for clients that need no login. */
export const SCRIPTS: readonly HalfCloseScript[] = [
  // Waiting in vain, with and without a timeout of its own.
  { sends: "BLPOP {h}q 0|SET {h}mark 1", blocks: true },
  { sends: "BLPOP {h}q 10|SET {h}mark 1", blocks: true },
  { sends: "BRPOP {h}q 0", blocks: true },
  { sends: "SET {h}mark 1|GET {h}mark|BLPOP {h}q {h}r 0|SET {h}mark 2", blocks: true },
  { sends: "BLMOVE {h}q {h}r LEFT LEFT 0|SET {h}mark 1", blocks: true },
  { sends: "BRPOPLPUSH {h}q {h}r 0|SET {h}mark 1", blocks: true },
  { sends: "BLMPOP 0 1 {h}q LEFT|SET {h}mark 1", blocks: true },
  { sends: "BZPOPMIN {h}z 0|SET {h}mark 1", blocks: true },
  { sends: "BZPOPMAX {h}z 10|SET {h}mark 1", blocks: true },
  { sends: "BZMPOP 0 1 {h}z MIN|SET {h}mark 1", blocks: true },
  {
    sends: "XREAD BLOCK 0 STREAMS {h}x $|SET {h}mark 1",
    before: "XADD {h}x 1-1 f v",
    blocks: true,
  },
  {
    sends: "XREADGROUP GROUP g c BLOCK 0 STREAMS {h}x >|SET {h}mark 1",
    before: "XGROUP CREATE {h}x g $ MKSTREAM",
    blocks: true,
  },
  { sends: "BLPOP {h}q 0|RPUSH {h}q own", blocks: true },
  { sends: "BLPOP {h}q 0|QUIT|SET {h}mark 1", blocks: true },
  { sends: "BLPOP {h}q 0|<*1\\r\\n!x\\r\\n>", blocks: true },
  { sends: "BLPOP {h}q 0|<*3\\r\\n$3\\r\\nSET\\r\\n$7\\r\\n{h}ma>", blocks: true },
  { sends: `BLPOP {h}q 0|${INCREMENTS}`, blocks: false },
  { sends: "<BLPOP {h}q 0\\r\\n>|<SET {h}mark 1\\r\\n>", blocks: true },
  // Something is there: served on.
  { sends: "BLPOP {h}q 0|SET {h}mark 1|GET {h}mark", before: "RPUSH {h}q a b" },
  { sends: "BLPOP {h}q 10|BRPOP {h}q 10|SET {h}mark 1", before: "RPUSH {h}q a b" },
  { sends: "BLPOP {h}q 0|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a", blocks: true },
  { sends: "RPUSH {h}q own|BLPOP {h}q 0|SET {h}mark 1" },
  { sends: "BLMOVE {h}q {h}r LEFT LEFT 0|SET {h}mark 1", before: "RPUSH {h}q a b" },
  { sends: "BLMPOP 0 1 {h}q LEFT COUNT 2|SET {h}mark 1", before: "RPUSH {h}q a b c" },
  { sends: "BZPOPMIN {h}z 0|SET {h}mark 1", before: "ZADD {h}z 1 a 2 b" },
  { sends: "BZMPOP 0 2 {h}y {h}z MAX|SET {h}mark 1", before: "ZADD {h}z 1 a 2 b" },
  { sends: "XREAD BLOCK 0 STREAMS {h}x 0|SET {h}mark 1", before: "XADD {h}x 1-1 f v" },
  { sends: "<BLPOP {h}q 0\\r\\n>|<SET {h}mark 1\\r\\n>", before: "RPUSH {h}q a" },
  { sends: "<BLPOP {h}q 0\\r\\n>|<SET {h}mark 1>", before: "RPUSH {h}q a" },
  { sends: `BLPOP {h}q 0|${INCREMENTS}|GET {h}n`, before: "RPUSH {h}q a" },
  { sends: `BLPOP {h}q 0|${LARGE}|BLPOP {h}q 0|SET {h}n 1`, before: "RPUSH {h}q a b" },
  { sends: "BLPOP {h}q 0|SET {h}mark 1|<*2\\r\\n$3\\r\\nGET\\r\\n$7\\r>", before: "RPUSH {h}q a" },
  { sends: "BLPOP {h}q 0|<*1\\r\\n!x\\r\\n>", before: "RPUSH {h}q a" },
  // Nothing waits: errors.
  { sends: "BLPOP {h}q x|SET {h}mark 1" },
  { sends: "BLPOP {h}q -1|BLPOP {h}q|SET {h}mark 1" },
  { sends: "BLPOP {h}n 0|SET {h}mark 1", before: "SET {h}n 1" },
  { sends: "XREADGROUP GROUP no c BLOCK 0 STREAMS {h}x >|SET {h}mark 1" },
  // Transactions.
  { sends: "MULTI|SET {h}mark 1|INCR {h}n" },
  { sends: "MULTI|BLPOP {h}q 0|SET {h}mark 1|EXEC|GET {h}mark" },
  { sends: "MULTI|BLPOP {h}q 0|SET {h}mark 1|EXEC|GET {h}mark", before: "RPUSH {h}q a" },
  { sends: "MULTI|SET {h}mark 1|DISCARD|BLPOP {h}q 0|SET {h}mark 2", before: "RPUSH {h}q a" },
  { sends: "WATCH {h}q|BLPOP {h}q 0|MULTI|SET {h}mark 1|EXEC", before: "RPUSH {h}q a" },
  { sends: "WATCH {h}q|BLPOP {h}q 0|MULTI|SET {h}mark 1|EXEC", blocks: true },
  { sends: "WATCH {h}q|MULTI|INCR {h}n|EXEC|UNWATCH|GET {h}n" },
  { sends: "MULTI|NOSUCH|SET {h}mark 1|EXEC|GET {h}mark" },
  // Subscribers.
  { sends: "SUBSCRIBE {h}c" },
  { sends: "SUBSCRIBE {h}c|SET {h}mark 1|PING|UNSUBSCRIBE|SET {h}mark 2" },
  { sends: "SUBSCRIBE {h}c|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "PSUBSCRIBE {h}*|RESET|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "BLPOP {h}q 0|SUBSCRIBE {h}c|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "BLPOP {h}q 0|SUBSCRIBE {h}c|SET {h}mark 1", blocks: true },
  { sends: "SUBSCRIBE {h}c|QUIT|SET {h}mark 1" },
  // Replies switched off.
  { sends: "CLIENT REPLY OFF|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "CLIENT REPLY OFF|BLPOP {h}q 0|SET {h}mark 1", blocks: true },
  { sends: "CLIENT REPLY SKIP|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "CLIENT REPLY SKIP|BLPOP {h}q 0|SET {h}mark 1", blocks: true },
  // Paused clients.
  { sends: "SET {h}mark 1|GET {h}mark", before: "CLIENT PAUSE 200" },
  { sends: "GET {h}n|SET {h}mark 1|GET {h}n", before: "SET {h}n 5|CLIENT PAUSE 60000 WRITE" },
  { sends: "GET {h}n|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a|CLIENT PAUSE 60000 WRITE" },
  { sends: "GET {h}n|MULTI|SET {h}mark 1|EXEC|GET {h}n", before: "CLIENT PAUSE 60000 WRITE" },
  // The plain ones, for what follows them.
  { sends: `${INCREMENTS}|BLPOP {h}q 0|SET {h}mark 1` },
  { sends: "EVAL return{redis.call('set',KEYS[1],'1')} 1 {h}mark|BLPOP {h}q 0", blocks: true },
  { sends: "SET {h}mark 1|<*1\\r\\n!x\\r\\n>" },
  { sends: "SET {h}mark 1|QUIT|SET {h}mark 2" },
  // What the proxy answers late itself, splits, or holds back.
  { sends: "DBSIZE|KEYS {h}*|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  {
    sends: "MSET a 1 b 2 c 3|MGET a b c d|BLPOP {h}q 0|DEL a b c|SET {h}mark 1",
    before: "RPUSH {h}q a",
  },
  { sends: "SELECT 0|BLPOP {h}q 0|CLIENT UNBLOCK 999999999|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "CLIENT PAUSE 200 WRITE|GET {h}n|SET {h}mark 1", before: "SET {h}n 5" },
  {
    sends: `MULTI|EVALSHA ${SHA} 0|EXEC|EVALSHA ${SHA} 0|BLPOP {h}q 0|SET {h}mark 1`,
    before: `SCRIPT LOAD ${SCRIPT}|RPUSH {h}q a`,
  },
  { sends: "NOSUCH|GET|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
];

/** Scripts for servers whose password is `secret`. */
export const LOGIN_SCRIPTS: readonly HalfCloseScript[] = [
  { sends: "SET {h}mark 1|BLPOP {h}q 0|GET {h}mark" },
  { sends: "AUTH secret|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
  { sends: "AUTH secret|BLPOP {h}q 0|SET {h}mark 1", blocks: true },
  { sends: "AUTH wrong|BLPOP {h}q 0|AUTH secret|SET {h}mark 1" },
  { sends: "AUTH secret|RESET|BLPOP {h}q 0|SET {h}mark 1", before: "RPUSH {h}q a" },
];
