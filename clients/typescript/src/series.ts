/** One series of tournaments, with a method for each of its commands. */

import type { AcceptedAs, Client } from './client.ts'
import type { ChangeSeries, Commands, CreateSeries, Position, SetSeriesStaff } from './protocol.ts'
import type { Stream } from './stream.ts'

/** What an answer to a series' command is. */
export type Serial = AcceptedAs<Extract<keyof Commands, `series.${string}`>>
type Own = 'client_id' | 'resend' | 'stream' | 't'
/** What a series can be created with; `CreateSeries` tells what each means. */
export type SeriesSettings = Omit<CreateSeries, Own | 'name'>
/** What of it can be changed; what is left out stays as it is, and so do tournaments that were made. */
export type SeriesChanges = Omit<ChangeSeries, Own>

/**
 * A series of tournaments by its id. Nothing is sent to make one.
 *
 * What changes it is durable when the method resolves, and rejects as `Client.send` does. A tournament that it makes is
 * there a moment after its event.
 */
export class Series {
  readonly id: string
  readonly #client: Pick<Client, 'send' | 'subscribe'>

  constructor(client: Pick<Client, 'send' | 'subscribe'>, id: string) {
    this.#client = client
    this.id = id
  }

  /** Make a series of tournaments and be its owner. */
  static async create(client: Client, name: string, settings: SeriesSettings = {}): Promise<Series> {
    const { stream } = await client.send({ ...settings, t: 'series.create', name })
    return new Series(client, stream)
  }

  /** Follow the series, as `Client.subscribe` does. */
  subscribe(options: { since?: Position | null } = {}): Promise<Stream> {
    return this.#client.subscribe(this.id, options)
  }

  /** Change settings. */
  change(changes: SeriesChanges): Promise<Serial> {
    return this.#client.send({ ...changes, t: 'series.change', stream: this.id })
  }

  /** Give a user a role on the staff; null takes it away. */
  setStaff(user: string, role: SetSeriesStaff['role']): Promise<Serial> {
    return this.#client.send({ t: 'series.set_staff', stream: this.id, user, role })
  }

  /** Give the series to one of its organisers, as its owner; one is an organiser then. */
  transfer(user: string): Promise<Serial> {
    return this.#client.send({ t: 'series.transfer', stream: this.id, user })
  }

  /** Cancel the series for good: it makes no more tournaments. */
  cancel(): Promise<Serial> {
    return this.#client.send({ t: 'series.cancel', stream: this.id })
  }

  /** Remove the series as its owner: it is hidden, and can be restored for some days. */
  remove(): Promise<Serial> {
    return this.#client.send({ t: 'series.remove', stream: this.id })
  }

  /** Restore the series, which was removed, as its owner. */
  restore(): Promise<Serial> {
    return this.#client.send({ t: 'series.restore', stream: this.id })
  }

  /** Let a tournament count in it, as the owner of both. */
  add(tournament: string): Promise<Serial> {
    return this.#client.send({ t: 'series.add_tournament', stream: this.id, tournament })
  }

  /** Let a tournament count in it no more, as the owner of the series. */
  drop(tournament: string): Promise<Serial> {
    return this.#client.send({ t: 'series.drop_tournament', stream: this.id, tournament })
  }
}
