/**
 * What users of memcache clients may do, over lines and packets.
 *
 * @module
 */
import type { UserLimits } from "../../../../src/config/config.ts";
import { MemcachePermissions } from "../../../../src/memcached/access/permissions.ts";
import { createMemcacheProtocol } from "../../../../src/protocol/memcache/mod.ts";
import { ruledMemcacheCommands } from "../../../../src/protocol/memcache/ruled.ts";
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { limitedUser } from "../../../support/rigs/user_config.ts";
import { request } from "../../protocol/memcache/binary/packets.ts";
import { toBytes } from "../../protocol/memcache/parse_stream.ts";

const protocol = createMemcacheProtocol();

function permissions(limits: Partial<UserLimits> | null, denyCommands: string[] = []) {
  const known = limits === null ? null : limitedUser("a", limits).limits;
  return new MemcachePermissions(known, denyCommands, ruledMemcacheCommands(), false);
}

function judge(known: MemcachePermissions, text: string): string {
  const bytes = toBytes(text);
  const frame = new RequestFrame();
  protocol.dialectOf!(bytes[0]!).createRequestParser(frame).parse(bytes, 0, bytes.length);
  assertEquals(frame.refusal, null, text);
  const denial = known.judge(frame, bytes);
  return denial === null ? "" : `${denial.reason} ${denial.object}`;
}

function judgeLines(known: MemcachePermissions, lines: string): string[] {
  return lines.split("|").map((line) => judge(known, `${line.replace("/", "\r\n")}\r\n`));
}

const SET = { extras: "\0".repeat(8), value: "v" };

Deno.test("without limits nothing is looked at", () => {
  assertEquals(permissions(null).areWhole, true);
  assertEquals(permissions(null, ["flush_all"]).areWhole, false);
  assertEquals(permissions({ readOnly: true }).areWhole, false);
});

Deno.test("keys by patterns, all of a request, in base64 too", () => {
  const limited = permissions({ keyPatterns: ["a:*"] });
  const lines =
    "get a:1|get a:1 b|set b 0 0 1/x|gat 0 a:1 b|incr a:1 1|mg b v|mg YTox b v|mg Yg== b v|" +
    "ms b 1/x|flush_all|verbosity 1|stats|stats items|version|mn|quit";
  assertEquals(judgeLines(limited, lines), [
    ...["", "key b", "key b", "key b", "", "key b", "", "key b", "key b", "command flush_all"],
    ...["command verbosity", "", "command stats", "", "", ""],
  ]);
  const get = (key: string) => judge(limited, request({ operation: 0x00, key }));
  assertEquals([get("a:1"), get("b")], ["", "key b"]);
  assertEquals(judge(limited, request({ operation: 0x11, key: "b", ...SET })), "key b");
  assertEquals(judge(limited, request({ operation: 0x18 })), "command flush_all");
  assertEquals(judge(limited, request({ operation: 0x10, key: "cachedump 1 0" })), "command stats");
});

Deno.test("a reader only reads", () => {
  const reader = permissions({ readOnly: true });
  const lines = "get k|gets k|gat 0 k|set k 0 0 1/x|mg k v|mg k v T60|ms k 1/x|stats|stats items|" +
    "stats reset|flush_all|touch k 0";
  assertEquals(judgeLines(reader, lines).map((denial) => denial === ""), [
    ...[true, true, false, false, true, false, false, true, true, false, false, false],
  ]);
  const packet = (operation: number) => judge(reader, request({ operation, key: "k", ...SET }));
  assertEquals(packet(0x01), "command set");
  assertEquals(judge(reader, request({ operation: 0x0d, key: "k" })), "");
});

Deno.test("statistics that tell of everybody's requests are administration", () => {
  const lines = "stats|stats items|stats slowlog|stats hotkeys|stats detail on|stats reset";
  const allowed = (limits: Partial<UserLimits>, text = lines) =>
    judgeLines(permissions(limits), text).map((denial) => denial === "");
  assertEquals(allowed({ readOnly: true }), [true, true, false, false, false, false]);
  const ruled = { commands: ["stats"], readOnly: true };
  assertEquals(allowed(ruled, `${lines}|stats slowlog  reset`), [
    ...[true, true, true, true, false, false, false],
  ]);
  const packet = (key: string) =>
    judge(permissions({ readOnly: true }), request({ operation: 0x10, key }));
  assertEquals([packet("detail on"), packet("items")], ["command stats", ""]);
});

Deno.test("commands by their rules, packets as lines", () => {
  const limited = permissions({ commands: ["@read", "set", "-gets"] });
  assertEquals(
    judgeLines(limited, "get k|gets k|set k 0 0 1/x|add k 0 0 1/x|mg k v|mg k T60|version"),
    [
      ...["", "command gets", "", "command add", "", "command mg", ""],
    ],
  );
  assertEquals(judge(limited, request({ operation: 0x11, key: "k", ...SET })), "");
  assertEquals(judge(limited, request({ operation: 0x12, key: "k", ...SET })), "command add");
  const touching = permissions({ commands: ["mg", "touch"] });
  assertEquals(judgeLines(touching, "mg k T60|mg k v"), ["", ""]);
});

Deno.test("what a key is used for", () => {
  const limited = permissions({ keyPatterns: ["%R~r:*"] });
  assertEquals(judgeLines(limited, "get r:1|set r:1 0 0 1/x|mg r:1 v|mg r:1 T60"), [
    ...["", "key r:1", "", "key r:1"],
  ]);
});

Deno.test("denied commands are denied to everybody", () => {
  const everybody = permissions(null, ["flush_all", "@admin", "version"]);
  assertEquals(judgeLines(everybody, "flush_all|verbosity 1|version|get k"), [
    ...["command flush_all", "command verbosity", "command version", ""],
  ]);
  assertEquals(judge(everybody, request({ operation: 0x08 })), "command flush_all");
});
