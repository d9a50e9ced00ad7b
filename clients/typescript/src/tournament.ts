/** One tournament, with a method for each of its commands. */

import type { AcceptedAs, Client } from './client.ts'
import type {
  ChangeTournament,
  Commands,
  CorrectAttempt,
  CorrectResult,
  CreateTournament,
  NewEntrant,
  Position,
  StaffMember,
} from './protocol.ts'
import type { Stream } from './stream.ts'

type Tag = Extract<keyof Commands, `tournament.${string}`>
/** What an answer to a tournament's command is. */
export type Done = AcceptedAs<Tag>
/** What an answer to a correction is: `answer` tells what follows from it. */
export type Mended = AcceptedAs<
  'tournament.correct' | 'tournament.correct_attempt' | 'tournament.reinstate' | 'tournament.undo'
>
/** How a correction is done; `CorrectResult` tells what each means. */
export type Correction = Partial<Pick<CorrectResult, 'policy' | 'confirm' | 'preview'>>
/** Which attempt is corrected, and how; `CorrectAttempt` tells what each means. */
export type OfAttempt = Partial<Pick<CorrectAttempt, 'preview' | 'stage'>>
/** The points of each game: of side a, of side b. */
export type Points = readonly (readonly [number, number])[]
/** What a result can hold beside its winner. */
export type Result = { draw?: boolean; scores?: Points; note?: string }
type Own = 'client_id' | 'resend' | 'stream' | 't'
/** What a tournament can be created with; `CreateTournament` tells what each means. */
export type TournamentSettings = Omit<CreateTournament, Own | 'name'>
/** What of it can be changed; what is left out stays as it is, and a time of 0 is taken away. */
export type TournamentChanges = Omit<ChangeTournament, Own>

/**
 * A tournament by its id. Nothing is sent to make one.
 *
 * What changes it is durable when the method resolves, and rejects as `Client.send` does. Entrants and matches are named
 * by their numbers within the tournament. Give the items of `subscribe` to a `LiveBracket` to know how it stands.
 */
export class Tournament {
  readonly id: string
  readonly #client: Pick<Client, 'send' | 'subscribe'>

  constructor(client: Pick<Client, 'send' | 'subscribe'>, id: string) {
    this.#client = client
    this.id = id
  }

  /** Make a tournament as a draft and be its owner. */
  static async create(client: Client, name: string, settings: TournamentSettings = {}): Promise<Tournament> {
    const { stream } = await client.send({ ...settings, t: 'tournament.create', name })
    return new Tournament(client, stream)
  }

  /** Follow the tournament, as `Client.subscribe` does. */
  subscribe(options: { since?: Position | null } = {}): Promise<Stream> {
    return this.#client.subscribe(this.id, options)
  }

  // --- the tournament itself ---------------------------------------------------------------------------------

  /** Change settings. */
  change(changes: TournamentChanges): Promise<Done> {
    return this.#client.send({ ...changes, t: 'tournament.change', stream: this.id })
  }

  /** Give a user a role on the staff; null takes it away. */
  setStaff(user: string, role: StaffMember['role'] | null): Promise<Done> {
    return this.#client.send({ t: 'tournament.set_staff', stream: this.id, user, role })
  }

  /** Give the tournament to one of its organisers, as its owner; one is an organiser then. */
  transfer(user: string): Promise<Done> {
    return this.#client.send({ t: 'tournament.transfer', stream: this.id, user })
  }

  /** Remove the tournament, which is a draft or over, as its owner: it is hidden, and can be restored for some days. */
  remove(): Promise<Done> {
    return this.#client.send({ t: 'tournament.remove', stream: this.id })
  }

  /** Restore the tournament, which was removed, as its owner. */
  restore(): Promise<Done> {
    return this.#client.send({ t: 'tournament.restore', stream: this.id })
  }

  /** Open the registration; from the check-in it goes back to it. */
  openRegistration(): Promise<Done> {
    return this.#client.send({ t: 'tournament.open_registration', stream: this.id })
  }

  /** Open the check-in: who hasn't checked in at the start doesn't take part. */
  openCheckIn(): Promise<Done> {
    return this.#client.send({ t: 'tournament.open_check_in', stream: this.id })
  }

  /** Start the tournament: seeds and format are settled, and the first matches are opened. */
  start(): Promise<Done> {
    return this.#client.send({ t: 'tournament.start', stream: this.id })
  }

  /** Cancel the tournament for good. */
  cancel(reason = ''): Promise<Done> {
    return this.#client.send({ t: 'tournament.cancel', stream: this.id, reason })
  }

  // --- who takes part ----------------------------------------------------------------------------------------

  /** Enter the tournament oneself; a tournament of teams with a team of this name, whose captain one is. */
  enter(name: string | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.enter', stream: this.id, name })
  }

  /** Invite a user to one's team, as its captain before the start. */
  invitePlayer(user: string): Promise<Done> {
    return this.#client.send({ t: 'tournament.invite_player', stream: this.id, user })
  }

  /** Join the team that has invited one. */
  joinTeam(entrant: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.join_team', stream: this.id, entrant })
  }

  /** Put a user on the roster of a team, as staff before the start. */
  addPlayer(entrant: number, user: string): Promise<Done> {
    return this.#client.send({ t: 'tournament.add_player', stream: this.id, entrant, user })
  }

  /** Take a user off the roster of a team before the start, or end their invitation; it may be oneself. */
  removePlayer(entrant: number, user: string): Promise<Done> {
    return this.#client.send({ t: 'tournament.remove_player', stream: this.id, entrant, user })
  }

  /** Let somebody else play from a match on that hasn't begun, as the captain of a team or as staff. */
  substitute(match: number, player: string, substitute: string, entrant: number | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.substitute', stream: this.id, match, player, substitute, entrant })
  }

  /** Leave the tournament; after the start one's matches are forfeited. */
  leave(): Promise<Done> {
    return this.#client.send({ t: 'tournament.leave', stream: this.id })
  }

  /** Check oneself in, or as staff somebody else. */
  checkIn(entrant: number | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.check_in', stream: this.id, entrant })
  }

  /** Enter people as staff: all of them or none. */
  addEntrants(entrants: readonly NewEntrant[]): Promise<Done> {
    return this.#client.send({ t: 'tournament.add_entrants', stream: this.id, entrants: [...entrants] })
  }

  /** Accept an entrant who is pending. */
  accept(entrant: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.accept', stream: this.id, entrant })
  }

  /** Remove an entrant, or refuse one who is pending; who is disqualified can't come back. */
  removeEntrant(entrant: number, { disqualify = false, reason = '' } = {}): Promise<Done> {
    return this.#client.send({ t: 'tournament.remove_entrant', stream: this.id, entrant, disqualify, reason })
  }

  /** Give an entrant these tags, as staff before the start: who has one in common is kept apart. */
  setTags(entrant: number, tags: readonly string[]): Promise<Done> {
    return this.#client.send({ t: 'tournament.set_tags', stream: this.id, entrant, tags: [...tags] })
  }

  /** Seed entrants in this order, the best first. All others come after them, drawn at the start. */
  setSeeds(entrants: readonly number[]): Promise<Done> {
    return this.#client.send({ t: 'tournament.set_seeds', stream: this.id, entrants: [...entrants] })
  }

  // --- matches -----------------------------------------------------------------------------------------------

  /** Say that one is ready to play a match, or as staff that somebody else is. */
  ready(match: number, entrant: number | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.ready', stream: this.id, match, entrant })
  }

  /** Report the result of one's own match. The same report by the other side confirms it. */
  report(match: number, scores: Points): Promise<Done> {
    return this.#client.send({ t: 'tournament.report', stream: this.id, match, scores: games(scores) })
  }

  /** Confirm the result that the other side has reported. */
  confirm(match: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.confirm', stream: this.id, match })
  }

  /** Dispute one's own match, so that staff decide it; `evidence` is a link. */
  dispute(match: number, { note = '', evidence = null }: { note?: string; evidence?: string | null } = {}): Promise<Done> {
    return this.#client.send({ t: 'tournament.dispute', stream: this.id, match, note, evidence })
  }

  /** Decide a match as staff, whatever its sides have said; winner 0: both forfeit, unless it is a `draw`. */
  decide(match: number, winner: number, result: Result = {}): Promise<Done> {
    const { draw = false, scores = [], note = '' } = result
    return this.#client.send({ t: 'tournament.decide', stream: this.id, match, winner, draw, scores: games(scores), note })
  }

  /**
   * Do one's step of the picks and bans of a match, or as staff that of `entrant`: a game of the pool, or in a *side* step
   * `first` or `second`. Steps count from 1.
   */
  pick(match: number, step: number, choice: string, entrant: number | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.pick', stream: this.id, match, step, choice, entrant })
  }

  /** Hold a match that is open as staff: its time stands still. */
  hold(match: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.hold', stream: this.id, match })
  }

  /** Release a match that is held: it has the time that was left. */
  release(match: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.release', stream: this.id, match })
  }

  /** Propose to the other side of one's match to play it at another time, in Unix milliseconds. */
  proposeStart(match: number, at: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.propose_start', stream: this.id, match, at })
  }

  /** Accept the time that the other side of one's match has proposed. */
  acceptStart(match: number, at: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.accept_start', stream: this.id, match, at })
  }

  // --- corrections -------------------------------------------------------------------------------------------

  /** Correct a result as staff; winner 0: both forfeit, unless it is a `draw`. `answer` tells what follows. */
  correct(match: number, winner: number, correction: Correction & Result = {}): Promise<Mended> {
    const { scores = [], ...how } = correction
    return this.#client.send({ t: 'tournament.correct', stream: this.id, match, winner, scores: games(scores), ...how })
  }

  /** Take back the result of a match, as staff: it is opened again. `answer` tells what follows. */
  undo(match: number, how: Omit<Correction, 'policy'> = {}): Promise<Mended> {
    return this.#client.send({ t: 'tournament.undo', stream: this.id, match, ...how })
  }

  /** Take back, as staff, that an entrant isn't in the running tournament any more. `answer` tells what follows. */
  reinstate(entrant: number, how: Correction = {}): Promise<Mended> {
    return this.#client.send({ t: 'tournament.reinstate', stream: this.id, entrant, ...how })
  }

  // --- leaderboards ------------------------------------------------------------------------------------------

  /** Submit an attempt of one's own in the leaderboard that is being played, or as staff that of `entrant`. */
  submitAttempt(score: number, entrant: number | null = null): Promise<Done> {
    return this.#client.send({ t: 'tournament.submit_attempt', stream: this.id, score, entrant })
  }

  /** Give an attempt another score as staff, or make it void with null. `answer` tells what follows. */
  correctAttempt(entrant: number, attempt: number, score: number | null, how: OfAttempt = {}): Promise<Mended> {
    return this.#client.send({ t: 'tournament.correct_attempt', stream: this.id, entrant, attempt, score, ...how })
  }

  /**
   * Set until when the leaderboard that is being played takes attempts, in Unix milliseconds; a time that has passed closes
   * it at once.
   */
  setWindow(closesAt: number): Promise<Done> {
    return this.#client.send({ t: 'tournament.set_window', stream: this.id, closes_at: closesAt })
  }
}

function games(scores: Points): number[][] {
  return scores.map((game) => [...game])
}
