/** Help pages of the commands, from their table. */
import { COMMANDS } from './all';
import type { Command } from './spec';

export function helpOf({ module, name, mandatory, optional, output, about }: Command): string {
  const positional = mandatory.map((key) => ` {${key}}`).join('');
  const named = Object.entries(optional).map(([key, kind]) => `  ${key} (${kind})`);
  const lines = [
    `Usage: carbonio ${module} ${name}${positional}${named.length > 0 ? ' [name value …]' : ''}`,
    `${about} (stand-in; output: ${output})`,
    ...(named.length > 0 ? ['Optional parameters:', ...named] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** For a command that there is not. */
export function moduleHelp(module: string, name: string): string {
  const of = COMMANDS.filter((command) => command.module === module.toLowerCase());
  const shown = of.length > 0 ? of : COMMANDS;
  const lines = shown.map((command) => `  ${command.module} ${command.name}: ${command.about}`);
  return `Unknown command: ${module} ${name}\nStand-in host. Commands:\n${lines.join('\n')}\n`;
}
