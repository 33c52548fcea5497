/** How many items of which kind each account gets. */
import type { Person } from './cast';
import type { DefectKind } from './facts';
import type { Random } from './random';

/** Contacts of the system account, which holds nothing else. */
const SYSTEM_CONTACTS = 6;
const LARGE_BYTES = 3_800_000;

/** What is not left to chance. `at`: when it comes, as a fraction of all mail. */
export type Planned = { readonly at: number; readonly account: number } & (
  | { readonly kind: 'contact' | 'appointment' | 'task' | 'document' }
  /** A message with an attachment of so many bytes: about 5 MB once it is encoded. */
  | { readonly kind: 'large'; readonly bytes: number }
  | { readonly kind: 'defect'; readonly defect: DefectKind; readonly where: 'body' | 'header' }
);

export interface Quotas {
  /** Messages that come by chance, by account. */
  readonly messages: readonly number[];
  /** In the order in which they come. */
  readonly planned: readonly Planned[];
}

export function makeQuotas(random: Random, people: readonly Person[], items: number): Quotas {
  const planned: Planned[] = [...special(people), ...others(random, people, items)];
  planned.sort((a, b) => a.at - b.at);
  const weights = people.map(({ weight, system }) => (system ? 0 : weight));
  return { messages: shares(items - planned.length, weights), planned };
}

/** The defects and the large message, in accounts that are restored, of both domains. */
function special(people: readonly Person[]): Planned[] {
  const whole = people.flatMap(({ status, system }, i) => (status === 'deleted' || system ? [] : [i]));
  const account = (n: number): number => whole[n % whole.length] ?? 0;
  return [
    { kind: 'defect', defect: 'read', where: 'body', at: 0.35, account: account(1) },
    { kind: 'large', bytes: LARGE_BYTES, at: 0.4, account: account(2) },
    { kind: 'defect', defect: 'broken', where: 'body', at: 0.5, account: account(6) },
    { kind: 'defect', defect: 'invalid', where: 'body', at: 0.6, account: account(0) },
    { kind: 'defect', defect: 'invalid', where: 'header', at: 0.7, account: account(5) },
  ];
}

function others(random: Random, people: readonly Person[], items: number): Planned[] {
  const weights = people.map(({ weight, system }) => (system ? 0 : weight));
  const system = people.flatMap((person, i) => (person.system ? [i] : []));
  const many = (kind: 'contact' | 'appointment' | 'task' | 'document', count: number): Planned[] =>
    Array.from({ length: count }, () => ({ kind, at: random.fraction(), account: random.weighted(weights) }));
  return [
    ...many('contact', Math.max(8, Math.round(items * 0.004))),
    ...many('appointment', Math.max(6, Math.round(items * 0.003))),
    ...many('task', Math.max(3, Math.round(items * 0.001))),
    ...many('document', 1 + Math.floor(items / 10_000)),
    ...system.flatMap((account) =>
      Array.from({ length: SYSTEM_CONTACTS }, (_, i) => ({
        kind: 'contact' as const,
        at: i / SYSTEM_CONTACTS,
        account,
      })),
    ),
  ];
}

/** Divides `total` by weight, to whole numbers that add up. */
function shares(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let left = total;
  let leftWeight = sum;
  return weights.map((weight) => {
    const share = leftWeight === 0 ? 0 : Math.round((left * weight) / leftWeight);
    left -= share;
    leftWeight -= weight;
    return share;
  });
}
