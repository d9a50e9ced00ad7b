/**
 * The GatherUp SDK: connect, follow streams, send commands, and resume after a drop without a lost or repeated event.
 *
 * The interfaces `Commands`, `Signals`, `Events`, `Views` and `Answers` can be added to, for kinds of one's own.
 */

export { LiveBracket, type LiveMatch, type ReadMatch } from './bracket.ts'
export { type LiveScore, LiveScores } from './scores.ts'
export { LiveStage } from './stage.ts'
export { type AcceptedAs, Client, connect, type ConnectOptions, type Draft } from './client.ts'
export { mayComeBack, mayRetry } from './codes.ts'
export type { TokenProvider } from './engine.ts'
export { ClientError, ClosedError, RefusedError, TokenDeniedError, UnknownOutcomeError } from './errors.ts'
export type { Feed, HeadsFeed, PresenceFeed } from './feed.ts'
export type { Ended, Event, Gone, Head, Item, PersonPresence, Read, Signal, Snapshot, Status } from './items.ts'
export { Gathering, type Gathered, type GatheringChanges, type GatheringSettings } from './gathering.ts'
export { Members } from './members.ts'
export { DEFAULT_POLICY, type Policy } from './policy.ts'
export type { Clock, Connection, Connector, Listener, Randomness } from './ports.ts'
export * from './protocol.ts'
export type { Stream } from './stream.ts'
export { Series, type Serial, type SeriesChanges, type SeriesSettings } from './series.ts'
export { type Done, type Points, Tournament, type TournamentChanges, type TournamentSettings } from './tournament.ts'
export type { WebSocketConstructor, WebSocketLike } from './transport.ts'
export type { Command, SentSignal } from './wire.ts'
