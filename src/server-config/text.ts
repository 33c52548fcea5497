/** Saved settings as administrators know them from `carbonio backup getServerConfig`. */
import { localTimeWithZone } from './time';
import type { Answered } from './query';
import type { Settings } from './model';

/** Columns of a line; the vendor's example has about so many. */
const WIDTH = 128;

/** Key, underscores up to the width of the line, value. */
export const line = (key: string, value: string): string =>
  `${key}${'_'.repeat(Math.max(3, WIDTH - key.length - value.length))}${value}`;

const dateLine = ({ savedAt }: Settings): string =>
  line('config date', savedAt === null ? 'now' : localTimeWithZone(savedAt));

/** One setting under its last part (documented), else each under its whole place, which can be asked for again. */
export function settingLines(settings: Settings, { entries, one }: Answered): string[] {
  return [
    dateLine(settings),
    ...entries.flatMap(({ place, name, values }) => values.map((value) => line(one ? name : place, value))),
  ];
}

/** What is printed without a query is not documented: counts, here. */
export function summaryLines(settings: Settings): string[] {
  const of = (scope: string) => settings.objects.filter((one) => one.scope === scope);
  const sizes = (scope: string): string => String(of(scope).reduce((n, one) => n + one.attributes.size, 0));
  return [
    dateLine(settings),
    ...of('server').map(({ name }) => line('server', name)),
    line('server settings', sizes('server')),
    line('global settings', sizes('global')),
    line('domains', String(of('domain').length)),
    line('coses', String(of('cos').length)),
    line('distribution lists', String(of('distributionList').length)),
  ];
}
