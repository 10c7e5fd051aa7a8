/**
 * What the proxy answers memcache clients itself.
 *
 * @module
 */
import { encodeText } from "../protocol/memcache/ascii.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import type { LocalAnswers, LocalClient } from "../session/features.ts";

/**
 * The version that clients are told. Client libraries read three numbers and nothing behind them
 * (`memcached` for Node fails on more), and take from them what the server can do: 1.5.22 is the last
 * memcached with the classic commands (`gat` included) and without the meta commands, which is what
 * this proxy has.
 */
export const REPORTED_VERSION = "1.5.22";

const VERSION = encodeText(`VERSION ${REPORTED_VERSION}\r\n`);
const OK = encodeText("OK\r\n");
const NOTHING = new Uint8Array(0);

/** Makes the local answers of a memcache cluster. */
export function createMemcacheAnswers(): LocalAnswers {
  return { clientConnected: () => {}, answer, stop: () => {} };
}

function answer(client: LocalClient, frame: RequestFrame, _bytes: Uint8Array): boolean {
  switch (frame.row!.name) {
    case "version":
      return give(client, frame, VERSION);
    case "verbosity":
      // The servers' verbosity is theirs; the word is accepted since libraries offer it.
      return give(client, frame, OK);
    case "quit":
      client.closeWhenAnswered();
      return give(client, frame, NOTHING);
    default:
      throw new Error(`Cannot answer "${frame.row!.name}": it is not a local command`);
  }
}

function give(client: LocalClient, frame: RequestFrame, reply: Uint8Array): true {
  const bytes = frame.isQuiet ? NOTHING : reply;
  client.reply(bytes, 0, bytes.length);
  return true;
}
