/** `lifeboat example`: an input that works, for the Temporal UI or a script. */
import { z } from 'zod';
import { CommandError } from '../errors';
import { EXIT } from '../exit-codes';
import { print, printJson } from '../output';
import { findWorkflow, WORKFLOWS, type KnownWorkflow } from '../workflows';

export function example(name: string | undefined, options: { allFields?: boolean }): number {
  if (name === undefined) {
    for (const [known, { what }] of WORKFLOWS) print(`${known}  ${what}`);
    return EXIT.done;
  }
  const workflow = findWorkflow(name);
  if (!workflow) {
    const known = [...WORKFLOWS.keys()].join(', ');
    throw new CommandError('Usage', `There is no workflow "${name}". Known: ${known}.`);
  }
  printJson(options.allFields ? fields(workflow) : workflow.example);
  return EXIT.done;
}

/** JSON schema of the input: type, default and meaning of every field that a person may set. */
function fields({ schema, internal }: KnownWorkflow): object {
  const whole = z.toJSONSchema(schema, { io: 'input' });
  const properties = Object.entries(whole.properties ?? {}).filter(([name]) => !internal.includes(name));
  return { ...whole, properties: Object.fromEntries(properties) };
}
