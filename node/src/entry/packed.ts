// The machines as text: compressed, then base64, for every bundler takes a text. The file stands in
// the package once, for `require` and for `import`, so it neither exports nor is imported from: it
// leaves its text in one place, where it is fetched at once.

declare const VERSION: string;

const PLACE = Symbol.for(`devicegrant ${VERSION} machines`);

export function packed(): string {
  const all = globalThis as { [place: symbol]: string | undefined };
  const text = all[PLACE];
  delete all[PLACE];
  if (text === undefined) throw new Error("devicegrant: its file bytes.js was left out");
  return text;
}
