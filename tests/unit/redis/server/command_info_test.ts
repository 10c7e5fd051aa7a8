/**
 * What a server says of commands is passed on, but for what it does not know and what is not served.
 *
 * @module
 */
import { isOfCategory, readDescriptions } from "../../../../src/redis/server/command_info.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

const encode = (text: string) => new TextEncoder().encode(text.replaceAll(" ", "\r\n") + "\r\n");

function read(names: readonly string[], reply: string): Record<string, string> | null {
  const bytes = encode(reply);
  const own = new Map(names.map((name) => [name, encode(`+own_${name}`)]));
  const read = readDescriptions(names, own, bytes, 0, bytes.length);
  return read && Object.fromEntries(
    [...read].map(([name, description]) => [
      name,
      textOf(description).replaceAll("\r\n", " ").trim(),
    ]),
  );
}

const GET = "*10 $3 get :2 ~1 +readonly :1 :1 :1 ~2 +@read +@fast ~0 ~0 *0";

Deno.test("a server's own description, and the proxy's where the server has no such command", () => {
  assertEquals(read(["get", "later"], `*2 ${GET} _`), { get: GET, later: "+own_later" });
  assertEquals(read(["get", "later"], `*2 ${GET} *-1`), { get: GET, later: "+own_later" });
});

Deno.test("subcommands are those that are served, in the server's form of a list", () => {
  const list = "*10 $11 client|list :-2 ~0 :0 :0 :0 ~0 ~0 ~0 *0";
  const client = (subcommands: string) => `*10 $6 client :-2 ~0 :0 :0 :0 ~0 ~0 ~0 ${subcommands}`;
  const other = list.replace("$11 client|list", "$12 client|other");
  for (const type of ["*", "~"]) {
    assertEquals(
      read(["client", "client|list"], `*2 ${client(`${type}2 ${other} ${list}`)} ${list}`),
      { client: client(`${type}1 ${list}`), "client|list": list },
    );
  }
});

Deno.test("descriptions of servers before 7.0 have no subcommands", () => {
  const old = "*7 $6 client :-2 *1 +admin :0 :0 :0 *1 +@admin";
  assertEquals(read(["client", "client|list"], `*2 ${old} *-1`), {
    client: old,
    "client|list": "+own_client|list",
  });
});

Deno.test("what is no such reply is none", () => {
  for (const reply of ["-ERR none", "*1 *-1", "*3 _ _ _", `*2 ${GET}`, `*2 ${GET} *10 :1`]) {
    assertEquals(read(["get", "later"], reply), null);
  }
});

Deno.test("categories are looked for among the categories only", () => {
  const description = encode(GET);
  assert(isOfCategory(description, "@read") && isOfCategory(description, "@fast"));
  assert(!isOfCategory(description, "readonly") && !isOfCategory(description, "@rea"));
});
