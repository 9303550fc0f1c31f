// Plays every vector, and tells how it went.
import { play } from "./player.mjs";

/** `vectors` maps names to their content. Returns the failures. */
export async function all(dg, vectors) {
  const failures = [];
  // Another library that renews beside this one is Rust's alone (rmcp); core replays those.
  const names = Object.keys(vectors).filter((name) => !name.startsWith("outside/"));
  if (names.length < 600) failures.push(`only ${names.length} vectors were found`);
  for (const name of names) {
    try {
      await play(dg, name, vectors[name]);
    } catch (error) {
      failures.push(`${name}: ${error?.message ?? error}`);
    }
  }
  return { played: names.length, failures };
}
