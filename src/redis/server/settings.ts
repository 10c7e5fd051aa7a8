/**
 * CONFIG GET and SET of the proxy's own settings, which are named `cluster.<name>.<key>`; all other names are those of
 * the servers.
 *
 * @module
 */
import {
  arityError,
  bulkReply,
  byteErrorReply,
  OK_REPLY,
} from "../../protocol/resp/write/replies.ts";
import type { RedisContext } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { mapReply } from "../core/reply_builder.ts";

const OWN = /^cluster\./i;
const MIXED = byteErrorReply(
  "ERR settings of the proxy (cluster.<name>.<key>) and of the servers are not changed at once",
);

/** Answers CONFIG GET or SET where it names settings of the proxy; false where it does not. */
export function takeSettings(context: RedisContext, request: LocalRequest): boolean {
  const { client, frame, words } = request;
  if (frame.row?.handler !== null || words.length < 3) return false;
  const [command, subcommand, ...rest] = words.map((word, index) =>
    index < 2 ? word.toLowerCase() : word
  );
  const isSet = subcommand === "set";
  if (command !== FAMILY || (!isSet && subcommand !== "get")) return false;
  const names = isSet ? rest.filter((_, index) => index % 2 === 0) : rest;
  const ownCount = names.filter((name) => OWN.test(name)).length;
  if (ownCount === 0) return false;
  if (ownCount < names.length || (isSet && rest.length % 2 !== 0)) {
    const reply = ownCount < names.length ? MIXED : arityError("config|set");
    client.reply(reply);
    return true;
  }
  const late = client.answerLater();
  if (isSet) {
    const changes = names.map((name, index): [string, string] => [name, rest[2 * index + 1]!]);
    context.askSettings({ kind: "set", changes }, ({ problem }) => {
      const reply = problem === null
        ? OK_REPLY
        : byteErrorReply(`ERR CONFIG SET failed - ${oneLine(problem)}`);
      late.reply(reply);
    });
  } else {
    context.askSettings({ kind: "get", patterns: names }, ({ settings, problem }) => {
      const reply = problem === null
        ? mapReply(
          settings.map(({ name, value }) => [name, bulkReply(value)] as const),
          client.profiles.master.version,
        )
        : byteErrorReply(`ERR ${oneLine(problem)}`);
      late.reply(reply);
    });
  }
  return true;
}

const FAMILY = "config";

/** Changes settings of the cluster that is asked; `answered` is called once, with what is wrong, or null. */
export function setOwn(
  { askSettings, config }: Pick<RedisContext, "askSettings" | "config">,
  values: readonly (readonly [key: string, value: string])[],
  answered: (problem: string | null) => void,
): void {
  const changes = values.map(([key, value]): [string, string] => [
    `cluster.${config.name}.${key}`,
    value,
  ]);
  askSettings({ kind: "set", changes }, ({ problem }) => answered(problem && oneLine(problem)));
}

/** An error reply is one line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
