/** A runbook as the page of the Temporal UI. */
import type { Question, RunbookStatus } from '../contracts/runbook';

export function runbookPage({ phase, steps, question, files }: RunbookStatus): string {
  return [
    ...(question === null ? [`**${phase}**`, ''] : [...questionLines(question), 'Steps:', '']),
    ...steps.map(
      ({ title, state, text }) => `- **${state}** ${title}${text === null ? '' : `: ${plain(text)}`}`,
    ),
    ...(files.length === 0
      ? []
      : ['', 'Files on the worker:', '', ...files.map((file) => `- ${code(file)}`)]),
  ].join('\n');
}

/** The answer first: there may be hundreds of options. The UI shows a list as such only after an empty line. */
function questionLines(question: Question): string[] {
  const { kind, text, options, notes = [], proposed, several, command, skipCommand, step } = question;
  const choice = exampleOf(question);
  const says = several && choice.length === 0 ? 'To answer, here with nothing chosen:' : 'To answer:';
  const answer = (update: string, more: object, words: string): string[] => [
    `- update \`${update}\` with ${code(JSON.stringify({ step, ...more }))}`,
    `- or command ${code(words)}`,
    '',
  ];
  return [
    `### Waits for you: ${step}`,
    '',
    ...text.split('\n').map((line) => plainLine(line)),
    '',
    ...(kind === 'failure'
      ? ['To try it again:', '', ...answer('retry', {}, command)]
      : [says, '', ...answer('approve', options.length > 0 ? { choice } : {}, command)]),
    ...(skipCommand ? ['To go on without it:', '', ...answer('skip', {}, skipCommand)] : []),
    ...(options.length === 0
      ? []
      : [
          several ? 'Options, any number of them (`--choose` before each):' : 'Options:',
          '',
          ...options.map(
            (one, at) =>
              `- ${code(one)}${proposed.includes(one) ? ' (proposed)' : ''}${notes[at] ? `: ${plain(notes[at])}` : ''}`,
          ),
          '',
        ]),
  ];
}

/** What an answer may choose: what is proposed; where that is nothing, and one is needed, the first. */
export const exampleOf = ({
  options,
  proposed,
  several,
}: Pick<Question, 'options' | 'proposed' | 'several'>): readonly string[] =>
  proposed.length > 0 || several ? proposed : options.slice(0, 1);

/** On one line, and as it reads: no control characters, none that turn the direction of the text. */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ');

/**
 * Text of a backup, a host or a person: none of it is Markdown, a link or a line of its own. What stands in backticks is
 * shown as code, which takes nothing for a mark either; elsewhere the UI makes a dash of `--` and curls quotes.
 */
const plain = (text: string): string =>
  visible(text)
    .split(/(?<!`)(`[^`]+`)(?!`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[\\`*_[\]<>#|~!]/g, '\\$&')))
    .join('');

/** A line of a question may be one of a list of ours. */
const plainLine = (line: string): string =>
  line.startsWith('- ') ? `- ${plain(line.slice(2))}` : plain(line);

const code = (text: string): string => `\`${visible(text).replaceAll('`', "'")}\``;
