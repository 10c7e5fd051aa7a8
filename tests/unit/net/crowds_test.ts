import { tcpEndpoint } from "../../../src/endpoint.ts";
import { CROWD_MIN, Crowds } from "../../../src/net/crowds.ts";
import { assertEquals } from "../../deps.ts";

const [many, few] = [tcpEndpoint("192.0.2.1", 1), tcpEndpoint("192.0.2.2", 1)];

Deno.test("a host with many is a crowd, and the oldest of the largest goes first", () => {
  const crowds = new Crowds<number>();
  assertEquals(crowds.mostExpendable(), undefined);
  assertEquals(crowds.add(-1, few), false);
  for (let member = 0; member < CROWD_MIN; member++) {
    assertEquals(crowds.add(member, tcpEndpoint("192.0.2.1", member)), false);
  }
  assertEquals([crowds.add(1000, many), crowds.add(-2, few)], [true, false]);
  assertEquals(crowds.mostExpendable(), 0);
  crowds.delete(0, many);
  assertEquals(crowds.mostExpendable(), 1);
  for (let member = 1; member < CROWD_MIN; member++) crowds.delete(member, many);
  crowds.delete(1000, many);
  assertEquals(crowds.mostExpendable(), -1);
  // Those of whom nobody can tell are one crowd.
  for (const member of [7, 8, 9]) crowds.add(member, null);
  assertEquals(crowds.mostExpendable(), 7);
});

Deno.test("whoever has a network of IPv6 has all its addresses, and is one host", () => {
  const crowds = new Crowds<number>();
  for (let member = 0; member < CROWD_MIN; member++) {
    assertEquals(crowds.add(member, tcpEndpoint(`2001:db8::${member.toString(16)}`, 1)), false);
  }
  assertEquals(crowds.add(1000, tcpEndpoint("2001:db8::1:2:3:4", 1)), true);
  assertEquals(crowds.add(2000, tcpEndpoint("2001:db8:0:1::1", 1)), false);
  assertEquals(crowds.mostExpendable(), 0);
  crowds.delete(0, tcpEndpoint("2001:db8:0:0::0", 1));
  assertEquals(crowds.mostExpendable(), 1);
});
