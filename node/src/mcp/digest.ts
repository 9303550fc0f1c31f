/** 32 hexadecimal digits that stand for these values, and tell none of them. */
export async function digest(values: readonly unknown[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(values));
  const whole = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(whole.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
