import { addressText } from "../../../../src/net/deno/address_text.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("an address is host:port, IPv6 in brackets", () => {
  const text = (hostname: string) => addressText({ transport: "tcp", hostname, port: 80 });
  assertEquals(["192.0.2.1", "::1", "::ffff:127.0.0.1"].map(text), [
    "192.0.2.1:80",
    "[::1]:80",
    "[::ffff:127.0.0.1]:80",
  ]);
});
