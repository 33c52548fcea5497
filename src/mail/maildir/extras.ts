/** `extras.json`: what belongs to an account and a Maildir has no place for. */
import { join } from 'node:path';
import { z } from 'zod';
import type { AccountExtras } from '../target';
import type { AccountPlace } from './address';
import { cleanTemporary, makeDirectory, readSmallFile, replaceFile, syncDirectory } from './durable';
import type { Owner } from './durable';
import { parseJson } from './registry';

const FILE = 'extras.json';
const FORMAT = 'lifeboat/extras/1';

const content = z.looseObject({
  format: z.literal(FORMAT),
  mountpoints: z.array(z.looseObject({ itemId: z.number() })),
  shares: z.array(z.looseObject({ folder: z.string(), grantee: z.string() })),
  dataSources: z.array(z.looseObject({ name: z.string(), type: z.string(), host: z.string() })),
});

/** Adds what is not listed yet; what is there stays. Answers what the Maildir cannot hold, in one sentence. */
export function addExtras(
  directory: string,
  place: AccountPlace,
  owner: Owner,
  extras: AccountExtras,
): string[] {
  const listed = countedList([
    [extras.mountpoints.length, 'mountpoint'],
    [extras.shares.length, 'share'],
    [extras.dataSources.length, 'data source'],
  ]);
  if (listed === null) return [];
  makeAccountDirectory(directory, place, owner);
  cleanTemporary(place.accountDir, [FILE]);
  const path = join(place.accountDir, FILE);
  const bytes = readSmallFile(path);
  const old =
    bytes === null
      ? { format: FORMAT, mountpoints: [], shares: [], dataSources: [] }
      : parseJson(content, bytes);
  if (old === null) {
    return [`${listed.text} could not be listed: ${path} is not one of Lifeboat's and was left as it was.`];
  }
  const merged = {
    ...old,
    mountpoints: merge(old.mountpoints, extras.mountpoints, ({ itemId }) => [itemId]),
    shares: merge(old.shares, extras.shares, ({ folder, grantee }) => [folder, grantee]),
    dataSources: merge(old.dataSources, extras.dataSources, ({ name, type, host }) => [name, type, host]),
  };
  const text = `${JSON.stringify(merged, null, 2)}\n`;
  if (bytes?.toString('utf8') !== text) replaceFile(path, text, owner);
  return [`${listed.text} ${listed.one ? 'is' : 'are'} listed in ${FILE}; a Maildir has no such thing.`];
}

function merge<T, U extends T>(old: readonly T[], more: readonly U[], keyOf: (entry: T) => unknown[]): T[] {
  const seen = new Set<string>();
  return [...old, ...more].filter((entry) => {
    const key = JSON.stringify(keyOf(entry));
    return !seen.has(key) && seen.add(key);
  });
}

/** `3 mountpoints and 1 share`; null when there is nothing. */
function countedList(counts: readonly (readonly [number, string])[]): { text: string; one: boolean } | null {
  const some = counts.filter(([count]) => count > 0);
  const parts = some.map(([count, what]) => `${count} ${what}${count === 1 ? '' : 's'}`);
  const last = parts.pop();
  if (last === undefined) return null;
  const text = parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
  return { text, one: some.length === 1 && some[0]?.[0] === 1 };
}

function makeAccountDirectory(directory: string, place: AccountPlace, owner: Owner): void {
  if (makeDirectory(place.domainDir, owner)) syncDirectory(directory);
  if (makeDirectory(place.accountDir, owner)) syncDirectory(place.domainDir);
}
