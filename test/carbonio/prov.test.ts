/** The directory by `carbonio prov`, as text and as JSON, and the dump of settings. */
import {
  getAllAccounts,
  getAllCoses,
  getAllDomains,
  getGlobalConfig,
  getServer,
} from '../../src/carbonio/cli/prov';
import { dumpConfig } from '../../src/carbonio/cli/settings';
import { cliPrinting, failure } from './kit';

test('attributes as zmprov prints them: lists, values of several lines, empty ones', async () => {
  const text =
    '# name mail.example.com\nzimbraId: 1\nlist: a\nlist: b: c\nlong: one\n two\n\nthree\nempty: \nlast: x\n\n';
  expect(await getServer(cliPrinting(text), 'mail.example.com')).toEqual({
    name: 'mail.example.com',
    attributes: { zimbraId: '1', list: ['a', 'b: c'], long: 'one\n two\n\nthree', empty: '', last: 'x' },
  });
});

test('several objects, none, and one without a name', async () => {
  const text = '# name a\nzimbraId: 1\n\n# name b\nzimbraId: 2\n\n';
  expect((await getAllCoses(cliPrinting(text))).map(({ name }) => name)).toEqual(['a', 'b']);
  expect(await getAllDomains(cliPrinting('\n'))).toEqual([]);
  expect(await getGlobalConfig(cliPrinting('a: 1\n'))).toEqual({ name: null, attributes: { a: '1' } });
  expect(await getAllAccounts(cliPrinting('jane@example.com\n\njoe@example.com\n'))).toHaveLength(2);
});

test.each([
  ['other text', 'nonsense\n'],
  ['nothing', ''],
  ['two where one was asked for', '# name a\nx: 1\n\n# name b\nx: 1\n'],
  ['JSON of another form', { ok: true, response: { a: { b: { c: 1 } } } }],
  ['JSON that is a list', { ok: true, response: ['a'] }],
])('%s: not understood', async (_what, output) => {
  expect((await failure(getServer(cliPrinting(output), 'mail'))).type).toBe('UnknownOutput');
});

test('a name that is a switch is not asked for', async () => {
  expect((await failure(getServer(cliPrinting('# name a\nx: 1\n'), '-a'))).type).toBe('InvalidInput');
});

test('a dump: an empty value is none, one that says nothing of a value is not understood', async () => {
  const line = (key: string, value: string): string => `        ${key.padEnd(60)}${value}`.trimEnd();
  const text = [
    'values',
    line('attribute', 'a'),
    line('value', '1'),
    line('attribute', 'b'),
    line('value', ''),
  ];
  expect(await dumpConfig(cliPrinting(text.join('\n')), { scope: 'global' })).toEqual({ a: '1' });
  const cut = text.slice(0, -1).join('\n');
  expect((await failure(dumpConfig(cliPrinting(cut), { scope: 'global' }))).type).toBe('UnknownOutput');
});
