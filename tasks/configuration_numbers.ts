/**
 * Sentences of docs/configuration.md that have numbers of the code in them. `deno task docs` writes the numbers into
 * the page; the words are the page's own.
 *
 * @module
 */
import { BACKOFF_FIRST_MS, BACKOFF_LONGEST_MS } from "../src/backend/backoff.ts";
import { CIRCUIT_HOLD_LONGEST_MS, CIRCUIT_PROBE_INTERVAL_MS } from "../src/backend/backend.ts";
import { FLAP_HOLD_FIRST_MS, FLAP_HOLD_LONGEST_MS } from "../src/backend/flaps.ts";
import { REQUEST_OBJECTS_BYTES } from "../src/backend/outbox.ts";
import { HAND_OVER_BYTES } from "../src/bytes/chunk_pool.ts";
import { TICK_INTERVAL_MS } from "../src/clock.ts";
import {
  CLUSTERS_LIMIT,
  FILE_CHARACTERS_LIMIT,
  laterKeys,
  WEIGHT_SUM_MAXIMUM,
} from "../src/config/schema.ts";
import { ALIAS_BYTES_LIMIT, SERVER_WEIGHT_MAXIMUM } from "../src/config/server_line.ts";
import { HANDSHAKE_TIMEOUT_MS, HANDSHAKES_MAX } from "../src/net/tls.ts";
import { LINK_PING_INTERVAL_MS } from "../src/redis/pubsub/subscription_link.ts";
import { OUTPUT_SOFT_BYTES } from "../src/session/output_share.ts";
import { UNMEASURED_REQUESTS_MAX } from "../src/session/reply_queue.ts";
import { KEYS_AT_ONCE_MAX } from "../src/session/split_dispatch.ts";
import { FRAGMENTS_IN_FLIGHT_MAX, SPLIT_BYTES_MAX } from "../src/session/split_window.ts";

const MIB = 1024 * 1024;

/** Words of the page, with `{}` where a value of the code stands, and these values. */
export type Sentence = readonly [words: string, ...values: readonly (string | number)[]];

/** All sentences of docs/configuration.md with values of the code in them. */
export const configurationSentences: readonly Sentence[] = [
  ["text in UTF-8, of at most {} characters", FILE_CHARACTERS_LIMIT],
  ["Keys of later features ({}) are accepted", laterKeys.map((key) => `\`${key}\``).join(", ")],
  ["One entry for each front-end address, 1 to {} of them", CLUSTERS_LIMIT],
  ["The weight, 1 to {} and 1 if left out", SERVER_WEIGHT_MAXIMUM],
  ["the weights of a cluster sum up to at most {}.", WEIGHT_SUM_MAXIMUM],
  ["The alias, a word of at most {} bytes", ALIAS_BYTES_LIMIT],
  ["A handshake may take {}, and {} may be", seconds(HANDSHAKE_TIMEOUT_MS), count(HANDSHAKES_MAX)],
  ["Deadlines are looked at every {} ms", TICK_INTERVAL_MS],
  ["a timeout comes up to {} ms late", 2 * TICK_INTERVAL_MS],
  ["While a reply of more than {} KiB is arriving", HAND_OVER_BYTES / 1024],
  ["is pinged after {} of silence", seconds(LINK_PING_INTERVAL_MS)],
  [
    "a moment that grows with each failure, from {} to at most {}.",
    seconds(BACKOFF_FIRST_MS),
    seconds(BACKOFF_LONGEST_MS),
  ],
  ["away for long may be used up to {} after it is back", seconds(BACKOFF_LONGEST_MS)],
  ["It is pinged every {} meanwhile", seconds(CIRCUIT_PROBE_INTERVAL_MS)],
  ["stays away for at least {} although it answers", seconds(FLAP_HOLD_FIRST_MS)],
  ["then for twice as long each time, up to {};", seconds(FLAP_HOLD_LONGEST_MS)],
  ["Behind `circuit_timeouts` alone it is {} at the most", seconds(CIRCUIT_HOLD_LONGEST_MS)],
  ["`max_pipeline`; {} before replies have come", UNMEASURED_REQUESTS_MAX],
  ["in flight, of one cluster in one worker | {} |", count(FRAGMENTS_IN_FLIGHT_MAX)],
  ["values left out, of one cluster in one worker | {} MiB |", SPLIT_BYTES_MAX / MIB],
  ["further requests of more than {} keys wait", count(KEYS_AT_ONCE_MAX)],
  ["| {} MiB, while all clients of the worker leave", OUTPUT_SOFT_BYTES / MIB],
  ["leave `worker_output_limit` above {} MiB each", OUTPUT_SOFT_BYTES / MIB],
  ["unsent bytes for one backend connection, and {} for each request", REQUEST_OBJECTS_BYTES],
  ["Redis Cluster included, and {} for each request in flight", REQUEST_OBJECTS_BYTES],
];

/**
 * The page with the values in its sentences. Where lines end makes no difference.
 *
 * @throws {Error} That names the sentence that the page lacks.
 */
export function writeNumbers(
  page: string,
  sentences: readonly Sentence[] = configurationSentences,
): string {
  return sentences.reduce((text, [words, ...values]) => {
    const pattern = patternOf(words);
    if (!pattern.test(text)) throw new Error(`Cannot find in docs/configuration.md: "${words}"`);
    return text.replace(pattern, (found: string, ...captured: unknown[]) => {
      const former = captured.slice(0, values.length) as string[];
      const isSame = former.every((one, index) => oneLine(one) === String(values[index]));
      if (isSame) return found;
      let index = 0;
      return words.replaceAll("{}", () => String(values[index++]));
    });
  }, page);
}

function patternOf(words: string): RegExp {
  const literal = words.split(/(\{\}|\s+)/).map((part) => {
    if (part === "{}") return "([^()|]{1,300}?)";
    return /^\s+$/.test(part) ? "\\s+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(literal.join(""));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
