import { folderName, isFolderName, systemFolderName } from '../../src/mail/maildir/names';
import { decodeUtf7, encodeUtf7 } from '../../src/mail/maildir/utf7';
import { never } from './helpers';

const among =
  (...folders: string[]) =>
  (candidate: string): boolean =>
    folders.includes(candidate);

test.each([
  ['Work', 'Work'],
  ['Entwürfe', 'Entw&APw-rfe'],
  ['R&D', 'R&-D'],
  ['日本語', '&ZeVnLIqe-'],
  ['台北', '&U,BTFw-'],
  ['a😀b', 'a&2D3eAA-b'],
  ['&', '&-'],
  ['é&è', '&AOk-&-&AOg-'],
])('modified UTF-7 of %s is %s, and back', (text, encoded) => {
  expect(encodeUtf7(text)).toBe(encoded);
  expect(decodeUtf7(encoded)).toBe(text);
});

test.each(['&', 'a&b', '&APw', 'ü', '&AGE-'])('%s is no modified UTF-7', (text) => {
  expect(decodeUtf7(text)).toBeNull();
});

test('an unpaired surrogate becomes the replacement character', () => {
  expect(encodeUtf7('a\ud800')).toBe('a&,,0-');
});

test('folders lie flat, their place in the name; children of the Inbox are below INBOX', () => {
  expect(folderName(undefined, 'Work', never)).toEqual({ folder: '.Work' });
  expect(folderName('.Work', 'Größe', never)).toEqual({ folder: '.Work.Gr&APYA3w-e' });
  expect(folderName('', 'Sub', never)).toEqual({ folder: '.INBOX.Sub' });
});

test.each([
  ['a.b/c', '.a_b_c', 'a_b_c'],
  ['tab\there\u0000\u0085', '.tab_here__', 'tab_here__'],
  ['', '._', '_'],
  ['..', '.__', '__'],
  ['~jane', '._jane', '_jane'],
])('what a name cannot hold is replaced, and said: %j', (name, folder, renamedTo) => {
  expect(folderName(undefined, name, never)).toEqual({ folder, renamedTo });
});

test('a tilde is only a home at the very beginning', () => {
  expect(folderName('.Work', '~jane', never)).toEqual({ folder: '.Work.~jane' });
});

test('a name that is taken gets the first free number', () => {
  expect(folderName(undefined, 'a.b', among('.a_b', '.a_b-2'))).toEqual({
    folder: '.a_b-3',
    renamedTo: 'a_b-3',
  });
});

test.each(['inbox', 'INBOX', 'InBox'])('%s at the top is not the Inbox', (name) => {
  expect(folderName(undefined, name, never)).toEqual({ folder: `.${name}-2`, renamedTo: `${name}-2` });
  expect(folderName('.Work', name, never)).toEqual({ folder: `.Work.${name}` });
});

test('system folders keep their names from others', () => {
  expect(systemFolderName('Inbox')).toBe('');
  expect(systemFolderName('Junk')).toBe('.Junk');
  expect(folderName(undefined, 'Junk', never)).toEqual({ folder: '.Junk-2', renamedTo: 'Junk-2' });
});

test('a long name is cut at a character and told from others by a hash', () => {
  const one = folderName(undefined, 'ü'.repeat(200) + '1', never);
  const two = folderName(undefined, 'ü'.repeat(200) + '2', never);
  expect(Buffer.byteLength(one.folder)).toBeLessThanOrEqual(240);
  expect(Buffer.byteLength(one.folder)).toBeGreaterThan(230);
  expect(one.folder).not.toBe(two.folder);
  expect(one.renamedTo).toMatch(/^ü+-[0-9a-f]{8}$/);
  expect(decodeUtf7(one.folder.slice(1))).toBe(one.renamedTo);
  expect(folderName(undefined, 'ü'.repeat(200) + '1', among(one.folder)).renamedTo).toBe(
    `${one.renamedTo}-2`.replace('ü', ''),
  );
});

test('where a chain of folders gets too long, a folder moves up', () => {
  let parent: string | undefined;
  const seen = new Set<string>();
  for (let depth = 0; depth < 40; depth++) {
    const { folder } = folderName(parent, `level number ${depth}`, never);
    expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(240);
    expect(isFolderName(folder)).toBe(true);
    seen.add(folder);
    parent = folder;
  }
  expect(seen.size).toBe(40);
});

test.each(['..', '.a..b', '.a/b', 'a', '.', '.a\nb', '/etc'])('%j is no folder', (name) => {
  expect(isFolderName(name)).toBe(false);
});
