/** The scores of a leaderboard as a spectator knows them. Pure. */

/** What an entrant has come to. */
export interface LiveScore {
  readonly entrant: number
  /** What counts of their attempts. */
  readonly counted: number
  /** The score of their best one. */
  readonly best: number
  /** The seq of the attempt by which they had what counts. */
  readonly reached: number
}

/** The marks of an event that says what the attempts of an entrant come to. */
interface Told {
  readonly entrant: number
  readonly counted?: number
  readonly best?: number
  readonly reached?: number
}

/** What everybody has come to in the leaderboard that is being played. */
export class LiveScores {
  /** Whether all are known. */
  complete = true
  /** Null for who has no attempt that counts any more. */
  #known = new Map<number, LiveScore | null>()

  /** Those that are known, by the number of the entrant. */
  get known(): Map<number, LiveScore> {
    return new Map([...this.#known].filter((one): one is [number, LiveScore] => one[1] !== null))
  }

  /** So many have a score, and nothing is known of them. */
  begin(scored = 0): void {
    this.complete = scored === 0
    this.#known.clear()
  }

  /** What the attempts of an entrant come to now. */
  take({ entrant, counted, best = 0, reached = 0 }: Told): void {
    this.#known.set(entrant, counted === undefined ? null : { entrant, counted, best, reached })
  }

  /** All of them as they were read. What was told already is right as it is. */
  learn(scores: readonly LiveScore[]): void {
    for (const score of scores) if (!this.#known.has(score.entrant)) this.#known.set(score.entrant, score)
    this.complete = true
  }
}
