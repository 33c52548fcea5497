/** Looks which classes and accounts are not backed up, since when, and of which a warning is due. Changes nothing there. */
import type { CallOptions, CarbonioCli } from '../carbonio/cli';
import { getAllAccounts, getAllCoses } from '../carbonio/cli/prov';
import {
  purgeFrom,
  type BackupEnabledGuardInput,
  type BackupOff,
  type BackupScope,
  type Retention,
} from '../contracts/backup-enabled';
import { Problem } from '../failures';
import { isSameEntry, type OffEntry, type OffRecord } from './record';
import { readOwn, readRetention } from './state';

interface Asked {
  readonly scope: BackupScope;
  readonly name: string;
}

export interface Looked {
  readonly retention: Retention;
  /** The most urgent first. */
  readonly off: readonly BackupOff[];
}

/** @param onAsked told how many of how many were asked */
export async function lookForOff(
  cli: CarbonioCli,
  record: OffRecord,
  { accounts, warnDays }: Pick<BackupEnabledGuardInput, 'accounts' | 'warnDays'>,
  onAsked: (done: number, total: number) => void,
  options: CallOptions = {},
): Promise<Looked> {
  const retention = await readRetention(cli, options);
  const { asked, isThere, isNamed } = await whomToAsk(cli, record, accounts, options);
  const found: Asked[] = [];
  for (const [at, one] of asked.entries()) {
    options.signal?.throwIfAborted();
    if (await isOff(cli, one, !isNamed(one), options)) found.push(one);
    onAsked(at + 1, asked.length);
  }
  const now = Date.now();
  await record.change((before) => {
    // an account that is gone is deleted, and nobody's to warn of; classes were all asked
    const others = before.filter(
      (one) =>
        one.scope === 'account' && isThere(one.name) && !asked.some((other) => isSameEntry(one, other)),
    );
    const seen = found.map(
      (one): OffEntry =>
        before.find((other) => isSameEntry(one, other)) ?? { ...one, offSince: now, warnedAt: null },
    );
    return [...others, ...seen];
  });
  const off = record
    .read()
    .map((one) => offOf(one, retention, warnDays, now))
    .sort((a, b) => (a.daysLeft ?? Infinity) - (b.daysLeft ?? Infinity));
  return { retention, off };
}

async function whomToAsk(
  cli: CarbonioCli,
  record: OffRecord,
  accounts: BackupEnabledGuardInput['accounts'],
  options: CallOptions,
): Promise<{
  asked: Asked[];
  isThere: (account: string) => boolean;
  isNamed: (one: Asked) => boolean;
}> {
  const coses = (await getAllCoses(cli, options)).flatMap(({ name }) => (name === null ? [] : [name]));
  const there = await getAllAccounts(cli, options);
  const known = record.read().flatMap(({ scope, name }) => (scope === 'account' ? [name] : []));
  const wanted = accounts === 'all' ? there : accounts === 'known' ? known : [...accounts, ...known];
  const present = new Set(there.map((name) => name.toLowerCase()));
  const isThere = (name: string): boolean => present.has(name.toLowerCase());
  // one that was named and is not there is asked all the same: that there is none must be told
  const named = new Set(typeof accounts === 'string' ? [] : accounts);
  const names = [...new Map(wanted.map((name) => [name.toLowerCase(), name])).values()];
  const asked = [
    ...coses.map((name): Asked => ({ scope: 'cos', name })),
    ...names
      .filter((name) => isThere(name) || named.has(name))
      .map((name): Asked => ({ scope: 'account', name })),
  ];
  return { asked, isThere, isNamed: ({ scope, name }) => scope === 'account' && named.has(name) };
}

/** @param mayGo it was found in a list: asking takes hours on a large site, and meanwhile it may have been deleted */
async function isOff(
  cli: CarbonioCli,
  { scope, name }: Asked,
  mayGo: boolean,
  options: CallOptions,
): Promise<boolean> {
  try {
    return (await readOwn(cli, scope, name, options)).own === false;
  } catch (error) {
    if (!mayGo || !(error instanceof Problem) || error.type !== 'CommandFailed') throw error;
    const there =
      scope === 'cos'
        ? (await getAllCoses(cli, options)).map((cos) => cos.name)
        : await getAllAccounts(cli, options);
    if (there.some((one) => one?.toLowerCase() === name.toLowerCase())) throw error;
    return false;
  }
}

const DAY_MS = 86_400_000;

function offOf(
  { scope, name, offSince, warnedAt }: OffEntry,
  retention: Retention,
  warnDays: readonly number[],
  now: number,
): BackupOff {
  const until = purgeFrom(offSince, retention);
  // -0 would be written as 0 by JSON, and be another value before
  const daysLeft = until === null ? null : Math.ceil((until - now) / DAY_MS) || 0;
  const level = levelOf(daysLeft, warnDays);
  return {
    ...{ scope, name, daysLeft, due: warnedAt === null || (level !== null && level < warnedAt) },
    offSince: new Date(offSince).toISOString(),
    purgeFrom: until === null ? null : new Date(until).toISOString(),
  };
}

/** The lowest mark that is reached; 0 is the purge itself; null: none yet. */
function levelOf(daysLeft: number | null, warnDays: readonly number[]): number | null {
  if (daysLeft === null) return null;
  return [...warnDays, 0].sort((a, b) => a - b).find((mark) => daysLeft <= mark) ?? null;
}

/** Remembers that a warning of these was sent. */
export async function markWarned(
  record: OffRecord,
  warned: readonly BackupOff[],
  warnDays: readonly number[],
): Promise<void> {
  await record.change((off) =>
    off.map((one) => {
      const told = warned.find((other) => isSameEntry(one, other));
      return told === undefined
        ? one
        : { ...one, warnedAt: levelOf(told.daysLeft, warnDays) ?? Number.MAX_SAFE_INTEGER };
    }),
  );
}
