// Signing in where there is time for it: before a client connects, and between two calls.
import type { Client, SignIn } from "devicegrant";
import { SignInNeeded } from "devicegrant";

/**
 * To be called before `connect()`: returns at once where there is a login, else signs a person in. From
 * the server's bare address it finds the authorization server and registers there, once. A login that has
 * expired is renewed without anybody. Rejects as `login` does; `SignInNeeded` (`no_prompt`) where nobody
 * could be asked.
 */
export async function authorize(client: Client, options: SignIn = {}): Promise<void> {
  const { signal } = options;
  try {
    await client.token({ signal });
  } catch (error) {
    if (!(error instanceof SignInNeeded)) throw error;
    await client.login(options);
  }
}
