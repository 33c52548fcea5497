/** Reading the file of schedules: everything that is wrong with it is told at once, with its line. */
import { readFileSync, statSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { CommandError } from '../errors';
import { WORKFLOWS } from '../workflows';
import { scheduleFile, wantedOf, type WantedSchedule, type Where } from './model';

const LARGEST_BYTES = 1024 * 1024;

type Path = readonly PropertyKey[];
interface Wrong {
  readonly path: Path;
  readonly message: string;
}

/** @throws CommandError `InvalidInput` that names every mistake, a line each: `file:line: field: what is wrong` */
export function readScheduleFile(path: string, where: Where): WantedSchedule[] {
  const text = readText(path);
  const lines = new LineCounter();
  // its own excerpts of the file are left out: an excerpt may show what belongs into a secret
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    throw refusal(
      path,
      broken.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, text: message })),
    );
  }
  const raw = asData(path, document);
  const parsed = scheduleFile.safeParse(raw);
  const wrong = [...(parsed.success ? [] : parsed.error.issues.flatMap(wrongOf)), ...wrongInputs(raw)];
  if (!parsed.success || wrong.length > 0) {
    throw refusal(
      path,
      wrong.map(({ path: field, message }) => ({
        line: lines.linePos(offsetOf(document, field)).line,
        text: `${fieldText(field)}: ${message}`,
      })),
    );
  }
  return wantedOf(parsed.data, where);
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > LARGEST_BYTES) throw new Error(`it has ${size} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(
      'InvalidInput',
      `The file of schedules ${path} cannot be read (${code ?? message}). Name it; examples/lifeboat.schedules.yaml is one to begin with.`,
      { cause: error },
    );
  }
}

function asData(path: string, document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // too many aliases
    throw refusal(path, [{ line: 1, text: (error as Error).message }]);
  }
}

function refusal(path: string, wrong: readonly { line: number; text: string }[]): CommandError {
  const lines = [...wrong]
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `${path}:${line}: ${text}`);
  return new CommandError(
    'InvalidInput',
    `The file of schedules is not right; nothing was changed.\n${lines.join('\n')}`,
  );
}

/** One for each field that is not known, so that each has its line. */
function wrongOf(issue: z.core.$ZodIssue): Wrong[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not known' }));
  // what is wrong with a name is told by the issues within
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  return [{ path: issue.path, message: issue.message }];
}

/** The inputs by the contracts of their workflows, also where the schedule itself is not right. */
function wrongInputs(raw: unknown): Wrong[] {
  const schedules = isRecord(raw) && isRecord(raw['schedules']) ? raw['schedules'] : {};
  return Object.entries(schedules).flatMap(([name, schedule]) => {
    if (!isRecord(schedule) || typeof schedule['workflow'] !== 'string') return [];
    const at = ['schedules', name];
    const known = WORKFLOWS.get(schedule['workflow']);
    if (!known)
      return [
        { path: [...at, 'workflow'], message: `is not known. Known: ${[...WORKFLOWS.keys()].join(', ')}` },
      ];
    const input = schedule['input'] ?? {};
    const internal = known.internal.filter((field) => isRecord(input) && field in input);
    const parsed = known.schema.safeParse(input);
    const issues = parsed.success ? [] : parsed.error.issues.flatMap(wrongOf);
    return [
      ...internal.map((field) => ({ path: [field], message: 'is for workflows among themselves' })),
      ...issues,
    ].map(({ path, message }) => ({ path: [...at, 'input', ...path], message }));
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `nightly-sync.input.destination` */
const fieldText = (path: Path): string =>
  (path[0] === 'schedules' && path.length > 1 ? path.slice(1) : path).map(String).join('.') ||
  '(the whole file)';

/** Where the field is written; of one that is missing, where the thing is that should have it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = (node.items[Number(step)] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
