/** The words of a call, each checked: a value is never read as an option, nor as two values. */
import { Problem } from '../../failures';
import { COMMANDS, type CommandName, type CommandValues, type ParameterType } from './commands';

const DATE = /^(first|last|all|most_recent|least_recent|\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2})$/;

/**
 * @throws Problem `InvalidInput` that names the parameter: missing, not known, of another type, empty, beginning with
 * `-`, a list element with a comma, a line break
 */
export function wordsOf<N extends CommandName>(name: N, values: CommandValues<N>): string[] {
  const { words, mandatory, optional } = COMMANDS[name] as {
    words: readonly string[];
    mandatory: Readonly<Record<string, ParameterType>>;
    optional: Readonly<Record<string, ParameterType>>;
  };
  const given = new Map<string, unknown>(
    Object.entries(values as Record<string, unknown>).filter(([, value]) => value !== undefined),
  );
  const positional = Object.entries(mandatory).map(([parameter, type]) => {
    if (type === 'start') return 'start';
    if (!given.has(parameter)) throw wrong(name, parameter, 'is missing');
    return wordOf(name, parameter, type, given.get(parameter));
  });
  const named = [...given].flatMap(([parameter, value]) => {
    if (Object.hasOwn(mandatory, parameter)) return [];
    const type = Object.hasOwn(optional, parameter) ? optional[parameter] : undefined;
    if (type === undefined) throw wrong(name, parameter, 'is not a parameter of it');
    return [parameter, wordOf(name, parameter, type, value)];
  });
  return [...words, ...positional, ...named];
}

/** A value that goes by place or after its name, checked. */
export function valueWord(command: string, parameter: string, value: string): string {
  if (value === '') throw wrong(command, parameter, 'is empty');
  // the command would read it as a switch
  if (value.startsWith('-')) throw wrong(command, parameter, 'begins with -');
  if (/\p{Cc}/u.test(value)) throw wrong(command, parameter, 'holds a control character');
  return value;
}

function wordOf(command: string, parameter: string, type: ParameterType, value: unknown): string {
  const check = (word: string) => valueWord(command, parameter, word);
  switch (type) {
    case 'start':
      return 'start';
    case 'boolean':
      if (typeof value === 'boolean') return String(value);
      throw wrong(command, parameter, 'is not true or false');
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
      throw wrong(command, parameter, 'is not a whole number of 0 or more');
    case 'list':
      return check(listOf(command, parameter, value).map(check).join(','));
    case 'date':
      if (typeof value === 'string' && DATE.test(value)) return value;
      throw wrong(command, parameter, 'is not dd/MM/yyyy HH:mm:ss, first, last or all');
    case 'text':
      if (typeof value === 'string') return check(value);
      throw wrong(command, parameter, 'is not text');
  }
}

function listOf(command: string, parameter: string, value: unknown): string[] {
  const elements: unknown[] = Array.isArray(value) ? value : [];
  // an empty list would mean "all" to the command
  if (elements.length === 0) throw wrong(command, parameter, 'is an empty list');
  return elements.map((element) => {
    if (typeof element === 'string' && !element.includes(',')) return element;
    throw wrong(command, parameter, 'has an element that is not text, or holds a comma');
  });
}

function wrong(command: string, parameter: string, what: string): Problem {
  return new Problem('InvalidInput', `${command}: ${parameter} ${what}.`);
}
