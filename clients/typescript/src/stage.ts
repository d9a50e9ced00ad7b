/** The stage of a tournament that was started last, as a spectator sees it. Pure. */

import type { StageView, StandingLine } from './protocol.ts'

/** Its round and its standings, which are right from the first snapshot on. */
export class LiveStage {
  /** From 1 on; 0 before the start. */
  number = 0
  /** The latest round of which a match was opened; null if none was, and in a bracket. */
  round: number | null = null
  /**
   * The first VIEW_STANDINGS_MAX, those with the best places in their groups first; none until a round is over, and in a
   * bracket.
   */
  standings: readonly StandingLine[] = []
  /** The last round that counts in them. */
  standingsRound = 0

  constructor(shown?: StageView | null) {
    if (!shown) return
    this.number = shown.stage
    this.round = shown.round
    this.standings = shown.standings
    this.standingsRound = shown.standings_round
  }

  /** This stage starts. */
  begin(number: number): void {
    this.number = number
    this.round = null
    this.standings = []
    this.standingsRound = 0
  }

  /** A match of this round is opened. */
  opened(part: string, round: number): void {
    if (part === 'group' || part === 'swiss') this.round = Math.max(this.round ?? 0, round)
  }

  /** Standings have moved: seven numbers a line, as the mark of the event has them. */
  moved(round: number, flat: readonly number[]): void {
    this.standings = Array.from({ length: flat.length / 7 }, (_, n) => {
      const [entrant = 0, group = 0, place = 0, halves = 0, wins = 0, draws = 0, losses = 0] = flat.slice(7 * n, 7 * n + 7)
      return { entrant, group, place, points: halves / 2, wins, draws, losses }
    })
    this.standingsRound = round
  }
}
