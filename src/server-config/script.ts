/**
 * The commands that would bring one set of settings to another, as a text that a person reads and runs. Lifeboat never
 * runs it. Values come from a Backup Path, which is hostile input: each is one word in single quotes, and what cannot be
 * shown safely is left to be set by hand.
 */
import { printable } from '../report/format';
import type { Difference, SettingsDiff } from './diff';
import { BACKUP_ENABLED } from './model';

export interface ScriptTarget {
  /** The mail server whose settings are set: that of `b`. */
  readonly server: string;
}

/** Settings of Carbonio's modules, which `carbonio config` sets; all others are of the directory (`carbonio prov`). */
const OF_MODULE = /^(Zx[A-Z]|backup|ldapDump|scheduledMetadata)/;
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** What `a` has and `b` has not, in commands. What belongs to the host or is cosmetic is in comments. */
export function renderScript(
  { a, b, differences, notComparable }: SettingsDiff,
  target: ScriptTarget,
): string {
  const must = differences.filter(({ group }) => group === 'mustMatch');
  const rest = differences.filter(({ group }) => group !== 'mustMatch');
  return [
    '#!/bin/sh',
    '# For review. Read every line before you run any; run as the user zextras on the mail server.',
    `# Brings ${comment(b)}`,
    `# to      ${comment(a)}`,
    'set -eu',
    '',
    ...must.flatMap((one) => block(one, target, '')),
    ...(rest.length === 0
      ? []
      : ['', '# Not needed, or wrong on another host; take the comment sign away at will.']),
    ...rest.flatMap((one) => block(one, target, '# ')),
    ...notComparable.map((place) => `# ${comment(place)}: a secret that could not be compared.`),
    '',
  ].join('\n');
}

function block(one: Difference, target: ScriptTarget, prefix: string): string[] {
  const place = [one.scope, one.object, one.attribute ?? ''].filter((part) => part !== '').join(' ');
  const said = `# ${comment(place)} (${comment(one.why)}); now ${comment(valuesText(one.b))}`;
  const made = commandOf(one, target);
  if (typeof made === 'string') return [said, `# By hand: ${made}`];
  return [said, `${prefix}${made.map(word).join(' ')}`];
}

const valuesText = (values: readonly string[] | null): string =>
  values === null ? 'not set' : values.join(', ').slice(0, 300) || 'empty';

/** The words of a command that sets what `a` has; as text, why there is none. */
export function commandOf(one: Difference, { server }: ScriptTarget): string[] | string {
  const { scope, object, attribute, secret, a } = one;
  if (attribute === null || attribute === 'name')
    return 'what is there on one side only is not made by a command here.';
  if (secret) return 'it holds a secret, which is not written here.';
  if (scope === 'distributionList') return 'lists are brought back by a restore.';
  if (!PLAIN_NAME.test(attribute)) return 'its name is no name of an attribute.';
  const name = scope === 'server' ? server : object;
  const values = a ?? [''];
  // a terminal would act on it, or the command take it for a switch, or for another value
  if ([name, ...values].some((value) => value !== printable(value) || value.startsWith('-')))
    return 'a value begins with - or holds characters that do not show.';
  if (OF_MODULE.test(attribute) || (attribute === BACKUP_ENABLED && scope === 'cos'))
    return moduleCommand(scope, name, attribute, a);
  const begin = { server: ['ms', name], global: ['mcf'], domain: ['md', name], cos: ['mc', name] }[scope];
  // a repeated name makes a list; an empty value takes it away
  return ['carbonio', 'prov', ...begin, ...values.flatMap((value) => [attribute, value])];
}

function moduleCommand(
  scope: 'server' | 'global' | 'domain' | 'cos',
  name: string,
  attribute: string,
  values: readonly string[] | null,
): string[] | string {
  const object = scope === 'global' ? ['global'] : [scope, name];
  if (values === null) return ['carbonio', 'config', 'unset', ...object, attribute];
  const [value = ''] = values;
  if (values.length > 1 || value === '') return 'a setting of a module has one value.';
  return ['carbonio', 'config', 'set', ...object, attribute, value];
}

/** In single quotes, whatever it is, but for the words that everybody writes without. */
const word = (text: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Never more than its line. */
const comment = (text: string): string => printable(text);
