import { failures } from "../../../src/failure.ts";
import { RingRouter } from "../../../src/router/ring_router.ts";
import { testRouterContract } from "../../contract/router_contract.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";

const OPTIONS = {
  hash: "fnv1a_64",
  distribution: "ketama",
  hashTag: null,
  placement: "twemproxy",
  eject: "rehash",
} as const;

testRouterContract("ring", () => {
  const rig = new CoreRig({ backendCount: 0 });
  const servers = [7000, 7001, 7002].map(serverAt);
  const router = new RingRouter(servers, OPTIONS, rig.context);
  let isEjected = false;
  return {
    router,
    changeOwners: () => {
      isEjected = !isEjected;
      router.setEjected(new Set(isEjected ? [servers[1]!.address] : []));
    },
    loseAll: () => router.setEjected(new Set(servers.map(({ address }) => address))),
    [Symbol.dispose]: () => {
      for (const backend of router.backends()) backend.close(failures.shuttingDown);
      rig[Symbol.dispose]();
    },
  };
});
