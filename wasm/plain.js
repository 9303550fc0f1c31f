// The plain objects of `types.d.ts`. Made here, each costs one crossing and not one for every field.

// A request whose credentials nothing prints.
class Request {
  #headers;
  #body;
  constructor(head, body, timeoutMs, maxBody, mustFinish) {
    // One text crosses faster than six. Nothing in it holds a line's end.
    const [method, url, ...headers] = head.split("\n");
    this.method = method;
    this.url = url;
    this.timeoutMs = timeoutMs;
    this.maxBody = maxBody;
    this.mustFinish = mustFinish;
    this.#headers = headers;
    this.#body = body;
  }
  get headers() {
    const pairs = [];
    for (let at = 0; at < this.#headers.length; at += 2) pairs.push(this.#headers.slice(at, at + 2));
    return pairs;
  }
  get body() {
    return this.#body;
  }
}

export const made = {
  // What flows ask.
  send: (...parts) => ({ kind: "send", request: new Request(...parts) }),
  show: (prompt) => ({ kind: "show", prompt }),
  wait: (until) => ({ kind: "wait", until }),
  load: (id) => ({ kind: "load", id }),
  list: () => ({ kind: "list" }),
  save: (id, bytes, expected) => ({ kind: "save", id, bytes: bytes ?? null, expected }),
  lock: (id, ttlMs, force) => ({ kind: "lock", id, ttlMs, force }),
  unlock: (lease, why) => ({ kind: "unlock", lease, rest: why }),
  done: (output) => ({ kind: "done", output }),
  rest: (untilMs, code) => ({ untilMs, code }),

  // What an answer's headers are read from.
  lines: (headers) => (headers ?? []).join("\n"),

  // What stores answer.
  go: () => ({ kind: "go" }),
  loaded: (bytes, revision) => ({ kind: "loaded", bytes, revision }),
  listed: (names) => ({ kind: "listed", names }),
  saved: (revision) =>
    revision === undefined ? { kind: "conflict" } : { kind: "saved", revision },
  locked: (lease) => ({ kind: "locked", lease }),
  busy: (since) => ({ kind: "busy", since }),
  resting: (untilMs, code) => ({ kind: "resting", untilMs, code }),

  // What files are asked.
  makeDir: (path) => ({ kind: "makeDir", path }),
  listDir: (path) => ({ kind: "list", path }),
  read: (path, max) => ({ kind: "read", path, max }),
  publish: (path, bytes, durable) => ({ kind: "publish", path, bytes, durable }),
  remove: (path) => ({ kind: "remove", path }),
  liveness: (pid, start, space) => ({ kind: "liveness", owner: { pid, start, space } }),

  // What the keeper of a key is asked.
  readName: (name) => ({ kind: "read", name }),
  publishName: (name, content) => ({ kind: "publish", name, content }),
  variable: (name) => ({ kind: "variable", name }),
  run: (argv, timeoutMs) => ({ kind: "run", argv, timeoutMs }),
  recall: (account, timeoutMs) => ({ kind: "recall", account, timeoutMs }),
  remember: (account, content, timeoutMs) => ({ kind: "remember", account, content, timeoutMs }),
};
