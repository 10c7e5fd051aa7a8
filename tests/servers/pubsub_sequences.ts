/**
 * What subscribers may send, step by step, as one server answers it.
 *
 * @module
 */
import { withoutModules } from "./hello_modules.ts";
import { RawClient, word } from "./raw_client.ts";

/** Sequences of commands, each separated by `;`, whose bytes are those of a direct server. */
export const SUBSCRIBER_SEQUENCES: readonly string[] = [
  "SUBSCRIBE a",
  "SUBSCRIBE a b c",
  "SUBSCRIBE a a",
  "SUBSCRIBE a;SUBSCRIBE a;UNSUBSCRIBE a;UNSUBSCRIBE a",
  "SUBSCRIBE",
  "PSUBSCRIBE",
  "SSUBSCRIBE",
  "PSUBSCRIBE a*",
  "PSUBSCRIBE a* a* [b]",
  "SUBSCRIBE a;PSUBSCRIBE a*;SSUBSCRIBE a",
  "SSUBSCRIBE a b;SUBSCRIBE c;SUNSUBSCRIBE b;SUNSUBSCRIBE a;UNSUBSCRIBE c",
  "UNSUBSCRIBE",
  "PUNSUBSCRIBE",
  "SUNSUBSCRIBE",
  "UNSUBSCRIBE a b",
  "PUNSUBSCRIBE a b",
  "SUNSUBSCRIBE a",
  "SUBSCRIBE a;UNSUBSCRIBE b a",
  "PSUBSCRIBE a;UNSUBSCRIBE;PUNSUBSCRIBE",
  "SUBSCRIBE a;PUNSUBSCRIBE;UNSUBSCRIBE",
  "SUBSCRIBE a;SUNSUBSCRIBE;UNSUBSCRIBE",
  "SSUBSCRIBE a;UNSUBSCRIBE;SUNSUBSCRIBE",
  "SUBSCRIBE a;PING;PING x;PING x y",
  "SSUBSCRIBE a;PING;SUNSUBSCRIBE;PING",
  "SUBSCRIBE a;GET a;SET a 1;NOSUCH;GET;get a b",
  "PSUBSCRIBE a*;GET a;PUNSUBSCRIBE;GET a",
  "SSUBSCRIBE a;GET a;SUNSUBSCRIBE;GET a",
  "SUBSCRIBE a;RESET;GET a;UNSUBSCRIBE",
  "SUBSCRIBE a;PSUBSCRIBE b;SSUBSCRIBE c;RESET;PING;PUBSUB CHANNELS;PUBSUB NUMPAT",
  "SUBSCRIBE \xff\0\r\n;UNSUBSCRIBE \xff\0\r\n",
  "SUBSCRIBE ;UNSUBSCRIBE ",
  "PUBLISH;PUBLISH a;PUBLISH a b c;SPUBLISH;SPUBLISH a;PUBLISH a b;SPUBLISH a b",
  "PUBSUB;PUBSUB nosuch;PUBSUB CHANNELS a b;PUBSUB NUMPAT x;PUBSUB HELP;PUBSUB HELP x",
  "PUBSUB CHANNELS;PUBSUB NUMPAT;PUBSUB NUMSUB;PUBSUB NUMSUB a b;PUBSUB SHARDNUMSUB a",
  "PUBSUB SHARDCHANNELS;PUBSUB SHARDCHANNELS a b;PUBSUB SHARDNUMSUB;PUBSUB SHARDCHANNELS x",
  "CLIENT REPLY OFF;SUBSCRIBE a;GET x;UNSUBSCRIBE a;CLIENT REPLY ON",
  "CLIENT REPLY SKIP;SUBSCRIBE a;UNSUBSCRIBE a;GET a",
  "GET a;SUBSCRIBE a;UNSUBSCRIBE;GET a;SUBSCRIBE b;UNSUBSCRIBE;GET a",
  "SUBSCRIBE a;HELLO 2;UNSUBSCRIBE;SUBSCRIBE a",
  "subscribe A;Ping;unsubscribe A;ping",
  "SUBSCRIBE a;SUBSCRIBE;PSUBSCRIBE;UNSUBSCRIBE x y z",
];

/** Those with what a subscriber may not send in RESP2. */
export const RESP2_SEQUENCES: readonly string[] = [
  "SUBSCRIBE a;CLIENT ID;CONFIG GET x;MULTI;EXEC;COMMAND;XINFO STREAM a;OBJECT ENCODING a",
  "SUBSCRIBE a;ECHO x;TIME x;SELECT 0;AUTH x;INFO;UNSUBSCRIBE",
  "SUBSCRIBE a;PUBLISH a x;SPUBLISH a x;PUBSUB NUMPAT;UNSUBSCRIBE;PUBLISH a x",
];

/** Those that only a client in RESP3 may send. */
export const RESP3_SEQUENCES: readonly string[] = [
  "SUBSCRIBE a;GET a;SET a 1;GET a;DEL a;PING;PING x",
  "SUBSCRIBE a;PUBSUB CHANNELS;PUBSUB NUMSUB a b;PSUBSCRIBE x*;PUBSUB NUMPAT;PUBSUB CHANNELS [b]",
  "SSUBSCRIBE a;PUBSUB SHARDCHANNELS;PUBSUB SHARDNUMSUB a b;PUBSUB CHANNELS",
  "SUBSCRIBE a b;PUBSUB NUMSUB a a b x a;SSUBSCRIBE a;PUBSUB SHARDNUMSUB a a;PUBSUB NUMSUB",
  "SUBSCRIBE a;HELLO 2;GET a;PING;UNSUBSCRIBE;GET a",
  "SUBSCRIBE a;RESET;GET a;SUBSCRIBE a;GET a",
];

/** The lines that a sequence is answered with, sent in one go on a new connection; ids of clients are left out. */
export async function bytesOf(port: number, version: 2 | 3, sequence: string): Promise<string[]> {
  const commands = sequence.split(";").map((command) => command.split(" ").map(word));
  using client = await RawClient.connect(port, version);
  const replies = await client.askUntilClosed(...commands, [word("RESET")], [word("QUIT")]);
  return withoutModules(replies.replaceAll(/(\$2\r\nid\r\n):\d+/g, "$1")).split("\r\n");
}
