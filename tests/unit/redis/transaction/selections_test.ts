/**
 * The database after EXEC is that of the last SELECT that was carried out.
 *
 * @module
 */
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import { databaseAfter } from "../../../../src/redis/transaction/selections.ts";
import { assertEquals } from "../../../deps.ts";

const cases: [reply: string, selections: [number, number][], database: number | null][] = [
  ["*1\r\n+OK\r\n", [[0, 3]], 3],
  ["*3\r\n$2\r\n+O\r\n*2\r\n:1\r\n+OK\r\n+OK\r\n", [[2, 4]], 4],
  ["*2\r\n+OK\r\n-ERR DB index is out of range\r\n", [[0, 5], [1, 99]], 5],
  ["*2\r\n+OK\r\n+OK\r\n", [[0, 5], [1, 6]], 6],
  ["*1\r\n-ERR invalid DB index\r\n", [[0, 1]], null],
  ["*-1\r\n", [[0, 1]], null],
  ["_\r\n", [[0, 1]], null],
];

for (const [reply, selections, database] of cases) {
  Deno.test(`${JSON.stringify(reply)} leaves the client in database ${database}`, () => {
    const bytes = new TextEncoder().encode(`noise${reply}`);
    const list = selections.map(([index, selected]) => ({ index, database: selected }));
    assertEquals(databaseAfter(list, createRespProtocol(), bytes, 5, bytes.length), database);
  });
}
