/**
 * Copies of requests are what a backend shall see.
 *
 * @module
 */
import { RequestFrame } from "../../../../src/protocol/protocol.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { RequestDescriber } from "../../../../src/protocol/resp/parse/request_describer.ts";
import { RespRequestParser } from "../../../../src/protocol/resp/parse/request_parser.ts";
import { LocalRequest } from "../../../../src/redis/core/local_request.ts";
import { copyRequest } from "../../../../src/redis/core/request_copy.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

const REQUEST = "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";

for (const sent of [REQUEST, "ECHO hi\r\n", `ECHO "h\\x69"\r\n`]) {
  Deno.test(`${JSON.stringify(sent)} is copied in the form of all requests`, () => {
    const bytes = new TextEncoder().encode(`noise${sent}more`);
    const frame = new RequestFrame();
    new RespRequestParser(frame, new RequestDescriber(respCommands)).parse(bytes, 5, bytes.length);
    const copy = copyRequest(new LocalRequest(new LocalRigClient(), frame, bytes));
    bytes.fill(0);
    assertEquals(new TextDecoder().decode(copy), REQUEST);
  });
}
