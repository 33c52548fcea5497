/** Waits for a state: looks often at first, and less often the longer it takes, since each look takes time from those who work. */
const FIRST_MS = 20;
const LONGEST_MS = 200;

/** @returns what was found, once it is neither false nor undefined */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  failure: () => string = () => 'It did not happen.',
  withinMs = 60_000,
): Promise<T> {
  const start = Date.now();
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    const waited = Date.now() - start;
    if (waited > withinMs) throw new Error(`After ${withinMs} ms: ${failure()}`);
    const pause = Math.min(LONGEST_MS, Math.max(FIRST_MS, waited / 10));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
