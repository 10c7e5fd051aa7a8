/**
 * What every {@link Router} promises, whether a ring or slots stand behind it. Run for each implementation
 * from its own test.
 *
 * @module
 */
import type { Backend } from "../../src/backend/backend.ts";
import { NOBODY, type RoutedClient } from "../../src/request/exchange.ts";
import { PROFILES } from "../../src/protocol/protocol.ts";
import type { Router } from "../../src/router/router.ts";
import { assert, assertEquals, assertStrictEquals } from "../deps.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";

/** A router with at least two backends, every place served, and what a test may do to it. */
export interface RoutedScene extends Disposable {
  readonly router: Router;
  /** Gives places of one backend to another; the next call gives them back. */
  changeOwners(): void;
  /** Leaves no place with a backend. */
  loseAll(): void;
}

const CLIENTS: RoutedClient[] = [NOBODY, { number: 7, profiles: PROFILES[3] }];

function randomKey(random: Random): Uint8Array {
  return random.bytes(random.between(1, 40));
}

function placeOf(router: Router, key: Uint8Array): number {
  const bytes = new Uint8Array(key.length + 8).fill(0x7b);
  bytes.set(key, 4);
  return router.place(bytes, 4, 4 + key.length);
}

/** Registers the tests of the contract for one implementation. */
export function testRouterContract(name: string, createScene: () => RoutedScene): void {
  testPlaces(name, createScene);
  testOwners(name, createScene);
  testErrors(name, createScene);
}

function testPlaces(name: string, createScene: () => RoutedScene): void {
  Deno.test(`${name}: a key's place depends on its bytes only, and has a backend`, () => {
    const random = seededRandom(`${name}: places`);
    using scene = createScene();
    const { router } = scene;
    const backends = new Set<Backend>(router.backends());
    assert(backends.size >= 2, "the scene has two backends");
    const used = new Set<Backend>();
    for (let count = 0; count < 500; count++) {
      const key = randomKey(random);
      const place = placeOf(router, key);
      assert(Number.isInteger(place) && place >= 0, `place ${place}`);
      assertEquals(placeOf(router, key), place);
      const backend = router.backendAt(place)!;
      assert(backends.has(backend), "a backend that is in the list");
      used.add(backend);
    }
    assertEquals(used, backends);
  });

  Deno.test(`${name}: requests without a key have a place, too`, () => {
    using scene = createScene();
    const { router } = scene;
    const backend = router.backendAt(router.anyPlace());
    assert(backend !== null, "a backend");
  });

  Deno.test(`${name}: a place's backend is the same for every client and kind of request`, () => {
    using scene = createScene();
    const { router } = scene;
    const place = router.anyPlace();
    const first = router.backendAt(place)!;
    for (const client of CLIENTS) {
      for (const isRead of [false, true]) {
        const connection = router.connectionFor(place, isRead, client)!;
        assertStrictEquals(connection.backend, first);
        assertStrictEquals(connection.profile, client.profiles.master);
      }
    }
  });
}

function testOwners(name: string, createScene: () => RoutedScene): void {
  Deno.test(`${name}: every change of owner raises the epoch, and nothing else does`, () => {
    const random = seededRandom(`${name}: owners`);
    using scene = createScene();
    const { router } = scene;
    const keys = Array.from({ length: 200 }, () => randomKey(random));
    const owners = () => keys.map((key) => router.backendAt(placeOf(router, key))!.address);
    const [firstEpoch, firstOwners] = [router.epoch, owners()];
    assertEquals(router.epoch, firstEpoch);
    scene.changeOwners();
    const [secondEpoch, secondOwners] = [router.epoch, owners()];
    assert(secondEpoch > firstEpoch, "the epoch is raised");
    assert(secondOwners.some((owner, index) => owner !== firstOwners[index]), "owners changed");
    scene.changeOwners();
    assert(router.epoch > secondEpoch, "the epoch is raised again");
    assertEquals(owners(), firstOwners);
  });

  Deno.test(`${name}: with no backend left there is none for any key, and a reason`, () => {
    using scene = createScene();
    const { router } = scene;
    scene.loseAll();
    const random = seededRandom(`${name}: none`);
    const places = [router.anyPlace(), ...[1, 2, 3].map(() => placeOf(router, randomKey(random)))];
    for (const place of places) {
      const backend = place < 0 ? null : router.backendAt(place);
      assertEquals(backend, null);
    }
    assertEquals(router.whyUnplaced(places[0]!).source, "backend");
  });
}

function testErrors(name: string, createScene: () => RoutedScene): void {
  Deno.test(`${name}: an error that says nothing of topology is the client's`, () => {
    using scene = createScene();
    const { router } = scene;
    const { epoch } = router;
    const exchange = { place: 0 } as Parameters<Router["onErrorReply"]>[0];
    for (const text of ["-wrong type\n", "-\n", "-mov\n"]) {
      const bytes = new TextEncoder().encode(text);
      assertEquals(router.onErrorReply(exchange, bytes, 0, bytes.length), false);
    }
    assertEquals(router.epoch, epoch);
  });
}
