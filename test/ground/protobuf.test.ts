/** Temporal's SDK replays histories only when it and its generated code share one protobufjs. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

test('protobufjs is version 8 at the top', () => {
  const { version } = jest.requireActual<{ version: string }>('protobufjs/package.json');
  expect(version).toMatch(/^8\./);
});

test('the packages of the Temporal SDK bring no protobufjs of their own', () => {
  const scope = join(root, 'node_modules/@temporalio');
  const packages = readdirSync(scope);
  expect(packages).toContain('proto');
  for (const name of packages) {
    const nested = join(scope, name, 'node_modules');
    const entries = readdirSync(join(scope, name)).includes('node_modules') ? readdirSync(nested) : [];
    expect({ name, entries }).toEqual({ name, entries: expect.not.arrayContaining(['protobufjs']) });
  }
});
