/** The words of inline requests beside those a real redis-server 7.0 finds. */
import { assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/servers/redis_server.ts";
import { parse } from "../parse.ts";
import { asBytes, replyLine } from "../redis_reply.ts";

Deno.test("inline requests have the words that redis-server 7.0 finds in them", async () => {
  await using server = await startRedisServer();
  const lines = [
    "echo  plain \r\n",
    "\techo\ta\n",
    'echo "a b"\r\n',
    'echo "\\x41\\n\\r\\t\\b\\a\\q\\"\\\\\\xZZ"\r\n',
    "echo 'a\\'b\\n\"'\r\n",
    'echo pre"fix ed"\r\n',
    'echo ""\r\n',
    "echo \vvertical\v\r\n",
    'echo "\\x00\\x7f"\r\n',
  ];
  for (const line of lines) {
    const reply = await replyLine(server.port, line);
    const bytes = asBytes(line);
    const { frame } = parse(bytes);
    assertEquals(frame.argumentCount, 2, JSON.stringify(line));
    const word = new TextDecoder().decode(
      bytes.subarray(frame.argumentStart(1), frame.argumentEnd(1)),
    );
    const length = frame.argumentEnd(1) - frame.argumentStart(1);
    assertEquals(`$${length}\r\n${word}\r\n`, reply, JSON.stringify(line));
  }
});
