/** What one call of the `carbonio` command answered: JSON if it is JSON, else text; errors in either as problems. */
import { Problem } from '../../failures';
import type { RunResult } from '../runner';
import { excerpt, oneLine, plain, unknownOutput } from './excerpt';
import { parseTree, treeOfJson, type TreeNode } from './tree';

export interface HostAnswer {
  /** Undefined in the answer of the one server that was asked. */
  readonly host: string | undefined;
  /** What is under `response`; undefined when there is nothing. */
  readonly response: unknown;
}

export type Answer =
  | {
      readonly form: 'json';
      readonly ok: boolean;
      readonly hosts: readonly HostAnswer[];
      readonly raw: string;
    }
  | { readonly form: 'text'; readonly raw: string };

/** Of the text that a command prints when the mail server is down, and when a parameter is missing. Documented. */
const UNREACHABLE = /unable to communicate with server/i;
const INCOMPLETE = /command \S+ requires more parameters/i;
/** Only the beginning is searched for these: a notification that is shown may quote anything. */
const BEGINNING = 2_000;

/**
 * @param codeIsResult for `--sync`, whose exit status says how the operation ended
 * @throws Problem `HostUnavailable`, `CommandFailed` with what the host says, `UnknownOutput` for broken JSON
 */
export function readAnswer(run: RunResult, codeIsResult = false): Answer {
  const text = plain(run.stdout);
  const json = readJson(text);
  if (json !== undefined) {
    const answer = unwrap(json, text);
    // With an explicit `ok` the JSON is the truth; what the status of such a call means is not documented.
    if (!answer.ok && run.code !== 0 && !codeIsResult) throw failed(run);
    return answer;
  }
  const beginning = `${text.slice(0, BEGINNING)}\n${plain(run.stderr).slice(0, BEGINNING)}`;
  if (UNREACHABLE.test(beginning)) throw unavailable(beginning);
  if (INCOMPLETE.test(beginning) || (run.code !== 0 && !codeIsResult)) throw failed(run);
  return { form: 'text', raw: text };
}

/** The answer as a tree, of all hosts together. */
export function treeOf(answer: Answer): TreeNode[] {
  if (answer.form === 'text') return parseTree(answer.raw);
  return answer.hosts.flatMap(({ response }) => treeOfJson(response));
}

/** Undefined for text. Lines before the JSON (warnings of the Java machine) are passed over. */
function readJson(text: string): Record<string, unknown> | undefined {
  const start = /^\s*\{/.test(text) ? text.indexOf('{') : text.search(/^\{/m);
  if (start < 0) return undefined;
  const parsed = parse(text.slice(start));
  const isAnswer = parsed !== undefined && ('ok' in parsed || 'response' in parsed || 'error' in parsed);
  if (isAnswer) return parsed;
  throw unknownOutput('The JSON of the answer', text);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unwrap(json: Record<string, unknown>, raw: string): Extract<Answer, { form: 'json' }> {
  const { ok, response, nested } = json;
  if (!isNested(response, nested)) {
    if (ok === false || json.error !== undefined) throw refused(json.error, '', raw);
    return { form: 'json', ok: ok === true, hosts: [{ host: undefined, response }], raw };
  }
  const hosts = Object.entries(response).map(([host, answer]) => {
    if (answer.ok === false || answer.error !== undefined) throw refused(answer.error, `${host}: `, raw);
    return { host, response: answer.response, ok: answer.ok === true };
  });
  if (ok === false || json.error !== undefined) throw refused(json.error, '', raw);
  return { form: 'json', ok: hosts.length > 0 && hosts.every((host) => host.ok), hosts, raw };
}

/** Whether there is an answer for each host: it says so, or each part has the marks of an answer. */
function isNested(response: unknown, nested: unknown): response is Record<string, Record<string, unknown>> {
  if (!isObject(response)) return false;
  const parts = Object.values(response);
  const alike = parts.every((part) => isObject(part) && (typeof part.ok === 'boolean' || 'error' in part));
  return alike && (parts.length > 0 || nested === true);
}

function refused(error: unknown, where: string, raw: string): Problem {
  const message = isObject(error) ? error.message : error;
  const said = typeof message === 'string' && message !== '' ? message : 'an error without a message';
  if (UNREACHABLE.test(said)) return unavailable(said);
  return new Problem('CommandFailed', `The mail host answers: ${where}${oneLine(said)}.`, {
    output: excerpt(raw),
  });
}

const unavailable = (said: string): Problem =>
  new Problem('HostUnavailable', 'The mail server does not answer its command line.', {
    output: excerpt(said),
  });

function failed({ code, stdout, stderr }: RunResult): Problem {
  const said = oneLine(stderr) || oneLine(stdout) || 'nothing';
  return new Problem('CommandFailed', `The mail host answers (exit status ${code}): ${said}.`, {
    code,
    output: excerpt(stdout),
    errors: excerpt(stderr),
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
