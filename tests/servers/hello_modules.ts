/**
 * What HELLO says of modules: they are the servers' own business, and the proxy says nothing of them. Valkey has its Lua
 * engine in one.
 *
 * @module
 */

const LUA_MODULE = new RegExp(
  [
    ...[
      "(?<=\\$7\r\nmodules\r\n)\\*1",
      "(?:%4|\\*8)",
      "\\$4\r\nname",
      "\\$3\r\nlua",
      "\\$3\r\nver",
    ],
    ...[":1", "\\$4\r\npath", "\\$3\r\nlua", "\\$4\r\nargs", "\\*0\r\n"],
  ].join("\r\n"),
  "g",
);

/** Replies with Valkey's module taken out of those to HELLO. */
export function withoutModules(replies: string): string {
  return replies.replaceAll(LUA_MODULE, "*0\r\n");
}
