// `npx devicegrant`.
import "../entry/node.js";
import { run } from "./commands.js";
import { COMMANDS, named, parse } from "./flags.js";
import { line, note } from "./output.js";

declare const VERSION: string;

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, [about]]) => `  ${name.padEnd(9)} ${about}`);
  const usage = "devicegrant COMMAND [TARGET] [--issuer URL | --provider NAME] [--client-id ID] [--profile NAME] …";
  return ["Sign-in for programs that have no browser: approve on a phone, keep the token here.", "", usage, "", ...lines].join("\n");
}

async function main(words: string[]): Promise<number> {
  const [first] = words;
  if (first === "--version" || first === "-V") return line(`devicegrant ${VERSION}`), 0;
  if (first === undefined) return note(help()), 2;
  if (first === "--help" || first === "-h" || first === "help") return line(help()), 0;
  try {
    const [name, rest] = named(words);
    if (name === undefined || !Object.hasOwn(COMMANDS, name)) throw new TypeError(`there is no command ${name ?? "here"}`);
    const flags = parse(name, rest);
    if (flags.help) return line(help()), 0;
    return await run(name, flags);
  } catch (why) {
    if (!(why instanceof TypeError)) throw why;
    note(`error: ${why.message}`);
    note("hint:  devicegrant --help");
    return 2;
  }
}

// A program that no longer reads has all it wanted.
process.stdout.on("error", () => {});
main(process.argv.slice(2)).then((code) => (process.exitCode = code));
