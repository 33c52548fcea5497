/** What a runbook shows people: on its page, and as commands. */
import type { Question } from '../../src/contracts/runbook';
import { shellWord } from '../../src/report/format';
import { exampleOf, runbookPage } from '../../src/workflows/runbook-page';

const question = (more: Partial<Question>): Question => ({
  ...{ step: 's', kind: 'approval', text: 'Which?', options: [], proposed: [] },
  ...{ command: 'lifeboat dr approve id s', since: '' },
  ...more,
});
const page = (more: Partial<Question>): string[] =>
  runbookPage({
    phase: 'the phase',
    steps: [{ name: 's', title: 'Step', state: 'done', text: null }],
    question: question(more),
    files: ['/a', '/b'],
  }).split('\n');

test('how to answer stands before the options, however many there are', () => {
  const options = Array.from({ length: 300 }, (_, at) => `option ${at}`);
  const lines = page({ options, notes: ['now 6; source: 8'], several: true });
  const answer = lines.indexOf('- update `approve` with `{"step":"s","choice":[]}`');
  expect(answer).toBeGreaterThan(0);
  expect(lines[answer + 1]).toBe('- or command `lifeboat dr approve id s`');
  expect(lines.indexOf('- `option 0`: now 6; source: 8')).toBeGreaterThan(answer);
  expect(lines).toContain('- `option 299`');
});

test('a failed step that can be left out says so; one that cannot does not', () => {
  const lines = page({
    kind: 'failure',
    command: 'lifeboat dr retry id s',
    skipCommand: 'lifeboat dr skip id s',
  });
  expect(lines).toContain('- update `retry` with `{"step":"s"}`');
  expect(lines).toContain('- update `skip` with `{"step":"s"}`');
  expect(lines).toContain('- or command `lifeboat dr skip id s`');
  expect(page({ kind: 'failure' }).join('\n')).not.toContain('skip');
});

test('the Temporal UI takes a list for text after a line of text, and two lists without one between for one', () => {
  const lines = page({ options: ['a', 'b'], proposed: ['b'], text: 'Which?\n\n- one\n- two' });
  lines.forEach((line, at) => {
    if (!line.startsWith('- ') || lines[at - 1]?.startsWith('- ')) return;
    expect(lines[at - 1]).toBe('');
    expect(lines[at - 2]).not.toMatch(/^- /);
  });
});

test('a command in a text stays as it is, and nothing in backticks ends them', () => {
  const shown = (text: string): string | undefined => page({ text })[2];
  expect(shown('Run `lifeboat x --all_of *it*`, *now*.')).toBe('Run `lifeboat x --all_of *it*`, \\*now\\*.');
  expect(shown('``[a](b)``')).toBe('\\`\\`\\[a\\](b)\\`\\`');
  expect(shown('a`[b](c)')).toBe('a\\`\\[b\\](c)');
});

test('an answer takes what is proposed; where it needs one, the first option', () => {
  expect(exampleOf({ options: ['a', 'b'], proposed: ['b'] })).toEqual(['b']);
  expect(exampleOf({ options: ['a', 'b'], proposed: [] })).toEqual(['a']);
  expect(exampleOf({ options: ['a', 'b'], proposed: [], several: true })).toEqual([]);
});

test('a word for a shell is one word', () => {
  expect(['/mnt/old', 'go on anyway', "it's", ''].map(shellWord)).toEqual([
    '/mnt/old',
    "'go on anyway'",
    "'it'\\''s'",
    "''",
  ]);
});
