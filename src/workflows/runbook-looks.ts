/** What a runbook has looked at and is not as it should be: people mend it, or go on all the same. */
import type { Look } from '../recovery/look';
import type { Runbook } from './runbook';

const AGAIN = 'look again';
const ANYWAY = 'go on anyway';

/** Looks until all is well, or people say that it is good enough: what they went on in spite of is told. @param what the first line of the question */
export async function untilSeen<T extends { readonly looks: readonly Look[] }>(
  runbook: Runbook,
  step: string,
  what: string,
  look: () => Promise<T>,
): Promise<T & { readonly overruled: readonly string[] }> {
  for (;;) {
    const seen = await look();
    const wrong = seen.looks.filter(({ ok }) => ok !== true);
    if (wrong.length === 0) return { ...seen, overruled: [] };
    const lines = wrong.map((one) => `- ${one.what}: ${one.found} ${one.remedy}`);
    const [answer] = await runbook.ask(step, {
      text: [what, '', ...lines].join('\n'),
      options: [AGAIN, ANYWAY],
      proposed: [AGAIN],
    });
    if (answer === ANYWAY) return { ...seen, overruled: wrong.map((one) => one.what) };
  }
}
