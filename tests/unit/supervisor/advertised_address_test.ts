import { assertEquals } from "../../deps.ts";
import { chooseAdvertisedAddress } from "../../../src/supervisor/advertised_address.ts";

const interfaces = () => [
  { family: "IPv4" as const, address: "127.0.0.1" },
  { family: "IPv6" as const, address: "fe80::1" },
  { family: "IPv4" as const, address: "192.0.2.7" },
  { family: "IPv4" as const, address: "192.0.2.8" },
];

/** The choice, with what the environment has as `HOST`. */
function choose(flag: string | null, host: string | undefined, found = interfaces) {
  return chooseAdvertisedAddress({ flag, host, interfaces: found });
}

Deno.test("chooseAdvertisedAddress() prefers the flag, then HOST: both are explicit", () => {
  assertEquals(choose("192.0.2.1", "h"), { address: "192.0.2.1", isExplicit: true });
  assertEquals(choose("192.0.2.1", "192.0.2.2").address, "192.0.2.1");
  assertEquals(choose(null, "192.0.2.2"), { address: "192.0.2.2", isExplicit: true });
});

Deno.test("chooseAdvertisedAddress() takes the first IPv4 that is not loopback, else loopback", () => {
  for (const host of [undefined, "", "my-pc"]) {
    assertEquals(choose(null, host), { address: "192.0.2.7", isExplicit: false });
  }
  assertEquals(choose(null, undefined, () => []), { address: "127.0.0.1", isExplicit: false });
});
