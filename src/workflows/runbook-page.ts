/** A runbook as the page of the Temporal UI. */
import type { Question, RunbookStatus, StepState } from '../contracts/runbook';

export function runbookPage({ phase, steps, question, files }: RunbookStatus): string {
  return [
    `**${phase}**`,
    '',
    ...(question === null ? [] : questionLines(question)),
    ...steps.map(({ title, state, text }) => `- ${MARKS[state]} ${title}${text === null ? '' : `: ${text}`}`),
    ...(files.length === 0 ? [] : ['', 'Files on the worker:', ...files.map((file) => `- \`${file}\``)]),
  ].join('\n');
}

const MARKS: Readonly<Record<StepState, string>> = {
  open: '☐',
  working: '▶',
  waiting: '❓',
  failed: '✗',
  done: '✓',
  skipped: '–',
};

function questionLines({ kind, text, options, proposed, command, step }: Question): string[] {
  const update = kind === 'failure' ? 'retry' : 'approve';
  const example = { step, ...(kind === 'approval' && options.length > 0 ? { choice: proposed } : {}) };
  return [
    `### Waits for you: ${step}`,
    '',
    text,
    '',
    ...(options.length === 0
      ? []
      : ['Options:', ...options.map((one) => `- ${one}${proposed.includes(one) ? ' (proposed)' : ''}`), '']),
    `Send the update \`${update}\` with \`${JSON.stringify(example)}\`, or run \`${command}\`.`,
    '',
  ];
}
