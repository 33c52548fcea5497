import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maildirFlags } from '../../src/mail/maildir/flags';
import { FolderKeywords, imapKeyword, parseKeywords } from '../../src/mail/maildir/keywords';
import { scratch } from './helpers';

test.each([
  ['', 'S'],
  ['u', ''],
  ['f', 'FS'],
  ['ufrwdx', 'DFPRT'],
  ['frwdxas!?', 'DFPRST'],
])('the flags %j are %j', (flags, expected) => {
  expect(maildirFlags(flags)).toBe(expected);
});

test('keyword letters follow in order', () => {
  expect(maildirFlags('f', 'zab')).toBe('FSabz');
});

test.each([
  ['Work', 'Work'],
  ['To do (now)', 'To_do__now_'],
  ['\\Seen', '_Seen'],
  ['100%*"]{', '100_____'],
  ['Größe', 'Gr&APYA3w-e'],
  ['R&D', 'R&-D'],
  ['', '_'],
])('the tag %j is the keyword %j', (tag, keyword) => {
  expect(imapKeyword(tag)).toBe(keyword);
});

test('a long tag stays within what Dovecot takes, and apart from others', () => {
  const one = imapKeyword(`${'ü'.repeat(60)}1`);
  expect(one.length).toBeLessThanOrEqual(50);
  expect(one).not.toBe(imapKeyword(`${'ü'.repeat(60)}2`));
});

test.each(['x', '26 a', '0 a\n0 b', '0  a', '0 a b', '-1 a'])('%j is not of Dovecot', (content) => {
  expect(parseKeywords(content)).toBeNull();
});

function folder(content?: string): string {
  const directory = scratch();
  mkdirSync(join(directory, 'tmp'));
  if (content !== undefined) writeFileSync(join(directory, 'dovecot-keywords'), content, { mode: 0o640 });
  return directory;
}
const fileOf = (directory: string): string => readFileSync(join(directory, 'dovecot-keywords'), 'utf8');

test('existing keywords keep their letters, gaps are filled, case does not count', () => {
  const directory = folder('1 Work\n3 $Forwarded\n');
  const keywords = new FolderKeywords(directory, null);
  expect(keywords.assign(['work', 'New'])).toEqual({ keywords: ['work', 'New'], notes: [] });
  expect(keywords.letters(['work', 'New'])).toBe('ba');
  expect(fileOf(directory)).toBe('1 Work\n3 $Forwarded\n');
  keywords.save();
  expect(fileOf(directory)).toBe('0 New\n1 Work\n3 $Forwarded\n');
  expect(statSync(join(directory, 'dovecot-keywords')).mode & 0o777).toBe(0o640);
  expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
});

test('the 27th is left off and named', () => {
  const keywords = new FolderKeywords(folder(), null);
  const tags = Array.from({ length: 27 }, (_unused, at) => `tag${at}`);
  const { keywords: kept, notes } = keywords.assign(tags);
  expect(kept).toHaveLength(26);
  expect(keywords.letters(kept)).toBe('abcdefghijklmnopqrstuvwxyz');
  expect(notes).toEqual(['The tag "tag26" is left off: the folder has 26 already, the most there can be.']);
});

test("another's file in another form stays as it is", () => {
  const directory = folder('# mine\n');
  const keywords = new FolderKeywords(directory, null);
  const { keywords: kept, notes } = keywords.assign(['Work']);
  keywords.save();
  expect(kept).toEqual([]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('dovecot-keywords is not in');
  expect(fileOf(directory)).toBe('# mine\n');
});

test('a symbolic link is neither read nor replaced', () => {
  const directory = folder();
  const outside = join(scratch(), 'file');
  writeFileSync(outside, '0 Secret\n');
  symlinkSync(outside, join(directory, 'dovecot-keywords'));
  const keywords = new FolderKeywords(directory, null);
  expect(keywords.assign(['Work']).notes).toHaveLength(1);
  keywords.save();
  expect(readFileSync(outside, 'utf8')).toBe('0 Secret\n');
});

test('what a server adds meanwhile is kept, and letters follow it', () => {
  const directory = folder();
  const keywords = new FolderKeywords(directory, null);
  keywords.assign(['Ours']);
  writeFileSync(join(directory, 'dovecot-keywords'), '0 Theirs\n');
  keywords.save();
  expect(fileOf(directory)).toBe('0 Theirs\n1 Ours\n');
  expect(keywords.letters(['Ours'])).toBe('b');
});
