import { errorName } from "../../../../src/net/deno/error_name.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("an error's code is its name", () => {
  assertEquals(errorName(Object.assign(new Error("x"), { code: "EMFILE" })), "EMFILE");
  const refused = Object.assign(new Deno.errors.ConnectionRefused("x"), { code: "ECONNREFUSED" });
  assertEquals(errorName(refused), "ECONNREFUSED");
});

Deno.test("without a code Deno's class says what it is", () => {
  assertEquals(errorName(new Deno.errors.NotConnected("x")), "ENOTCONN");
  assertEquals(errorName(new Deno.errors.AddrNotAvailable("x")), "EADDRNOTAVAIL");
});

Deno.test("what is no error of the system has no name", () => {
  for (const error of [new Error("x"), new Deno.errors.NotCapable("x"), "text", null]) {
    assertEquals(errorName(error), undefined);
  }
});

Deno.test("Deno names the error of a real refusal", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error = await Deno.connect({ hostname: "127.0.0.1", port }).catch((error) => error);
  assertEquals(errorName(error), "ECONNREFUSED");
});
