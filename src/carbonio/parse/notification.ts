/**
 * The notifications of operations: the only place where Carbonio says how a restore went. Their style is known from old
 * captures and from documentation; the words of today's product are not, so what counts is `Operation Id:` and a few
 * words of state, and two that disagree are no state.
 */
import { plain } from './excerpt';
import { isUuid } from './operations';

export type Phase = 'started' | 'phase1' | 'ended' | 'interrupted' | 'stopped' | 'failed' | 'unknown';

export interface Notification {
  /** That of the notification itself, if the list told it. */
  readonly id: string | null;
  readonly subject: string | null;
  readonly date: string | null;
  readonly server: string | null;
  /** Lower case; null for a notification about something else. */
  readonly operationId: string | null;
  readonly phase: Phase;
  /** The whole text, as it came. */
  readonly text: string;
}

const WORDS: readonly (readonly [Phase, RegExp])[] = [
  ['phase1', /\bPHASE 1\b/i],
  ['started', /\bstarted\b/i],
  ['ended', /\b(completed|ended)\b/i],
  ['interrupted', /\binterrupted\b/i],
  ['stopped', /\bstopped\b/i],
  ['failed', /\bfailed\b/i],
];

/** Never fails: what it does not find is null, or `unknown`. */
export function parseNotification(text: string, id: string | null = null): Notification {
  const lines = plain(text).split('\n');
  const field = (name: string) => fieldOf(lines, name);
  const operationId = field('Operation Id')?.toLowerCase() ?? null;
  const subject = field('Subject');
  return {
    id,
    subject,
    date: field('Date'),
    server: field('Server') ?? field('Operation Host'),
    operationId: operationId !== null && isUuid(operationId) ? operationId : null,
    phase: phaseOf([subject ?? '', ...headLines(lines)]),
    text,
  };
}

/** The first line `name: value`; two that differ are none. */
function fieldOf(lines: readonly string[], name: string): string | null {
  const mark = `${name.toLowerCase()}:`;
  const values = lines
    .map((line) => line.trim())
    .filter((line) => line.toLowerCase().startsWith(mark))
    .map((line) => line.slice(mark.length).trim());
  return new Set(values).size === 1 ? (values[0] ?? null) : null;
}

/** Only these say a state: parameters and statistics may hold any word. */
function headLines(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.trim())
    .filter(
      (line) =>
        /^operation (?!id\b|host\b|requested\b|parameters\b|start time\b|duration\b)/i.test(line) ||
        /^PHASE 1\b/i.test(line),
    );
}

function phaseOf(lines: readonly string[]): Phase {
  const found = new Set(
    lines.flatMap((line) => {
      // the name of the operation is before the state: the last word of a line counts
      const hits = WORDS.filter(([, word]) => word.test(line)).map(([phase]) => phase);
      return hits.includes('phase1') ? ['phase1' as const] : hits;
    }),
  );
  // the start is one of the things that later ones may mention
  if (found.size > 1) found.delete('started');
  return found.size === 1 ? ([...found][0] ?? 'unknown') : 'unknown';
}
