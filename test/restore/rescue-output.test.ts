/** What a rescue that was killed leaves half written. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rescueFolder } from '../../src/rescue/output';

test('goes when it is taken up again; what others have put there stays', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-rescue-'));
  try {
    const folder = join(dir, 'jane');
    mkdirSync(folder);
    const id = 'b5b5eef6-4087-4359-b7db-c960b56dc62c';
    const half = `.301.older-state.eml.${id}.part`;
    const others = ['.notes.part', `.301.eml.${id}.part.txt`, `301.eml.${id}.part`, '300.older-state.eml'];
    for (const name of [half, ...others]) writeFileSync(join(folder, name), 'x');
    expect(rescueFolder(dir, 'jane')).toBe('jane');
    expect(readdirSync(folder).sort()).toEqual(others.sort());
    rescueFolder(dir, 'joe');
    expect(readdirSync(dir).sort()).toEqual(['jane', 'joe']);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a folder that cannot be made is told', () => {
  const dir = mkdtempSync(join(tmpdir(), 'lifeboat-rescue-'));
  try {
    writeFileSync(join(dir, 'jane'), '');
    expect(() => rescueFolder(dir, 'jane')).toThrow(/Rescued items cannot be written to .*jane: /);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
