/**
 * Drives the state machine over connections: makes them, reads and writes them, watches the time.
 *
 * The state machine decides everything; `apply` carries out what concerns the connection and hands on the rest.
 */

import type { Action } from './actions.ts'
import { TokenDeniedError } from './errors.ts'
import type { Policy } from './policy.ts'
import { type Clock, type Connection, type Connector, newClientId, type Randomness } from './ports.ts'
import { ClientState } from './state.ts'
import { encodeFrame, readFrame, type SentFrame, UnreadableError } from './wire.ts'

/**
 * Gives an access token that is good now.
 *
 * Throws TokenDeniedError when the client may as well close; after any other error it is asked again later.
 */
export type TokenProvider = () => Promise<string>

export interface EngineOptions {
  readonly connector: Connector
  readonly token: string | TokenProvider
  readonly policy: Policy
  readonly clock: Clock
  readonly randomness: Randomness
  /** Gets every action that isn't about the connection, and what the token provider threw if that caused it. */
  readonly tell: (action: Action, cause: unknown) => void
}

/** One attempt to have a connection, from the token to the close. */
interface Attempt {
  connection: Connection | null
  /** Takes back the deadline of its connecting. */
  connected: () => void
}

/** One state machine and its connections, one after the other. */
export class Engine {
  readonly state: ClientState
  readonly #connector: Connector
  readonly #token: string | TokenProvider
  readonly #policy: Policy
  readonly #clock: Clock
  readonly #randomness: Randomness
  readonly #tell: (action: Action, cause: unknown) => void
  #attempt: Attempt | null = null
  #cancelConnect: () => void = () => undefined
  #cancelAlarm: () => void = () => undefined
  #alarmAt = Infinity

  constructor(options: EngineOptions) {
    this.#connector = options.connector
    this.#token = options.token
    this.#policy = options.policy
    this.#clock = options.clock
    this.#randomness = options.randomness
    this.#tell = options.tell
    this.state = new ClientState({
      policy: options.policy,
      renewable: typeof options.token !== 'string',
      uniform: (low, high) => options.randomness.uniform(low, high),
      newClientId: () => this.newId(),
    })
  }

  /** A fresh `client_id` for a command. */
  newId(): string {
    return newClientId(this.#randomness)
  }

  /** The time that the state machine knows. */
  now(): number {
    return this.#clock.now()
  }

  /** Carry these out, in order. */
  apply(actions: readonly Action[], cause: unknown = null): void {
    for (const action of actions) this.#carryOut(action, cause)
    this.#setAlarm()
  }

  // --- time --------------------------------------------------------------------------------------------------

  #setAlarm(): void {
    const due = this.state.deadline()
    if (due === this.#alarmAt) return
    this.#cancelAlarm()
    this.#alarmAt = due
    this.#cancelAlarm = this.#clock.at(due, () => {
      this.#alarmAt = Infinity
      this.apply(this.state.elapsed(this.now()))
    })
  }

  // --- the connection ----------------------------------------------------------------------------------------

  async #connect(): Promise<void> {
    const attempt: Attempt = { connection: null, connected: () => undefined }
    this.#attempt = attempt
    try {
      const token = await this.#fetchToken()
      if (this.#attempt === attempt) this.#open(attempt, token)
    } catch (error) {
      if (this.#attempt !== attempt) return
      if (error instanceof TokenDeniedError) this.apply(this.state.denied(error.message))
      else this.#lost(attempt, null, error)
    }
  }

  #open(attempt: Attempt, token: string): void {
    const latest = this.now() + this.#policy.connectTimeoutS
    attempt.connected = this.#clock.at(latest, () => this.#lost(attempt, null))
    attempt.connection = this.#connector.connect({
      opened: () => {
        attempt.connected()
        this.apply(this.state.connected(token, this.now()))
      },
      received: (data) => this.#take(data),
      closed: (code) => this.#lost(attempt, code),
    })
  }

  #lost(attempt: Attempt, code: number | null, cause: unknown = null): void {
    if (this.#attempt !== attempt) return
    this.#drop()
    this.apply(this.state.disconnected(code, this.now()), cause)
  }

  /** End the present attempt. The state machine knows. */
  #drop(): void {
    const attempt = this.#attempt
    this.#attempt = null
    attempt?.connected()
    attempt?.connection?.close()
  }

  #take(data: Uint8Array): void {
    try {
      const frame = readFrame(data)
      if (frame !== null) this.apply(this.state.received(frame, this.now()))
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error
      this.apply(this.state.violated(`unreadable: ${error.message}`, this.now()))
    }
  }

  // --- the token ---------------------------------------------------------------------------------------------

  async #fetchToken(): Promise<string> {
    if (typeof this.#token === 'string') return this.#token
    let inTime = (): void => undefined
    const late = new Promise<never>((_, reject) => {
      const latest = this.now() + this.#policy.connectTimeoutS
      inTime = this.#clock.at(latest, () => reject(new Error('the token provider took too long')))
    })
    return Promise.race([this.#token(), late]).finally(inTime)
  }

  /** A provider that fails is asked again later; if it still does when the token has expired, `onStatus` hears why. */
  async #refreshToken(): Promise<void> {
    const attempt = this.#attempt
    let token: string | null = null
    try {
      token = await this.#fetchToken()
    } catch (error) {
      if (error instanceof TokenDeniedError) return this.apply(this.state.denied(error.message))
    }
    if (this.#attempt === attempt) this.apply(this.state.refreshed(token, this.now()))
  }

  // --- carrying out ------------------------------------------------------------------------------------------

  #carryOut(action: Action, cause: unknown): void {
    switch (action.do) {
      case 'connect':
        this.#cancelConnect = this.#clock.at(this.now() + action.afterS, () => void this.#connect())
        break
      case 'disconnect':
        this.#drop()
        break
      case 'send':
        this.#send(action.frame)
        break
      case 'ping':
        this.#send({ t: 'ping', client_id: this.newId() })
        break
      case 'fetchToken':
        void this.#refreshToken()
        break
      case 'finished':
        this.#cancelConnect()
        this.#drop()
        this.#tell(action, cause)
        break
      default:
        this.#tell(action, cause)
    }
  }

  #send(frame: SentFrame): void {
    const connection = this.#attempt?.connection
    const ephemeral = 'stream' in frame && !('client_id' in frame)
    if (!connection || (ephemeral && connection.queuedBytes > 0)) return
    connection.send(encodeFrame(frame))
  }
}
