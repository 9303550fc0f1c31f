using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .tests) ],
);

const tests :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "devicegrant.wasm", wasm = embed "devicegrant.wasm"),
    (name = "vectors.json", json = embed "vectors.json"),
  ],
  compatibilityDate = "2026-01-01",
);
