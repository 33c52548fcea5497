/** `lifeboat host`: starts an operation of the mail host on its own backup. */
import type { z } from 'zod';
import { loadConfig } from '../../config';
import {
  HOST_INPUTS,
  HOST_TITLES,
  type HostOperationName,
  type HostOperationResult,
} from '../../contracts/host-operations';
import { printable } from '../../report/format';
import { checkInput } from '../check-input';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { readFields } from '../fields';
import { showNotDone } from '../not-done';
import { runOperation, type OperationOptions } from '../operation';
import { namedId } from '../operation-id';
import { print, printJson } from '../output';

export async function hostOperation(
  name: string,
  fields: string[],
  options: OperationOptions,
): Promise<number> {
  const operation = Object.keys(HOST_INPUTS).find(
    (one) => one.toLowerCase() === name.replaceAll('-', '').toLowerCase(),
  ) as HostOperationName | undefined;
  if (operation === undefined) {
    throw new CommandError(
      'Usage',
      `There is no operation "${name}". Known: ${Object.keys(HOST_INPUTS).join(', ')}.`,
    );
  }
  const schema: z.ZodType = HOST_INPUTS[operation];
  const request = readFields(schema, fields);
  checkInput(schema, request, ` \`lifeboat example ${operation} --all-fields\` explains them.`);
  const { kind } = HOST_TITLES[operation];
  const config = loadConfig(
    process.env,
    options.stateDir === undefined ? {} : { stateDir: options.stateDir },
  );
  return runOperation<HostOperationResult>(config, options, {
    noun: kind,
    derivedId: namedId(operation, config.host, request),
    start: { type: operation, input: request, summary: `${kind} on ${config.host}` },
    left: (operationId, note) => ({ status: 'running', operationId, note }),
    finish: async ({ outcome, operationId, page }) => {
      if (outcome.kind !== 'done') return showNotDone(kind, operationId, outcome, options.json ?? false);
      if (options.json) printJson(outcome.result);
      else {
        print(`${kind} done.`);
        for (const [label, value] of Object.entries(outcome.result.stats))
          print(printable(`  ${label}: ${value}`));
        for (const note of outcome.result.notes) print(printable(`  Note: ${note}`));
        print(`Report:   ${outcome.result.reportDir}`);
        if (page !== null) print(`Temporal: ${page}`);
      }
      return EXIT.done;
    },
  });
}
