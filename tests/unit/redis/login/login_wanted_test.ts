import { isAnyLoginWanted, isLoginWanted } from "../../../../src/redis/login/login_wanted.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("the server's sentence is told from what a script may say", () => {
  const judged = (text: string) => {
    const bytes = new TextEncoder().encode(`+OK\r\n${text}`);
    return [isAnyLoginWanted(bytes, 5, bytes.length), isLoginWanted(bytes, 5, bytes.length)];
  };
  assertEquals(judged("-NOAUTH Authentication required.\r\n"), [true, true]);
  assertEquals(judged("-NOAUTH Authentication required, says a script\r\n"), [true, false]);
  assertEquals(judged("-NOAUTH\r\n"), [true, false]);
  assertEquals(judged("-NOPERM no\r\n"), [false, false]);
});
