import { assertEquals } from "../../deps.ts";
import { chooseAdvertisedAddress } from "../../../src/supervisor/advertised_address.ts";

const interfaces = () => [
  { family: "IPv4" as const, address: "127.0.0.1" },
  { family: "IPv6" as const, address: "fe80::1" },
  { family: "IPv4" as const, address: "192.0.2.7" },
  { family: "IPv4" as const, address: "192.0.2.8" },
];

Deno.test("chooseAdvertisedAddress() prefers the flag, then HOST", () => {
  assertEquals(chooseAdvertisedAddress({ flag: "192.0.2.1", host: "h", interfaces }), "192.0.2.1");
  assertEquals(chooseAdvertisedAddress({ flag: null, host: "192.0.2.2", interfaces }), "192.0.2.2");
});

Deno.test("chooseAdvertisedAddress() takes the first IPv4 that is not loopback, else loopback", () => {
  assertEquals(chooseAdvertisedAddress({ flag: null, host: undefined, interfaces }), "192.0.2.7");
  assertEquals(chooseAdvertisedAddress({ flag: null, host: "", interfaces }), "192.0.2.7");
  assertEquals(chooseAdvertisedAddress({ flag: null, host: "my-pc", interfaces }), "192.0.2.7");
  const none = () => [];
  assertEquals(
    chooseAdvertisedAddress({ flag: null, host: undefined, interfaces: none }),
    "127.0.0.1",
  );
});
