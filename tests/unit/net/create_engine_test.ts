import { Clock } from "../../../src/clock.ts";
import { createEngine } from "../../../src/net/create_engine.ts";
import { DenoEngine } from "../../../src/net/deno/deno_engine.ts";
import { EpollEngine } from "../../../src/net/epoll/epoll_engine.ts";
import { openDescriptors } from "../../support/tools/descriptors.ts";
import { libcPath } from "../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../support/tools/sanitized.ts";
import { assert, assertEquals, assertThrows } from "../../deps.ts";

sanitizedTest("createEngine() makes the engine that was chosen, and no other", () => {
  const deno = createEngine({ engine: "deno" }, new Clock());
  assert(deno instanceof DenoEngine, "Deno's");
  deno.close();
  const before = openDescriptors().size;
  const epoll = createEngine({ engine: "epoll", libcPath }, new Clock());
  assert(epoll instanceof EpollEngine, "that on epoll");
  epoll.close();
  assertEquals(openDescriptors().size, before);
});

sanitizedTest("an engine that cannot run is an error, and never another engine", () => {
  const choice = { engine: "epoll", libcPath: "/no/such/libc.so.6" } as const;
  assertThrows(() => createEngine(choice, new Clock()), Error);
});

Deno.test({
  name: "an engine that may not run is refused by Deno",
  permissions: { ffi: false },
  fn() {
    const create = () => createEngine({ engine: "epoll", libcPath }, new Clock());
    assertThrows(create, Deno.errors.NotCapable);
  },
});
