import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { ClientLines } from "../../../../src/redis/client/client_line.ts";
import { ClientMarks } from "../../../../src/redis/client/client_marks.ts";
import { Login } from "../../../../src/redis/login/mod.ts";
import { assertEquals } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { redisContext } from "../../../support/rigs/redis_context.ts";

Deno.test("a line has the fields of Redis 7.0 in its order, and those of the library", () => {
  using rig = new CoreRig();
  const context = redisContext(rig);
  const marks = new ClientMarks();
  const client = new LocalRigClient(3);
  const lines = new ClientLines(context, marks, new Login(context));
  marks.libraries.set(client, { name: "some-lib", version: "1.2" });
  marks.noEvict.add(client);
  Object.assign(client.buffer, { pending: 26, roomBytes: 486 });
  client.output.waitingBytes = 100;
  rig.clock.advance(3_000);
  const facts = lines.facts(client);
  assertEquals(facts.ip, "10.0.0.9");
  const line = lines.describe(client, facts).replace(/age=\d+ idle=\d+/, "age=? idle=?");
  assertEquals(
    line,
    `id=7 addr=10.0.0.9:50007 laddr=${facts.localAddress} fd=0 name= age=? idle=? flags=e db=0 ` +
      "sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=486 argv-mem=0 multi-mem=0 rbs=0 rbp=0 " +
      "obl=0 oll=0 omem=100 tot-mem=612 events=rw cmd=NULL user=default redir=-1 resp=3 " +
      "lib-name=some-lib lib-ver=1.2",
  );
});

Deno.test("an address of IPv6 is one without brackets and port", () => {
  using rig = new CoreRig();
  const context = redisContext(rig);
  const lines = new ClientLines(context, new ClientMarks(), new Login(context));
  const client = Object.assign(new LocalRigClient(), { peer: tcpEndpoint("2001:db8::1", 5000) });
  assertEquals(lines.facts(client).ip, "2001:db8::1");
});
