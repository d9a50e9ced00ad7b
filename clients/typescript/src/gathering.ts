/** One gathering, with a method for each of its commands. */

import type { AcceptedAs, Client } from './client.ts'
import type { ChangeGathering, Commands, CreateGathering, Position, SetGatheringStaff } from './protocol.ts'
import type { Stream } from './stream.ts'

/** What an answer to a gathering's command is. */
export type Gathered = AcceptedAs<Extract<keyof Commands, `gathering.${string}`>>
type Own = 'client_id' | 'resend' | 'stream' | 't'
/** What a gathering can be created with; `CreateGathering` tells what each means. */
export type GatheringSettings = Omit<CreateGathering, Own | 'name'>
/** What of it can be changed; what is left out stays as it is, and a time of 0 is taken away. */
export type GatheringChanges = Omit<ChangeGathering, Own>

/**
 * A gathering by its id. Nothing is sent to make one.
 *
 * What changes it is durable when the method resolves, and rejects as `Client.send` does. What follows in its competitions
 * happens a moment later.
 */
export class Gathering {
  readonly id: string
  readonly #client: Pick<Client, 'send' | 'subscribe'>

  constructor(client: Pick<Client, 'send' | 'subscribe'>, id: string) {
    this.#client = client
    this.id = id
  }

  /** Make a gathering as a draft and be its owner. */
  static async create(client: Client, name: string, settings: GatheringSettings = {}): Promise<Gathering> {
    const { stream } = await client.send({ ...settings, t: 'gathering.create', name })
    return new Gathering(client, stream)
  }

  /** Follow the gathering, as `Client.subscribe` does. */
  subscribe(options: { since?: Position | null } = {}): Promise<Stream> {
    return this.#client.subscribe(this.id, options)
  }

  // --- the gathering itself ----------------------------------------------------------------------------------

  /** Change settings. */
  change(changes: GatheringChanges): Promise<Gathered> {
    return this.#client.send({ ...changes, t: 'gathering.change', stream: this.id })
  }

  /** Give a user a role on the staff; null takes it away. */
  setStaff(user: string, role: SetGatheringStaff['role']): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.set_staff', stream: this.id, user, role })
  }

  /** Give the gathering to one of its organisers, as its owner; one is an organiser then. */
  transfer(user: string): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.transfer', stream: this.id, user })
  }

  /** Remove the gathering as its owner: it is hidden, and can be restored for some days. */
  remove(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.remove', stream: this.id })
  }

  /** Restore the gathering, which was removed, as its owner. */
  restore(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.restore', stream: this.id })
  }

  /** Open the registration, or open it again. */
  openRegistration(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.open_registration', stream: this.id })
  }

  /** Open the check-in, which ends the registration. */
  openCheckIn(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.open_check_in', stream: this.id })
  }

  /** End the registration and the check-in. */
  close(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.close', stream: this.id })
  }

  /** Cancel the gathering for good, with those of its competitions that haven't started. */
  cancel(reason = ''): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.cancel', stream: this.id, reason })
  }

  /** Make a tournament that nobody has entered one of its competitions, as an organiser of both. */
  attach(tournament: string): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.attach', stream: this.id, tournament })
  }

  /** Take a tournament out of it. Whoever has entered it stays in it. */
  detach(tournament: string): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.detach', stream: this.id, tournament })
  }

  // --- who takes part ----------------------------------------------------------------------------------------

  /** Register for these of its competitions. */
  register(tournaments: readonly string[] = []): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.register', stream: this.id, tournaments: [...tournaments] })
  }

  /** Say which competitions one plays: one leaves those that aren't named. */
  choose(tournaments: readonly string[]): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.choose', stream: this.id, tournaments: [...tournaments] })
  }

  /** Check oneself in to all competitions that one has chosen, or as an organiser somebody else. */
  checkIn(player: number | null = null): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.check_in', stream: this.id, player })
  }

  /** Withdraw, also from all competitions that aren't over. */
  withdraw(): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.withdraw', stream: this.id })
  }

  /** Remove a player as an organiser; who is barred can't come back. */
  removePlayer(player: number, { bar = false, reason = '' } = {}): Promise<Gathered> {
    return this.#client.send({ t: 'gathering.remove_player', stream: this.id, player, bar, reason })
  }
}
