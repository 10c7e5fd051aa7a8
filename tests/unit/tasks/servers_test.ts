import { assertEquals, assertRejects } from "../../deps.ts";
import {
  ensureServers,
  findCommand,
  type ServerName,
  ServersMissing,
  TEST_SERVERS,
} from "../../../tasks/servers.ts";

Deno.test("what is there is found, and nothing is installed for it", async () => {
  await ensureServers(TEST_SERVERS, {
    purpose: "A test",
    isAllowed: false,
  });
  assertEquals(findCommand("redis-server")?.endsWith("/redis-server"), true);
  assertEquals(findCommand("no-such-program"), null);
});

Deno.test("what no package manager has must be installed by hand", async () => {
  const unknown = "no-such-server" as ServerName;
  await assertRejects(
    () => ensureServers([unknown], { purpose: "A test", isAllowed: true }),
    ServersMissing,
    "A test needs no-such-server: please install",
  );
});
