/**
 * Guards of one client are asked in the order of their ranks, and leave nothing behind.
 *
 * @module
 */
import {
  addGuard,
  guardOf,
  GuardRank,
  removeGuard,
} from "../../../../src/redis/core/guard_chain.ts";
import { type SessionGuard, Verdict, type VerdictCode } from "../../../../src/session/features.ts";
import { frameOf, LocalRigClient } from "../../../support/local_rig.ts";
import { assertEquals, assertStrictEquals } from "../../../deps.ts";

class Guard implements SessionGuard {
  readonly heard: string[];
  readonly name: string;
  verdict: VerdictCode = Verdict.Pass;
  endsWithInput = false;

  constructor(name: string, heard: string[]) {
    this.name = name;
    this.heard = heard;
  }

  admit(): VerdictCode {
    this.heard.push(`${this.name} admit`);
    return this.verdict;
  }

  postponed(): void {
    this.heard.push(`${this.name} postponed`);
  }

  inputEnded(): boolean {
    this.heard.push(`${this.name} ended`);
    return this.endsWithInput;
  }

  clientClosed(): void {
    this.heard.push(`${this.name} closed`);
  }
}

function scene() {
  const heard: string[] = [];
  const client = new LocalRigClient();
  const login = new Guard("login", heard);
  const transaction = new Guard("transaction", heard);
  addGuard(client, GuardRank.Transaction, transaction);
  addGuard(client, GuardRank.Login, login);
  const { frame, bytes } = frameOf(["GET", "k"]);
  return {
    heard,
    client,
    login,
    transaction,
    ask: () => client.guard!.admit(client, frame, bytes),
  };
}

Deno.test("the first guard that does not let a request pass decides", () => {
  const { heard, login, transaction, ask } = scene();
  assertEquals(ask(), Verdict.Pass);
  assertEquals(heard.splice(0), ["login admit", "transaction admit"]);
  transaction.verdict = Verdict.Wait;
  assertEquals(ask(), Verdict.Wait);
  login.verdict = Verdict.Handled;
  heard.length = 0;
  assertEquals(ask(), Verdict.Handled);
  assertEquals(heard, ["login admit"]);
});

Deno.test("each guard that cares hears that no more is read", () => {
  const { client, heard } = scene();
  client.guard!.inputIsFull!();
  assertEquals(heard, []);
  const blocking = Object.assign(new Guard("blocking", []), {
    inputIsFull: () => void heard.push("blocking full"),
  });
  addGuard(client, GuardRank.Blocking, blocking);
  client.guard!.inputIsFull!();
  assertEquals(heard, ["blocking full"]);
});

Deno.test("each guard hears the end, and one is enough to drop what waits", () => {
  const { heard, client, login } = scene();
  assertEquals(client.guard!.inputEnded(), false);
  login.endsWithInput = true;
  assertEquals(client.guard!.inputEnded(), true);
  client.guard!.clientClosed();
  assertEquals(heard.slice(2), [
    "login ended",
    "transaction ended",
    "login closed",
    "transaction closed",
  ]);
});

Deno.test("a client without guards has none", () => {
  const { client, login } = scene();
  assertStrictEquals(guardOf(client, GuardRank.Login), login);
  removeGuard(client, GuardRank.Login);
  assertEquals([guardOf(client, GuardRank.Login), client.guard === null], [null, false]);
  removeGuard(client, GuardRank.Transaction);
  removeGuard(client, GuardRank.Transaction);
  assertEquals([client.guard, guardOf(client, GuardRank.Transaction)], [null, null]);
});

Deno.test("a chain is a bystander as long as all of its guards are", () => {
  const client = new LocalRigClient();
  const judge = { admit: () => Verdict.Pass, inputEnded: () => false, clientClosed: () => {} };
  addGuard(client, GuardRank.Access, { ...judge, isBystander: true });
  assertEquals(client.guard!.isBystander, true);
  addGuard(client, GuardRank.Transaction, judge);
  assertEquals(client.guard!.isBystander, false);
});
