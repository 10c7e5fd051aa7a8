/**
 * Which texts clients can be told as an address.
 *
 * @module
 */
import {
  advertisableHost,
  isAdvertisable,
  needsAdvertisedAddress,
  needsMachineAddress,
} from "../../../src/config/advertisable.ts";
import { assertEquals } from "../../deps.ts";
import { configOf, redisText, slotsText } from "./load_text.ts";

Deno.test("isAdvertisable() takes one address that can be connected to", () => {
  const good = ["10.0.0.1", "127.0.0.1", "223.255.255.255", "::1", "2001:db8::1"];
  const bad = [
    "",
    "0.0.0.0",
    "::",
    "0::0",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "host",
    "1.2.3",
  ];
  assertEquals(good.filter((text) => !isAdvertisable(text)), []);
  assertEquals(bad.filter(isAdvertisable), []);
});

Deno.test("advertisableHost() counts a host name as not set", () => {
  assertEquals(["10.0.0.1", "laptop", undefined].map(advertisableHost), [
    "10.0.0.1",
    undefined,
    undefined,
  ]);
});

Deno.test("needsAdvertisedAddress() is for Redis Cluster", () => {
  assertEquals(needsAdvertisedAddress(configOf(redisText())), false);
  assertEquals(needsAdvertisedAddress(configOf(slotsText())), true);
});

Deno.test("needsMachineAddress() is for a Redis Cluster that listens at no address in particular", () => {
  const needs = (text: string, listen: string) =>
    needsMachineAddress(configOf(text.replace("127.0.0.1:9001", listen)));
  assertEquals(needs(slotsText(), "127.0.0.1:9001"), false);
  assertEquals(needs(redisText(), "0.0.0.0:9001"), false);
  for (const listen of ["0.0.0.0:9001", "[::]:9001", "unix:/run/aster.sock"]) {
    assertEquals(needs(slotsText(), listen), true, listen);
  }
});
