/** Which Temporal server a command talks to, and the connection to it. */
import { hostname, userInfo } from 'node:os';
import { Client, Connection, isGrpcServiceError, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readServerRecord } from '../embedded/server-record';
import { answers } from '../embedded/server-probe';
import { Problem } from '../failures';
import { CommandError } from './errors';
import { GRPC, grpcCode } from './grpc';

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const CONNECT_WITHIN_MS = 3000;
/** For an embedded server that is on record. */
const ANSWER_WITHIN_MS = 1500;

/** How to get a server, for those who have none. */
export const HOW_TO_START =
  'Start one with `lifeboat dev` (server, web interface and worker in one), add --embedded where a command has it, ' +
  'or set TEMPORAL_ADDRESS to one that runs.';

export interface ServerPlace {
  readonly address: string;
  readonly namespace: string;
  /** Address of its web interface, when known. */
  readonly uiUrl: string | null;
  /** The embedded server of a state folder; Temporal's own variables and profile do not concern it. */
  readonly embedded: boolean;
  readonly options: ConnectionOptions;
}

export interface Link {
  readonly client: Client;
  readonly place: ServerPlace;
  close(): Promise<void>;
}

/** An embedded server is always plain, whatever Temporal's variables say of another one. */
export function embeddedPlace({ address, uiUrl }: { address: string; uiUrl: string }): ServerPlace {
  return { address, uiUrl, namespace: 'default', embedded: true, options: { address } };
}

/**
 * Finds a server that answers: the one that Temporal's variables or profile name, else the embedded one of the state
 * folder, else the usual port of this machine.
 *
 * @throws CommandError `ServerUnreachable` that says how to start one, `ServerRefused`; Problem `InvalidInput` for a
 * profile that is not right
 */
export async function connectToServer(stateDir: string): Promise<Link> {
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const { address } = connectionOptions;
  const place = (at: string): ServerPlace => ({
    address: at,
    namespace,
    uiUrl: null,
    embedded: false,
    options: { ...connectionOptions, address: at },
  });
  if (address !== undefined) {
    return connect(
      place(address),
      'It is named by TEMPORAL_ADDRESS or by a profile of Temporal: correct or unset it.',
    );
  }
  const record = readServerRecord(stateDir);
  if (record && (await answers(record.address, ANSWER_WITHIN_MS))) return connect(embeddedPlace(record));
  const embedded = record
    ? `The embedded server of ${stateDir} (process ${record.process.pid}, ${record.address}) does not answer either.`
    : `No embedded server runs for the state folder ${stateDir} either.`;
  return connect(place(DEFAULT_ADDRESS), embedded);
}

/** What a command does with the server, whose connection ends with it. */
export async function onServer<T>(stateDir: string, body: (link: Link) => Promise<T>): Promise<T> {
  const link = await connectToServer(stateDir);
  try {
    return await body(link);
  } finally {
    await link.close();
  }
}

/** @param more said when it does not answer */
export async function connect(place: ServerPlace, more = ''): Promise<Link> {
  const connection = await Connection.connect({ ...place.options, connectTimeout: CONNECT_WITHIN_MS }).catch(
    (error: unknown) => {
      throw refusal(place, error, more);
    },
  );
  const client = new Client({ connection, namespace: place.namespace, identity: whoAmI() });
  return { client, place, close: () => connection.close() };
}

/** Shown as the one who started an operation. */
function whoAmI(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // a user id without a name, as containers have
    return String(process.getuid?.() ?? 'somebody');
  }
}

function refusal({ address }: ServerPlace, error: unknown, more: string): CommandError {
  const code = grpcCode(error);
  if (isGrpcServiceError(error) && code !== GRPC.unavailable && code !== GRPC.deadlineExceeded) {
    return new CommandError('ServerRefused', `The server at ${address} answers: ${error.details}.`, {
      cause: error,
    });
  }
  const message = [`No Temporal server answers at ${address}.`, more, HOW_TO_START];
  return new CommandError('ServerUnreachable', message.filter((part) => part !== '').join(' '), {
    cause: error,
  });
}

function temporalConfig(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw new Problem(
      'InvalidInput',
      `Temporal's own configuration (TEMPORAL_ variables, profile) is not right: ${(error as Error).message}.`,
      {},
      { cause: error },
    );
  }
}

/** The page of an operation in the web interface; null when it is not known where that is. */
export function pageOf({ uiUrl, namespace }: ServerPlace, operationId: string): string | null {
  if (uiUrl === null) return null;
  return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(operationId)}`;
}
