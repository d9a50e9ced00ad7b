/** The client itself: the API of the SDK. What happens on its connection stands in `engine`. */

import type { Action } from './actions.ts'
import { Engine, type TokenProvider } from './engine.ts'
import { ClientError, RefusedError } from './errors.ts'
import { Feed, type HeadsFeed, type PresenceFeed } from './feed.ts'
import { itemOf, type Status } from './items.ts'
import { DEFAULT_POLICY, type Policy } from './policy.ts'
import { type Clock, type Connector, type Randomness, systemClock, systemRandomness } from './ports.ts'
import type { Accepted, Answers, Position, SetStatus } from './protocol.ts'
import { Stream } from './stream.ts'
import { type WebSocketConstructor, WebSocketConnector } from './transport.ts'
import { type Command, garbledField, type SentSignal } from './wire.ts'

export interface ConnectOptions {
  /** A string is used until it expires; a provider is asked for a new one in time. */
  readonly token: string | TokenProvider
  readonly policy?: Partial<Policy>
  /** Hears of every session that begins or ends. */
  readonly onStatus?: (status: Status) => void
  /** Closes the client when it is aborted: an unreachable server is tried for ever. */
  readonly signal?: AbortSignal
  /** Another WebSocket than the platform's. */
  readonly webSocket?: WebSocketConstructor
  readonly connector?: Connector
  readonly clock?: Clock
  readonly randomness?: Randomness
}

/** A command to be sent: without `client_id` it gets a fresh one. */
export type Draft<C extends Command = Command> = C extends unknown
  ? Omit<C, 'client_id' | 'resend'> & Partial<Pick<C, 'client_id' | 'resend'>>
  : never

/** The answer to a command with this tag. */
export type AcceptedAs<T> = Omit<Accepted, 'answer' | 'stream'> & {
  /** The stream it changed, or made. */
  readonly stream: string
  readonly answer: T extends keyof Answers ? Answers[T] : null
}

interface Outcome {
  resolve(accepted: Accepted): void
  reject(error: ClientError): void
}

/**
 * A client that stays connected until `close`. Resolves once the first session is open.
 *
 * `url` is the stream listener, `ws://host:port` or `wss://…`; TypeError for another address. Rejects with ClosedError
 * if the server turns the client away for good.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Client> {
  const client = new Client(options.connector ?? new WebSocketConnector(url, options.webSocket), options)
  await client.online()
  return client
}

/** One user's connection to GatherUp. Made by `connect`. */
export class Client {
  readonly #policy: Policy
  readonly #onStatus: ((status: Status) => void) | undefined
  readonly #engine: Engine
  readonly #waiting = new Map<string, Outcome>()
  readonly #streams = new Map<string, { stream: Stream; opened: () => void; failed: (error: ClientError) => void }>()
  #heads: HeadsFeed | null = null
  #people: PresenceFeed | null = null
  /** Those that `send` holds back, first come first served. */
  #queue: (() => void)[] = []
  #slots: number
  #user = ''
  readonly #online: Promise<void>
  #wentOnline!: () => void
  #failed!: (error: ClientError) => void

  /** See `connect`. */
  constructor(connector: Connector, options: ConnectOptions) {
    this.#policy = { ...DEFAULT_POLICY, ...options.policy }
    this.#onStatus = options.onStatus
    this.#slots = this.#policy.pendingCommandsMax
    this.#engine = new Engine({
      connector,
      token: options.token,
      policy: this.#policy,
      clock: options.clock ?? systemClock,
      randomness: options.randomness ?? systemRandomness,
      tell: (action, cause) => this.#carryOut(action, cause),
    })
    this.#online = new Promise((resolve, reject) => {
      this.#wentOnline = resolve
      this.#failed = reject
    })
    this.#online.catch(() => undefined) // whoever awaits it gets the error; nobody has to
    options.signal?.addEventListener('abort', () => this.close(), { once: true })
    if (options.signal?.aborted) this.close()
    else this.#engine.apply(this.#engine.state.start())
  }

  /** Who we are. */
  get user(): string {
    return this.#user
  }

  /** How often the server broke a promise and the client reconnected for it. 0 with a sound server. */
  get violations(): number {
    return this.#engine.state.violations
  }

  /** Resolves when the first session is, or was, open. Rejects with ClosedError if there can't be one. */
  online(): Promise<void> {
    return this.#online
  }

  /** A fresh `client_id` for a command. */
  newId(): string {
    return this.#engine.newId()
  }

  /**
   * Send a durable command and wait for its outcome; it is resent over every reconnect until there is one.
   *
   * Rejects with RefusedError (nothing happened), UnknownOutcomeError (it was resent for `resendForS` in vain, or the
   * client was closed on it), ClosedError (never sent). Aborting `signal` stops the resending and rejects with its
   * reason; the command may or may not take effect. Commands go out in the order of their `send` calls.
   */
  async send<const C extends Draft>(draft: C, { signal }: { signal?: AbortSignal } = {}): Promise<AcceptedAs<C['t']>> {
    signal?.throwIfAborted()
    const command = { client_id: this.newId(), ...draft } as Command
    const field = garbledField(command)
    // The encoder would replace it in long texts and not in short ones. So the server would say of short ones.
    if (field !== null) throw new RefusedError('invalid', "The text isn't valid UTF-8.", { field })
    await this.#slot()
    let abandoned: (() => void) | undefined
    try {
      const outcome = await new Promise<Accepted>((resolve, reject) => {
        const actions = this.#engine.state.command(command, this.#engine.now())
        this.#waiting.set(command.client_id, { resolve, reject })
        abandoned = () => {
          this.#abandon(command.client_id)
          reject(signal?.reason as Error)
        }
        signal?.addEventListener('abort', abandoned)
        this.#engine.apply(actions)
        if (signal?.aborted) abandoned()
      })
      return outcome as AcceptedAs<C['t']>
    } finally {
      if (abandoned) signal?.removeEventListener('abort', abandoned)
      this.#freeSlot()
    }
  }

  /** Send an ephemeral signal if there is a session; nobody tells whether it arrived. */
  signal(signal: SentSignal): void {
    this.#engine.apply(this.#engine.state.signal(signal))
  }

  /**
   * Follow a stream from `since`, or from a snapshot. Resolves once the server agreed.
   *
   * Rejects with RefusedError (no such stream, no right to listen), ClosedError, Error if it is followed already.
   */
  async subscribe(stream: string, { since = null }: { since?: Position | null } = {}): Promise<Stream> {
    const followed = new Stream(stream, since, (s) => this.#consumed(s), (s) => this.#left(s))
    const actions = this.#engine.state.follow(stream, since, this.#engine.now())
    await new Promise<void>((resolve, reject) => {
      this.#streams.set(stream, { stream: followed, opened: resolve, failed: reject })
      this.#engine.apply(actions)
    })
    return followed
  }

  /**
   * Be told how much is new in these rooms, 1 … HEADS_ROOMS_MAX. Resolves once the server agreed.
   *
   * Rejects with RefusedError, ClosedError, Error if heads are watched already: `HeadsFeed.watch` changes which.
   */
  async watchHeads(rooms: readonly string[]): Promise<HeadsFeed> {
    if (this.#heads) throw new Error('heads are watched already')
    const feed: HeadsFeed = new Feed((named) => this.#watchHeads(feed, named))
    this.#heads = feed
    return feed.begin(rooms)
  }

  /**
   * Be told who of these people is there, 1 … WATCHED_PEOPLE_MAX. Resolves once the server agreed.
   *
   * Rejects with RefusedError, ClosedError, Error if presence is watched already: its `watch` changes whose.
   */
  async watchPresence(users: readonly string[]): Promise<PresenceFeed> {
    if (this.#people) throw new Error('presence is watched already')
    const feed: PresenceFeed = new Feed((named) => this.#watchPeople(feed, named))
    this.#people = feed
    return feed.begin(users)
  }

  /** How the user wants to be seen while this client is connected. */
  setStatus(status: SetStatus['status']): void {
    this.#engine.apply(this.#engine.state.setStatus(status, this.#engine.now()))
  }

  /**
   * The user has read this room up to this message number. Told with the next session if there is none now.
   *
   * Nobody tells whether it arrived. Of several for one room the highest is told, as fast as the session allows.
   */
  markRead(room: string, number: number): void {
    this.#engine.apply(this.#engine.state.markRead(room, number, this.#engine.now()))
  }

  /** Close for good. Pending commands and streams end at once; the socket's closing handshake follows. */
  close(): void {
    this.#engine.apply(this.#engine.state.close())
  }

  // --- waiting for a slot ------------------------------------------------------------------------------------

  async #slot(): Promise<void> {
    if (this.#slots > 0) this.#slots -= 1
    else await new Promise<void>((resolve) => this.#queue.push(resolve))
  }

  #freeSlot(): void {
    const next = this.#queue.shift()
    if (next) next()
    else this.#slots += 1
  }

  // --- carrying out ------------------------------------------------------------------------------------------

  #carryOut(action: Action, cause: unknown): void {
    switch (action.do) {
      case 'deliver':
        this.#streams.get(action.stream)?.stream.push(itemOf(action.frame, action.position))
        break
      case 'opened':
        this.#streams.get(action.stream)?.opened()
        break
      case 'end':
        this.#ended(action.stream, action.error)
        break
      case 'settle':
        this.#settle(action.clientId, action.outcome)
        break
      case 'wentOnline':
      case 'wentOffline':
      case 'finished':
        this.#onStatusChange(action, cause)
        break
      default:
        this.#onWatched(action)
    }
  }

  #onWatched(action: Action): void {
    switch (action.do) {
      case 'watchedHeads':
        this.#heads?.answered()
        break
      case 'deliverHeads':
        for (const head of action.heads.rooms) this.#heads?.push(head.room, { kind: 'head', ...head })
        for (const room of action.heads.gone) this.#heads?.push(room, { kind: 'gone', room })
        break
      case 'endHeads':
        this.#heads?.ended(action.error)
        this.#heads = null
        break
      case 'watchedPresence':
        this.#people?.answered()
        break
      case 'deliverPresence':
        for (const person of action.people) this.#people?.push(person.user, person)
        break
      case 'endPresence':
        this.#people?.ended(action.error)
        this.#people = null
    }
  }

  #onStatusChange(action: Action, cause: unknown): void {
    switch (action.do) {
      case 'wentOnline': {
        const { user, node, session } = action.welcome
        this.#user = user
        this.#wentOnline()
        this.#tell({ kind: 'online', user, node, session })
        break
      }
      case 'wentOffline': {
        const { code, message, retryAfterS } = action
        this.#tell({ kind: 'offline', code, message, retryAfterS, cause })
        break
      }
      case 'finished':
        this.#failed(action.error)
        this.#tell({ kind: 'closed', code: action.error.code, message: action.error.message })
    }
  }

  /** Later, so that what the listener does or throws meets no half-done step of ours. */
  #tell(status: Status): void {
    const listener = this.#onStatus
    if (listener) queueMicrotask(() => listener(status))
  }

  #settle(clientId: string, outcome: Accepted | ClientError): void {
    const waiting = this.#waiting.get(clientId)
    this.#waiting.delete(clientId)
    if (outcome instanceof ClientError) waiting?.reject(outcome)
    else waiting?.resolve(outcome)
  }

  #abandon(clientId: string): void {
    if (this.#waiting.delete(clientId)) {
      this.#engine.apply(this.#engine.state.abandon(clientId, this.#engine.now()))
    }
  }

  #ended(id: string, error: ClientError): void {
    const followed = this.#streams.get(id)
    this.#streams.delete(id)
    followed?.stream.ended(error)
    followed?.failed(error)
  }

  #consumed(stream: Stream): void {
    if (this.#streams.get(stream.id)?.stream === stream) {
      this.#engine.apply(this.#engine.state.consumed(stream.id, this.#engine.now()))
    }
  }

  #left(stream: Stream): void {
    if (this.#streams.get(stream.id)?.stream === stream) {
      this.#streams.delete(stream.id)
      this.#engine.apply(this.#engine.state.unfollow(stream.id, this.#engine.now()))
    }
  }

  #watchHeads(feed: HeadsFeed, rooms: readonly string[]): void {
    if (this.#heads !== feed) return
    if (rooms.length === 0) this.#heads = null
    if (this.#stillTells(rooms)) this.#engine.apply(this.#engine.state.watchHeads(rooms, this.#engine.now()))
  }

  #watchPeople(feed: PresenceFeed, users: readonly string[]): void {
    if (this.#people !== feed) return
    if (users.length === 0) this.#people = null
    if (this.#stillTells(users)) this.#engine.apply(this.#engine.state.watchPresence(users, this.#engine.now()))
  }

  /** Whether to tell the state machine: that nothing is watched any more is no news to one that has finished. */
  #stillTells(names: readonly string[]): boolean {
    return this.#engine.state.phase !== 'finished' || names.length > 0
  }
}
