/**
 * Single settings by their place, as the vendor's command takes it (`serverConfig/<attribute>/<host>`; documented with
 * this one example). Places of the other scopes are ours. A part of a place, cut at a slash, means all below it.
 */
import type { Scope, Settings } from './model';
import { shown } from './secrets';

const SECTION: Readonly<Record<Scope, string>> = {
  server: 'serverConfig',
  global: 'globalConfig',
  domain: 'domain',
  cos: 'cos',
  distributionList: 'distributionList',
};

export interface Entry {
  /** `serverConfig/zimbraMailMode/mail.example.com`, `globalConfig/zimbraMtaRelayHost`. */
  readonly place: string;
  /** The last part, as the vendor's command prints it for one setting. */
  readonly name: string;
  readonly scope: Scope;
  readonly object: string;
  readonly attribute: string;
  /** As they may be shown. */
  readonly values: readonly string[];
  readonly masked: boolean;
}

/** Every setting, in the order of the scopes, sorted within an object. */
export function entriesOf({ objects }: Settings): Entry[] {
  return objects.flatMap(({ scope, name: object, attributes }) =>
    [...attributes].sort(byName).map(([attribute, values]): Entry => {
      const parts = [SECTION[scope], attribute, ...(object === '' ? [] : [object])];
      const name = parts.at(-1) ?? '';
      return { place: parts.join('/'), name, scope, object, attribute, ...shown(attribute, values) };
    }),
  );
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

export interface Answered {
  readonly entries: readonly Entry[];
  /** The query named one setting, not a part of the whole. */
  readonly one: boolean;
}

/** @param query `/` means everything; names in any case */
export function answer(settings: Settings, query: string): Answered {
  const wanted = query.replace(/^\/+|\/+$/g, '').toLowerCase();
  const all = entriesOf(settings);
  if (wanted === '') return { entries: all, one: false };
  const exact = all.filter(({ place }) => place.toLowerCase() === wanted);
  if (exact.length > 0) return { entries: exact, one: true };
  return { entries: all.filter(({ place }) => place.toLowerCase().startsWith(`${wanted}/`)), one: false };
}
