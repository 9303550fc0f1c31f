// Opens the records under `records/`: bytes that another implementation sealed.
import * as shown from "./shown.mjs";

export function check(dg, record) {
  const wasm = dg.machines();
  const flow = wasm.Flow.find(new wasm.Options({}));
  const answers = [
    { kind: "go" },
    { kind: "listed", names: [record.id] },
    { kind: "loaded", bytes: shown.bytesOf(record.bytes), revision: record.revision },
  ];
  let login;
  try {
    let step;
    for (const answer of answers) step = flow.step(0, 0, answer);
    login = step.output.open(new wasm.Key(shown.bytesOf(record.key)));
  } catch (failure) {
    if (!(failure instanceof wasm.Failure)) throw failure;
    const { code, message } = failure.details();
    return shown.same([code, message], [record.error, record.message ?? message], "it ended with");
  }
  shown.must(record.login, "it opened");
  const { header, ...fields } = record.login;
  const there = login.header.login;
  if (header) shown.same(there, header, "header");
  shown.fields(fields, shown.tokens(login.tokens), "login");
}
