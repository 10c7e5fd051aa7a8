/**
 * Part of `deno task docs`: writes docs/errors.md from the list of failures, so that the page cannot miss one.
 *
 * @module
 */
import { type Failure, failures, type FailureSource } from "../src/failure.ts";
import { failureReply } from "../src/protocol/resp/write/replies.ts";
import { failureAdvice } from "./failure_advice.ts";
import { alignColumns } from "./markdown_table.ts";

/** Path of the page from the repository's root. */
export const ERRORS_DOCUMENT = "docs/errors.md";

const HEAD = `# Errors

<!-- Made by \`deno task docs\` from src/failure.ts and tasks/failure_advice.ts: change those. -->

Why a request or a connection failed, in one word that is the same everywhere: it is \`reason\` in
\`aster_failures_total\` and in log lines, and its text is what the client reads. A failure of a
backend has the backend's address in front:

${
  alignColumns([
    ["protocol", "form"],
    ["Redis", "`-ERR backend 10.0.0.7:6379: no reply in time`"],
    ["memcached", "`SERVER_ERROR backend 10.0.0.7:11211: no reply in time`"],
    ["binary", "the same text in a reply of status 0x86, temporary failure"],
  ])
}
Errors of the servers themselves pass unchanged. What a client reads because it asked for something
wrong (arity, \`NOAUTH\`, \`WRONGPASS\`, \`EXECABORT\`, …) has the server's own words and is not listed
here; commands that are refused say why, and [commands.md](commands.md) lists them.
`;

const SECTIONS: readonly (readonly [FailureSource, string, string])[] = [
  ["backend", "The backend", "A server, or the way to it."],
  ["proxy", "The proxy", "The proxy's own limits, or those of its system."],
  ["client", "The client", "What the client did; most of these close its connection."],
];

/** The page's text. */
export function renderErrorsDocument(): string {
  const keys = Object.keys(failures) as (keyof typeof failures)[];
  const sections = SECTIONS.map(([source, title, said]) => {
    const rows = keys.filter((key) => failures[key].source === source)
      .map((key) => [`\`${failures[key].name}\``, textOf(failures[key]), failureAdvice[key]]);
    return `## ${title}\n\n${said}\n\n${
      alignColumns([["reason", "what clients read", "what to do"], ...rows])
    }`;
  });
  return [HEAD, ...sections].join("\n");
}

/** The text, with Redis's code in front where it is not the usual one. */
function textOf(failure: Failure): string {
  const line = new TextDecoder().decode(failureReply(failure, "")).slice(1).trimEnd();
  return line.startsWith("ERR ") ? line.slice(4) : line;
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL(`../${ERRORS_DOCUMENT}`, import.meta.url),
    renderErrorsDocument(),
  );
}
