import { allowsAddress, isSubnet, parseNetworkEntry } from "../../../src/config/network_list.ts";
import { assertEquals } from "../../deps.ts";

const right = [
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["192.0.2.7/32", "192.0.2.7/32"],
  ["cache.example", "cache.example"],
  ["cache.example:6379", "cache.example:6379"],
  ["10.0.0.1", "10.0.0.1"],
  ["[::1]", "[::1]"],
  ["[::1]:6379", "[::1]:6379"],
] as const;
for (const [text, entry] of right) {
  Deno.test(`parseNetworkEntry() takes ${text}`, () => {
    assertEquals(parseNetworkEntry(text), { value: entry, fault: null });
  });
}

const wrong = [
  ["", "the host is missing"],
  ["10.0.0.0/33", "what is behind the / is not from 0 to 32"],
  ["10.0.0.0/8/8", "what is behind the / is not from 0 to 32"],
  ["10.0.0.0/", "what is behind the / is not from 0 to 32"],
  ["cache.example/8", "what is before the / is not an IPv4 address"],
  ["[fe80::]/10", "subnets of IPv6 are not known to Deno's permissions: name hosts instead"],
  ["192.0.2.7/31", "the address has bits behind its 31: 192.0.2.6/31 is that subnet"],
  ["a b", "it contains a space"],
  ["::1", "an IPv6 address is written in brackets: [::1]:6379"],
  ["a:70000", "the port is not from 1 to 65535"],
] as const;
for (const [text, fault] of wrong) {
  Deno.test(`parseNetworkEntry() refuses "${text}"`, () => {
    assertEquals(parseNetworkEntry(text), { value: null, fault });
  });
}

const allowed: [entry: string, address: string, isAllowed: boolean][] = [
  ["10.0.0.0/8", "10.255.255.255:1", true],
  ["10.0.0.0/8", "11.0.0.0:1", false],
  ["192.0.2.128/25", "192.0.2.129:1", true],
  ["192.0.2.128/25", "192.0.2.127:1", false],
  ["0.0.0.0/0", "203.0.113.9:1", true],
  ["0.0.0.0/0", "[::1]:1", false],
  ["0.0.0.0/0", "cache.example:1", false],
  ["cache.example", "cache.example:1", true],
  ["cache.example:2", "cache.example:1", false],
  ["cache.example:1", "cache.example:1", true],
  ["[::1]", "[::1]:1", true],
];
for (const [entry, address, isAllowed] of allowed) {
  Deno.test(`${entry} ${isAllowed ? "allows" : "does not allow"} ${address}`, () => {
    assertEquals(allowsAddress(entry, address), isAllowed);
    assertEquals(isSubnet(entry), entry.includes("/"));
  });
}
