/** Who has the turn and who waits for it, in which order. Knows neither workflows nor the world: only what it is told. */
import {
  isSameChain,
  type AllOperations,
  type ListedOperation,
  type QueueCarry,
  type QueueEntry,
  type Ticket,
  type TurnOwner,
  type TurnPlace,
  type TurnRequest,
} from '../contracts/operation-queue';

/** What is looked at for a grant; more would only be needed if so many had died at once. */
const CANDIDATES = 20;
export const MAX_WAITING = 2_000;
/** What continues as new must fit into one message of Temporal (2 MB). */
const MAX_CARRY = 1_500_000;
/** Of an entry, beside its texts. */
const ENTRY_BYTES = 300;

const sizeOf = ({ operationId, firstRunId, kind, startedBy }: QueueEntry): number =>
  ENTRY_BYTES + 3 * (operationId.length + firstRunId.length + kind.length + startedBy.length);

const byTicket = (a: QueueEntry, b: QueueEntry): number =>
  a.ticket.at - b.ticket.at || a.ticket.seq - b.ticket.seq;

const ownerOf = ({ operationId, firstRunId }: TurnOwner): TurnOwner => ({ operationId, firstRunId });

/** All times are epoch milliseconds of the server. */
export class QueueState {
  private holder: QueueEntry | null;
  private waiting: QueueEntry[];
  private lastTicket: Ticket;
  /** No turn is given before: operations of a queue that was lost come back with their tickets until then. */
  private collectUntil: number;
  /** Why the next one does not get the turn though no operation of this queue has it. */
  blockedBy: string | null = null;

  constructor(carry: QueueCarry | undefined, collectUntil: number) {
    this.holder = carry?.holder ?? null;
    this.waiting = [...(carry?.waiting ?? [])];
    this.lastTicket = carry?.lastTicket ?? { at: 0, seq: 0 };
    this.collectUntil = carry?.collectUntil ?? collectUntil;
  }

  get current(): QueueEntry | null {
    return this.holder;
  }

  isFull(): boolean {
    const size = this.waiting.reduce((sum, entry) => sum + sizeOf(entry), 0);
    return this.waiting.length >= MAX_WAITING || size > MAX_CARRY;
  }

  /** Asking again changes nothing: whoever asks is where it was. */
  request(request: TurnRequest, now: number): TurnPlace {
    const known = this.find(request);
    if (known) {
      // it was asked to stop and asks for its turn: it was reset, and was asked nothing since
      if (known !== this.holder) known.stop = null;
      return this.placeOf(known);
    }
    // an id has one chain at a time; which of two has ended is not known here: the grant finds out
    const entry = { ...request, ticket: this.ticketFor(request, now), startedAt: null, stop: null };
    this.waiting.push(entry);
    this.waiting.sort(byTicket);
    return this.placeOf(entry);
  }

  private ticketFor({ ticket, pollSeconds }: TurnRequest, now: number): Ticket {
    const { at, seq } = this.lastTicket;
    if (ticket) {
      // we know nothing of a ticket that we gave: there are more of its kind to come
      this.collectUntil = Math.max(this.collectUntil, now + 2 * pollSeconds * 1000);
      this.lastTicket = { at: Math.max(at, ticket.at), seq: Math.max(seq, ticket.seq) };
      return ticket;
    }
    this.lastTicket = { at: Math.max(at, now), seq: seq + 1 };
    return this.lastTicket;
  }

  place(owner: TurnOwner): TurnPlace | null {
    const entry = this.find(owner);
    return entry ? this.placeOf(entry) : null;
  }

  private placeOf(entry: QueueEntry): TurnPlace {
    const queued = this.waiting.length;
    const { ticket } = entry;
    if (entry === this.holder) return { state: 'running', ticket, position: 0, queued, waitsFor: null };
    return {
      state: 'queued',
      ticket,
      position: this.waiting.indexOf(entry) + 1,
      queued,
      waitsFor: this.waitsFor(entry),
    };
  }

  private waitsFor(entry: QueueEntry): string | null {
    const [first] = this.waiting;
    const ahead = this.holder ?? (first === entry ? null : first);
    if (this.holder === null && this.blockedBy !== null) return this.blockedBy;
    return ahead ? `${ahead.operationId} (${ahead.kind})` : null;
  }

  private find(owner: TurnOwner): QueueEntry | undefined {
    if (this.holder && isSameChain(this.holder, owner)) return this.holder;
    return this.waiting.find((entry) => isSameChain(entry, owner));
  }

  /** It ended, gave its turn back, or no longer wants it. One that is not here is no mistake. */
  leave(owner: TurnOwner): void {
    if (this.holder && isSameChain(this.holder, owner)) this.holder = null;
    this.waiting = this.waiting.filter((entry) => !isSameChain(entry, owner));
  }

  isCollecting(now: number): boolean {
    return now < this.collectUntil;
  }

  canGrant(now: number): boolean {
    return this.holder === null && !this.isCollecting(now) && this.waiting.some(({ stop }) => stop === null);
  }

  /** The first that wait; one that was asked to stop gets no turn any more. */
  candidates(): (TurnOwner & Pick<QueueEntry, 'kind' | 'startedBy'> & { eligible: boolean })[] {
    const eligible = this.waiting.filter(({ stop }) => stop === null).slice(0, CANDIDATES);
    const stopping = this.waiting.filter(({ stop }) => stop !== null).slice(0, CANDIDATES);
    return [...stopping, ...eligible].map(({ operationId, firstRunId, kind, startedBy, stop }) => {
      return { operationId, firstRunId, kind, startedBy, eligible: stop === null };
    });
  }

  /** Null when it has left meanwhile. */
  granted(owner: TurnOwner, now: number): QueueEntry | null {
    const entry = this.waiting.find((one) => isSameChain(one, owner));
    if (!entry) return null;
    this.leave(entry);
    this.blockedBy = null;
    this.holder = { ...entry, startedAt: now };
    return this.holder;
  }

  /** The host's record says that this operation has the turn, whatever we knew of it. */
  adopt(owner: TurnOwner & { kind: string; startedBy: string; since: number }): void {
    const { operationId, firstRunId, startedBy, since } = owner;
    // a record that a step wrote, without the queue, does not tell
    const kind = owner.kind || 'operation';
    const known = this.waiting.find((one) => isSameChain(one, owner));
    this.leave(owner);
    this.blockedBy = null;
    this.holder = {
      ...(known ?? {
        operationId,
        firstRunId,
        kind,
        startedBy,
        pollSeconds: 0,
        ticket: { at: since, seq: 0 },
      }),
      startedAt: since,
      stop: known?.stop ?? null,
    };
  }

  ids(): string[] {
    return this.all().map(({ operationId }) => operationId);
  }

  private all(): QueueEntry[] {
    return [...(this.holder ? [this.holder] : []), ...this.waiting];
  }

  /**
   * Answers those concerned: the waiting before the one that has the turn, so that none gets it in between. `marked`:
   * those that nobody had asked before.
   */
  askToStop(
    operationId: string | null,
    now: number,
    lookAfter: number,
  ): { owners: TurnOwner[]; marked: TurnOwner[] } {
    const concerned = this.all()
      .filter((entry) => operationId === null || entry.operationId === operationId)
      .reverse();
    const marked = concerned.filter(({ stop }) => stop === null).map(ownerOf);
    for (const entry of concerned) entry.stop ??= { lookAt: now + lookAfter, cause: null };
    return { owners: concerned.map(ownerOf), marked };
  }

  /** They could not be told: as if nobody had asked. */
  takeBackStop(owners: readonly TurnOwner[]): void {
    for (const owner of owners) {
      const entry = this.find(owner);
      if (entry) entry.stop = null;
    }
  }

  /** Operations that were asked to stop so long ago that people should be told why they have not. */
  overdue(now: number): TurnOwner[] {
    return this.all().filter(({ stop }) => stop !== null && now >= stop.lookAt);
  }

  explain(owner: TurnOwner, cause: string, lookAt: number): void {
    const entry = this.find(owner);
    if (entry?.stop) entry.stop = { cause, lookAt };
  }

  /** The next moment at which something is to be done without anybody asking; null when there is none. */
  nextMoment(now: number): number | null {
    const moments = this.all().flatMap(({ stop }) => (stop ? [stop.lookAt] : []));
    if (this.isCollecting(now) && this.waiting.length > 0) moments.push(this.collectUntil);
    return moments.length === 0 ? null : Math.min(...moments);
  }

  list(): AllOperations {
    return { operations: this.all().map((entry) => this.listed(entry)) };
  }

  private listed(entry: QueueEntry): ListedOperation {
    const { operationId, firstRunId, kind, startedBy, ticket, startedAt, stop } = entry;
    const iso = (at: number): string => new Date(at).toISOString();
    return {
      id: operationId,
      firstRunId,
      kind,
      state: stop ? 'stopping' : entry === this.holder ? 'running' : 'queued',
      position: entry === this.holder ? 0 : this.waiting.indexOf(entry) + 1,
      queuedAt: iso(ticket.at),
      startedAt: startedAt === null ? null : iso(startedAt),
      startedBy,
      ...(stop?.cause ? { cause: stop.cause } : {}),
    };
  }

  carry(): QueueCarry {
    const { holder, waiting, lastTicket, collectUntil } = this;
    return { holder, waiting, lastTicket, collectUntil };
  }
}
