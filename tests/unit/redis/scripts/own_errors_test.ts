import { mayReplyOwnErrors } from "../../../../src/redis/scripts/own_errors.ts";
import { assert, assertEquals } from "../../../deps.ts";

const CANNOT = [
  "return 1",
  "return redis.call('incrby',KEYS[1],ARGV[1])",
  'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end',
  "local current = redis.call('incr', KEYS[1])\nif current == 1 then redis.call('expire', KEYS[1], ARGV[1]) end\nreturn current",
  "for i = 1, #KEYS do redis.call('del', KEYS[i]) end -- a comment's [\nreturn #KEYS",
  "return {KEYS[1], ARGV[1], KEYS[2]}",
  "return {redis.call('incr', KEYS[1]), ARGV[1]}",
  "local t = {} for i, v in ipairs(KEYS) do table.insert(t, v) end return t",
  "return redis.status_reply('NOSCRIPT [err]')",
  "return 'it\\'s \"quoted\"'",
  "return 1 -- one\r\nlocal x = 2 -- two\rlocal y = 3",
  "#!lua flags=no-writes\nreturn redis.pcall('get', KEYS[1])",
];

const MIGHT = [
  "#!js name=x\nreturn 1",
  "#!luau\nreturn 1",
  "return redis.error_reply('NO'..'SCRIPT')",
  "return {err = 'NOSCRIPT'}",
  "return {['err'] = 'x'}",
  "local t = {} t[ARGV[1]] = ARGV[2] return t",
  "ARGV[ARGV[1]] = ARGV[2] return ARGV",
  "ARGV[ARGV[1]] , x = ARGV[2], 1 return ARGV",
  "x, ARGV[ARGV[1]] = 1, ARGV[2] return ARGV",
  "return cjson.decode(ARGV[1])",
  "return cmsgpack.unpack(ARGV[1])",
  "return loadstring(ARGV[1])()",
  "redis.setresp(3) return redis.call('hgetall', KEYS[1]).map",
  "return redis['e'..'rror_reply'](ARGV[1])",
  "local r = redis return r.call('get', KEYS[1])",
  "for name, f in pairs (redis) do if #name == 11 then return f(ARGV[1]) end end",
  "local n, f = next(redis)",
  "return _G[ARGV[1]]",
  "return getfenv()",
  "rawset(KEYS, ARGV[1], ARGV[2]) return KEYS",
  "return setmetatable({}, KEYS)",
  "return [[long]]",
  "--[[ long ]] return 1",
  "return 'open",
  "return 1 --x\rreturn {err='x'}",
  "-- c\rreturn redis.error_reply(ARGV[1])",
  "--[=x\rreturn {err='x'}",
  `--[${"=".repeat(70)}[\n' ]${"=".repeat(70)}] return {err=ARGV[1]} --'`,
  `return KEYS[${"=".repeat(3)}[x]===]`,
  "return KEYS[[1]]",
  "return [==[x]==]",
  "local x; (function() ARGV[ARGV[1]], x = ARGV[2], 1 end)() return ARGV",
  "local t={function() ARGV['err'], x = '', 1 end}",
  "return 'a\rb'",
  "return 1 -- \0",
  "return 1\0",
  `'${"\\'".repeat(8_000)}`,
  "error({err='x'})",
  `return 1 -- ${"x".repeat(17_000)}`,
  `KEYS[1]${" ".repeat(100)}= 1`,
];

Deno.test("scripts without a way to name a field cannot", () => {
  for (const body of CANNOT) assertEquals(mayReplyOwnErrors(body), false, body);
});

Deno.test("whatever can, or is not understood, might", () => {
  for (const body of MIGHT) assertEquals(mayReplyOwnErrors(body), true, body.slice(0, 100));
});

Deno.test("no body takes long to look at", () => {
  const began = performance.now();
  for (const piece of ["\\'", "'", "--", "[", "]", "KEYS [", "redis ", " ", "ARGV[1] "]) {
    mayReplyOwnErrors(piece.repeat(Math.floor(16_000 / piece.length)));
    mayReplyOwnErrors(`'${piece.repeat(Math.floor(16_000 / piece.length))}`);
  }
  // A quadratic one took a second for a single body.
  assert(performance.now() - began < 1_000);
});
