import type { Failure } from "../../../../src/failure.ts";
import {
  AF_INET,
  AF_INET6,
  EAI_AGAIN,
  EAI_MEMORY,
  EAI_NONAME,
  EAI_SYSTEM,
  EMFILE,
  sockaddrLayout,
} from "../../../../src/net/epoll/libc.ts";
import {
  familyOf,
  NameLookup,
  portOf,
  type SocketAddressBytes,
} from "../../../../src/net/epoll/name_lookup.ts";
import type { System } from "../../../../src/net/epoll/system.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { openSystem } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals } from "../../../deps.ts";

const names = new NameLookup(openSystem());

/** Where the address itself begins: `netinet/in.h`. */
const IPV4_AT = 4;
const IPV6_AT = 8;

sanitizedTest("an IPv4 address is itself, with the port in network byte order", () => {
  const address = names.numeric("192.0.2.1", 0x1234)!;
  assertEquals([familyOf(address), address.length], [AF_INET, sockaddrLayout.sizeIpv4]);
  assertEquals([...address.subarray(IPV4_AT, IPV4_AT + 4)], [192, 0, 2, 1]);
  assertEquals([address[2], address[3]], [0x12, 0x34]);
});

sanitizedTest("an IPv6 address is itself, with the port in network byte order", () => {
  const address = names.numeric("2001:db8::1:2", 0xfffe)!;
  assertEquals([familyOf(address), address.length], [AF_INET6, sockaddrLayout.sizeIpv6]);
  const expected = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2];
  assertEquals([...address.subarray(IPV6_AT, IPV6_AT + 16)], expected);
  assertEquals([address[2], address[3]], [0xff, 0xfe]);
});

sanitizedTest("every port comes back as it went in", () => {
  for (const port of [0, 1, 255, 256, 6379, 32_768, 65_535]) {
    for (const hostname of ["127.0.0.1", "::1"]) {
      assertEquals(portOf(names.numeric(hostname, port)!), port);
    }
  }
});

sanitizedTest("a name is no address", () => {
  for (const name of ["localhost", "no-such-host.invalid", "", "127.0.0.1\0", "1.2.3.4.5"]) {
    assertEquals(names.numeric(name, 7000), null, JSON.stringify(name));
  }
});

sanitizedTest("a name has the addresses that this machine gives it, each once", async () => {
  const found = await addressesOf(names.toConnect("localhost", 7000));
  const texts = found.map((address) => address.join());
  assert(texts.length > 0, "localhost has an address");
  assertEquals(texts.length, new Set(texts).size);
  for (const address of found) {
    assertEquals(portOf(address), 7000);
    const isIpv4 = familyOf(address) === AF_INET;
    if (isIpv4) assertEquals(address[IPV4_AT], 127);
    else assertEquals([familyOf(address), address[IPV6_AT + 15]], [AF_INET6, 1]);
  }
  assertEquals(names.toListen("localhost", 7000).map(familyOf).sort(), found.map(familyOf).sort());
});

sanitizedTest("looking up an address gives the address", async () => {
  const [address, ...others] = await addressesOf(names.toConnect("127.0.0.1", 7000));
  assertEquals([address, others], [names.numeric("127.0.0.1", 7000), []]);
  assertEquals(names.toListen("127.0.0.1", 7000), [address]);
});

sanitizedTest("an unknown name has no addresses", async () => {
  const unknown = ["no-such-host.invalid", "x".repeat(300)];
  for (const name of unknown) {
    assertEquals(await names.toConnect(name, 7000), [], name);
    assertEquals(names.toListen(name, 7000), [], name);
  }
});

sanitizedTest("a name with an embedded NUL is not cut to another one", async () => {
  for (const name of ["localhost\0.example", "127.0.0.1\0x", "\0"]) {
    assertEquals(await names.toConnect(name, 7000), []);
    assertEquals([names.toListen(name, 7000), names.numeric(name, 7000)], [[], null]);
  }
});

sanitizedTest("many lookups at once each get their own answer", async () => {
  const count = 40;
  const found = await Promise.all(
    Array.from(
      { length: count },
      (_, index) => addressesOf(names.toConnect(`127.0.0.${index + 1}`, index)),
    ),
  );
  assertEquals(
    found.map(([address]) => [address![IPV4_AT + 3], portOf(address!)]),
    found.map((_, index) => [index + 1, index]),
  );
});

sanitizedTest(
  "names that are never answered take a part of the threads, and each only one",
  async () => {
    const answers: (() => void)[] = [];
    let lookups = 0;
    const libc = {
      getaddrinfo_elsewhere() {
        lookups += 1;
        return new Promise<number>((resolve) => answers.push(() => resolve(EAI_NONAME)));
      },
    };
    const lookup = new NameLookup({ libc } as unknown as System);
    const outcomes = Array.from(
      { length: 40 },
      (_, index) => lookup.toConnect(`name-${index % 20}`, 7000),
    );
    await turn();
    assertEquals(lookups, 8);
    while (answers.length > 0) {
      assert(answers.length <= 8, `${answers.length} at a time`);
      answers.shift()!();
      await turn();
    }
    assertEquals([lookups, await Promise.all(outcomes)], [20, outcomes.map(() => [])]);
  },
);

sanitizedTest(
  "what keeps a name from being looked up is told apart from its being unknown",
  async () => {
    const results: [number, number, string[]][] = [
      [EAI_NONAME, 9, []],
      [EAI_AGAIN, 9, ["name_lookup_failed"]],
      [EAI_MEMORY, 9, ["out_of_memory"]],
      [EAI_SYSTEM, 9, ["name_lookup_failed"]],
      [EAI_SYSTEM, -EMFILE, ["too_many_open_files"]],
    ];
    for (const [result, opened, expected] of results) {
      const closed: number[] = [];
      const lookup = new NameLookup({
        libc: { getaddrinfo_elsewhere: () => Promise.resolve(result) },
        openSocket: () => opened,
        close: (descriptor: number) => closed.push(descriptor),
      } as unknown as System);
      const found = await lookup.toConnect("name", 7000);
      assertEquals("name" in found ? [found.name] : found, expected);
      assertEquals(closed, result === EAI_SYSTEM && opened > 0 ? [opened] : []);
    }
  },
);

async function addressesOf(
  lookup: Promise<SocketAddressBytes[] | Failure>,
): Promise<SocketAddressBytes[]> {
  const found = await lookup;
  if ("name" in found) throw new Error(found.text);
  return found;
}
