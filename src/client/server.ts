/** Which Temporal server a command talks to, and the connection to it. */
import { Client, Connection, isGrpcServiceError, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readServerRecord } from '../embedded/server-record';
import { answers } from '../embedded/server-probe';
import { Problem } from '../failures';
import { CommandError } from './errors';
import { GRPC } from './grpc';

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const CONNECT_WITHIN_MS = 4000;
/** For servers on this machine. */
const ANSWER_WITHIN_MS = 1500;

/** How to get a server, for those who have none. */
export const HOW_TO_START =
  'Start one with `lifeboat dev` (server, web interface and worker in one), add --embedded to `lifeboat restore`, ' +
  'or set TEMPORAL_ADDRESS to one that runs.';

export interface ServerPlace {
  readonly address: string;
  readonly namespace: string;
  /** Address of its web interface, when known. */
  readonly uiUrl: string | null;
  /** Whether Temporal's own variables or profile say where it is, and with which certificate or key to go there. */
  readonly configured: boolean;
  readonly options: ConnectionOptions;
}

export interface Link {
  readonly client: Client;
  readonly place: ServerPlace;
  close(): Promise<void>;
}

/** An embedded server: always plain, whatever Temporal's variables say of another one. */
export function embeddedPlace({ address, uiUrl }: { address: string; uiUrl: string }): ServerPlace {
  return { address, uiUrl, namespace: 'default', configured: false, options: { address } };
}

/**
 * Finds a server that answers: the one that Temporal's variables or profile name, else the embedded one of the state
 * folder, else the usual port of this machine.
 *
 * @throws CommandError `ServerUnreachable` that says how to start one; Problem `InvalidInput` for a profile that is not
 * right
 */
export async function connectToServer(stateDir: string): Promise<Link> {
  const configured = configuredPlace();
  if (configured) return connect(configured);
  const record = readServerRecord(stateDir);
  if (record && (await answers(record.address, ANSWER_WITHIN_MS))) return connect(embeddedPlace(record));
  if (await answers(DEFAULT_ADDRESS, ANSWER_WITHIN_MS)) {
    return connect({
      address: DEFAULT_ADDRESS,
      namespace: 'default',
      uiUrl: null,
      configured: false,
      options: { address: DEFAULT_ADDRESS },
    });
  }
  const hanging = record
    ? `The embedded server on record (process ${record.process.pid}, ${record.address}) does not answer, and none`
    : 'None';
  throw new CommandError(
    'ServerUnreachable',
    `No Temporal server was found. ${hanging} answers at ${DEFAULT_ADDRESS}; none runs for the state folder ${stateDir}. ${HOW_TO_START}`,
  );
}

export async function connect(place: ServerPlace): Promise<Link> {
  const connection = await Connection.connect({ ...place.options, connectTimeout: CONNECT_WITHIN_MS }).catch(
    (error: unknown) => {
      throw refusal(place, error);
    },
  );
  const client = new Client({ connection, namespace: place.namespace });
  return { client, place, close: () => connection.close() };
}

function refusal({ address, configured }: ServerPlace, error: unknown): CommandError {
  const said = isGrpcServiceError(error) ? error : undefined;
  if (said && said.code !== GRPC.unavailable && said.code !== GRPC.deadlineExceeded) {
    return new CommandError('ServerRefused', `The server at ${address} answers: ${said.details}.`, {
      cause: error,
    });
  }
  const why = configured
    ? ' It is named by TEMPORAL_ADDRESS or by a profile of Temporal: correct or unset it.'
    : '';
  return new CommandError(
    'ServerUnreachable',
    `No Temporal server answers at ${address}.${why} ${HOW_TO_START}`,
    { cause: error },
  );
}

/** Undefined when Temporal's variables and profile name no address. */
function configuredPlace(): ServerPlace | undefined {
  let config: ReturnType<typeof loadClientConnectConfig>;
  try {
    config = loadClientConnectConfig();
  } catch (error) {
    throw new Problem(
      'InvalidInput',
      `Temporal's own configuration (TEMPORAL_ variables, profile) is not right: ${(error as Error).message}.`,
      {},
      { cause: error },
    );
  }
  const { connectionOptions: options, namespace } = config;
  if (options.address === undefined) return undefined;
  return {
    address: options.address,
    namespace: namespace ?? 'default',
    uiUrl: null,
    configured: true,
    options,
  };
}

/** The page of an operation in the web interface; null when it is not known where that is. */
export function pageOf({ uiUrl, namespace }: ServerPlace, operationId: string): string | null {
  if (uiUrl === null) return null;
  return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(operationId)}`;
}
