/** A runbook as the page of the Temporal UI. */
import type { Question, RunbookStatus } from '../contracts/runbook';

export function runbookPage({ phase, steps, question, files }: RunbookStatus): string {
  return [
    `**${phase}**`,
    '',
    ...(question === null ? [] : questionLines(question)),
    ...steps.map(
      ({ title, state, text }) => `- **${state}** ${title}${text === null ? '' : `: ${plain(text)}`}`,
    ),
    ...(files.length === 0 ? [] : ['', 'Files on the worker:', ...files.map((file) => `- ${code(file)}`)]),
  ].join('\n');
}

function questionLines({ kind, text, options, proposed, command, step }: Question): string[] {
  const update = kind === 'failure' ? 'retry' : 'approve';
  const example = { step, ...(kind === 'approval' && options.length > 0 ? { choice: proposed } : {}) };
  return [
    `### Waits for you: ${step}`,
    '',
    ...text.split('\n').map((line) => plainLine(line)),
    '',
    ...(options.length === 0
      ? []
      : [
          'Options:',
          '',
          ...options.map((one) => `- ${plain(one)}${proposed.includes(one) ? ' (proposed)' : ''}`),
          '',
        ]),
    `Send the update \`${update}\` with ${code(JSON.stringify(example))}, or run ${code(command)}.`,
    '',
  ];
}

/** On one line, and as it reads: no control characters, none that turn the direction of the text. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ');

/** Text of a backup, a host or a person: none of it is Markdown, a link or a line of its own. */
const plain = (text: string): string => visible(text).replace(/[\\`*_[\]<>#|~!]/g, '\\$&');

/** A line of a question may be one of a list of ours. */
const plainLine = (line: string): string =>
  line.startsWith('- ') ? `- ${plain(line.slice(2))}` : plain(line);

const code = (text: string): string => `\`${visible(text).replaceAll('`', "'")}\``;
