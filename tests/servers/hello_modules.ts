/**
 * What HELLO says of modules: they are the servers' own business, and the proxy says nothing of them. Valkey has its Lua
 * engine in one, Redis 8 its vector sets.
 *
 * @module
 */

const OWN_MODULE = new RegExp(
  [
    ...["(?<=\\$7\r\nmodules\r\n)\\*1", "(?:%4|\\*8)", "\\$4\r\nname"],
    ...["\\$\\d\r\n(?:lua|vectorset)", "\\$3\r\nver"],
    ...[":1", "\\$4\r\npath", "\\$\\d\r\n(?:lua)?", "\\$4\r\nargs", "\\*0\r\n"],
  ].join("\r\n"),
  "g",
);

/** Replies with the module that a server has of its own taken out of those to HELLO. */
export function withoutModules(replies: string): string {
  return replies.replaceAll(OWN_MODULE, "*0\r\n");
}
