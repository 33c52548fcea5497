/** What two sets of settings differ in. */
import { classify, GROUPS, type Classified, type Group } from './classify';
import { SCOPES, type Scope, type Settings, type SettingsObject } from './model';
import { MASK, shown } from './secrets';

export interface Difference extends Classified {
  readonly scope: Scope;
  /** Its name in `a`, or in `b` when it is there only; '' for global. */
  readonly object: string;
  /** Null: the whole object is on one side only. */
  readonly attribute: string | null;
  /** As they may be shown; null where there is none. */
  readonly a: readonly string[] | null;
  readonly b: readonly string[] | null;
  /** The values hold a secret, and are not shown. */
  readonly secret: boolean;
}

export interface SettingsDiff {
  readonly a: string;
  readonly b: string;
  /** Attributes that both sides were looked at for. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** Secrets of which one side is only known masked: nobody can say. Places. */
  readonly notComparable: readonly string[];
  /** Not read on one side: of these nothing is known. */
  readonly notRead: readonly Scope[];
}

/** Whether they are the same as far as they were read; a secret that could not be compared is not. */
export const isSame = ({ differences, notComparable }: SettingsDiff): boolean =>
  differences.length === 0 && notComparable.length === 0;

export function inGroup({ differences }: SettingsDiff, group: Group): Difference[] {
  return differences.filter((one) => one.group === group);
}

export function diffSettings(a: Settings, b: Settings): SettingsDiff {
  const both = SCOPES.filter((scope) => a.scopes.includes(scope) && b.scopes.includes(scope));
  const differences: Difference[] = [];
  const notComparable: string[] = [];
  let compared = 0;
  for (const scope of both) {
    for (const [left, right] of pairs(scope, a, b)) {
      if (left === null || right === null) {
        differences.push(whole(scope, left, right));
        continue;
      }
      if (left.name !== right.name) differences.push(nameDiffers(scope, left, right));
      for (const attribute of keysOf(left, right)) {
        compared++;
        const found = compare(scope, attribute, left, right);
        if (found === 'unknown') notComparable.push([scope, left.name, attribute].filter(Boolean).join('/'));
        else if (found !== null) differences.push(found);
      }
    }
  }
  const order = ({ group, scope, object, attribute }: Difference): string =>
    [GROUPS.indexOf(group), SCOPES.indexOf(scope), object, attribute ?? ''].join('\u0000');
  differences.sort((x, y) => (order(x) < order(y) ? -1 : 1));
  const notRead = SCOPES.filter((scope) => !both.includes(scope));
  return { a: a.from, b: b.from, compared, differences, notComparable, notRead };
}

type Pair = readonly [SettingsObject | null, SettingsObject | null];

/** There is one server on each side, whatever its name; the rest goes by name. */
function pairs(scope: Scope, a: Settings, b: Settings): Pair[] {
  const key = ({ name }: SettingsObject): string => (scope === 'server' ? '' : name.toLowerCase());
  const of = ({ objects }: Settings): Map<string, SettingsObject> =>
    new Map(objects.filter((one) => one.scope === scope).map((one) => [key(one), one]));
  const [left, right] = [of(a), of(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((name) => [left.get(name) ?? null, right.get(name) ?? null]);
}

const keysOf = (a: SettingsObject, b: SettingsObject): string[] =>
  [...new Set([...a.attributes.keys(), ...b.attributes.keys()])].sort();

function whole(scope: Scope, a: SettingsObject | null, b: SettingsObject | null): Difference {
  return {
    ...{ scope, object: (a ?? b)?.name ?? '', attribute: null, secret: false },
    ...{ a: a === null ? null : [a.name], b: b === null ? null : [b.name] },
    ...{ group: 'mustMatch', why: `there only in ${a === null ? 'b' : 'a'}` },
  };
}

const nameDiffers = (scope: Scope, a: SettingsObject, b: SettingsObject): Difference => ({
  ...{ scope, object: a.name, attribute: 'name', secret: false, a: [a.name], b: [b.name] },
  ...(scope === 'server'
    ? { group: 'hostSpecific' as const, why: 'name of the host' }
    : { group: 'cosmetic' as const, why: 'only order, case or white space' }),
});

function compare(
  scope: Scope,
  attribute: string,
  left: SettingsObject,
  right: SettingsObject,
): Difference | 'unknown' | null {
  const values = [left.attributes.get(attribute), right.attributes.get(attribute)] as const;
  if (values[0] !== undefined && values[1] !== undefined) {
    if (sameList(values[0], values[1])) return values[0].includes(MASK) ? 'unknown' : null;
    if ([...values[0], ...values[1]].includes(MASK)) return 'unknown';
  }
  const form = (list: readonly string[] | undefined): string =>
    JSON.stringify((list ?? []).map((value) => value.trim().replace(/\s+/g, ' ').toLowerCase()).sort());
  const [a, b] = [shownOf(attribute, values[0]), shownOf(attribute, values[1])];
  const inForm = a !== null && b !== null && form(values[0]) === form(values[1]);
  return {
    ...{ scope, object: left.name, attribute, ...classify(attribute, inForm) },
    ...{ a: a?.values ?? null, b: b?.values ?? null, secret: (a?.masked ?? false) || (b?.masked ?? false) },
  };
}

const shownOf = (attribute: string, list: readonly string[] | undefined) =>
  list === undefined ? null : shown(attribute, list);

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);
