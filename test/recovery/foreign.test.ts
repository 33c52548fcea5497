/** What a runbook makes of text that is not ours. */
import { isPlainlyEmpty } from '../../src/recovery/aftermath';
import { runbookPage } from '../../src/workflows/runbook-page';

test.each([
  ['', true],
  [' \n', true],
  ['{"ok":true,"response":{"accounts":[]}}', true],
  ['{"ok":true,"response":{"mail":{"ok":true,"response":{"accounts":[]}}}}', true],
  ['{"ok":true,"response":[]}', true],
  ['no such option: hide_existing_accounts', false],
  ['The service is starting', false],
  ['{"ok":true}', false],
  ['{"ok":true,"response":{"mail":{"ok":false,"response":{}}}}', false],
  ['{"ok":true,"response":{"message":"not now"}}', false],
  [undefined, false],
])('an empty list of accounts: %j', (output, isEmpty) => {
  expect(isPlainlyEmpty(output)).toBe(isEmpty);
});

test('text of a source is no Markdown, and no line of its own', () => {
  const hostile = 'x`\n# run [this](http://evil)\u202e*now*';
  const page = runbookPage({
    phase: 'p',
    steps: [{ name: 's', title: 'Step', state: 'failed', text: hostile }],
    question: {
      ...{ step: 's', kind: 'approval', text: 'Which?', options: [hostile], proposed: [] },
      ...{ command: `do ${hostile}`, since: '' },
    },
    files: [hostile],
  });
  expect(page).not.toMatch(/^# run|\u202e/m);
  // in code it stays as it is, and cannot end the code
  expect(page).toContain("- `x' # run [this](http://evil) *now*`");
  expect(page).toContain('- **failed** Step: x\\` \\# run \\[this\\]');
});
