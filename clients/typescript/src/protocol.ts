// Made from protocol/ by `make docs`: change it there.

export const PROTOCOL_VERSION = 1

/** A client's message, whole, after reassembly. Larger: close code 1009. */
export const FRAME_BYTES_MAX = 65536

/** Pieces one message may come in. More: close code 1009. */
export const FRAGMENTS_MAX = 64

export const TOKEN_CHARS_MAX = 4096

/** Positions in one hello. */
export const POSITIONS_MAX = 200

/** The sentence of a refused frame, and its field, are cut here: they may quote what was sent. */
export const DETAIL_CHARS_MAX = 200

/** The largest integer a frame may hold: what JavaScript reads exactly. */
export const SEQ_MAX = 9007199254740991

/** From accept to a finished WebSocket handshake. */
export const HANDSHAKE_TIMEOUT_S = 10.0

/** From the handshake to a valid hello. */
export const HELLO_TIMEOUT_S = 10.0

/** The server pings a peer that was silent this long. */
export const HEARTBEAT_S = 20.0

/** A peer silent this long, pings included, is closed. */
export const IDLE_TIMEOUT_S = 60.0

/** What a peer gets to take our last bytes and answer our Close. */
export const CLOSE_TIMEOUT_S = 5.0

export const SUBSCRIPTIONS_PER_SESSION_MAX = 200

export const SESSIONS_PER_USER_MAX = 20

/** A session silent this long has left a ping unanswered: one more of a user who has so many takes its place. */
export const REPLACEABLE_AFTER_S = 25.0

/** Commands of one session that wait for their reply. */
export const INFLIGHT_COMMANDS_MAX = 256

/** A command not settled in this time is answered: refused if it never started, unknown otherwise. */
export const COMMAND_TIMEOUT_S = 10.0

export const COMMANDS_PER_S = 20.0

export const COMMANDS_BURST = 60.0

export const SUBSCRIBES_PER_S = 20.0

export const SUBSCRIBES_BURST = 250.0

export const SIGNALS_PER_S = 5.0

export const SIGNALS_BURST = 10.0

export const STATUSES_PER_S = 1.0

/** Changes of how a session's user wants to be seen. None is dropped: beyond that the session is closed as flooding. */
export const STATUSES_BURST = 60.0

export const PINGS_PER_S = 5.0

export const PINGS_BURST = 50.0

/** Bytes that wait for one slow reader. More: close code 4001, come back and resume. */
export const OUTBOX_BYTES_MAX = 1048576

/** How far behind a resume may be and still get every event; further behind it gets a snapshot. */
export const RESUME_EVENTS_MAX = 1000

/** Events read from the log at once while a client resumes. */
export const RESUME_PAGE_EVENTS = 200

export const RING_EVENTS_MAX = 256

export const RING_BYTES_MAX = 262144

/** Shortest distance of two flushes of one busy stream; an idle stream is flushed at once. */
export const FLUSH_TICK_MIN_S = 0.02

/** Sends before a flush lets others run. */
export const FLUSH_SENDS_MAX = 1000

/** Time before a flush lets others run. */
export const FLUSH_HOLD_MAX_S = 0.005

/** Commands that wait for one stream's actor. More: refused `overloaded`. */
export const MAILBOX_COMMANDS_MAX = 1000

/** Commands an actor decides at once and commits together. */
export const BATCH_COMMANDS_MAX = 200

export const EVENTS_PER_COMMAND_MAX = 64

/** Events one erasing event may empty: a message and its edits. */
export const ERASE_SEQS_MAX = 128

/** One encoded event payload. */
export const PAYLOAD_BYTES_MAX = 32768

/** What a snapshot shows of a stream of any kind, in JSON as in MessagePack. What may grow larger is read over HTTP. */
export const VIEW_BYTES_MAX = 65536

/** How long a resend is recognised. SDKs give up resending after RESEND_FOR_S, well before. */
export const RECEIPT_KEEP_DAYS = 7

export const RESEND_FOR_S = 86400.0

export const ROOM_NAME_CHARS_MAX = 80

export const BODY_CHARS_MAX = 4000

/**
 * Code points of a body after NFKD (a syllable of Hangul is up to three), of which at most `BODY_CHARS_MAX` words and
 * other characters. More: refused in a room with a filter.
 */
export const BODY_DECOMPOSED_CHARS_MAX = 12000

export const REASON_CHARS_MAX = 200

export const TOPIC_CHARS_MAX = 500

export const ROOM_MEMBERS_MAX = 5000

/** Members named in a room's snapshot; all are read over HTTP. */
export const VIEW_MEMBERS_MAX = 100

export const GROUP_MEMBERS_MAX = 50

export const ROOM_MODERATORS_MAX = 50

/** Users in the room of a match: all players of two teams, and the staff. */
export const HOSTED_SEATS_MAX = 96

export const ROOM_BANS_MAX = 5000

export const ROOM_MUTES_MAX = 5000

/** Users who were invited and haven't joined. */
export const ROOM_INVITED_MAX = 500

/** Invites by code that are good at a time. */
export const ROOM_INVITES_MAX = 50

export const INVITE_CODE_CHARS_MAX = 40

export const INVITE_LIFETIME_S = 604800

export const INVITE_LIFETIME_S_MAX = 2592000

export const INVITE_USES_MAX = 10000

export const ROOM_PINS_MAX = 50

export const SLOW_MODE_S_MAX = 21600

export const MUTE_S_MAX = 2419200

export const BAN_S_MAX = 316224000

/** Marks on one character of a text: the number of Unicode's Stream-Safe Text Format (UAX 15). */
export const MARKS_MAX = 30

/** Members one message may mention. */
export const MENTIONS_MAX = 20

/** Handles looked up for one message: where no blank ends a name, each of its beginnings may be one. */
export const MENTION_NAMES_MAX = 200

/** Vowel signs and other marks on one letter of a handle. */
export const HANDLE_MARKS_MAX = 4

/** Code points of the longest emoji: four pictographs, each with a skin tone, and what joins them. */
export const REACTION_CHARS_MAX = 11

/** Different reactions to one message. */
export const REACTIONS_PER_MESSAGE_MAX = 20

export const FILTERED_WORDS_MAX = 200

export const FILTERED_WORD_CHARS_MAX = 40

/** Code points of a filter's word after NFKD. */
export const FILTERED_WORD_DECOMPOSED_CHARS_MAX = 120

/** Parts of all a filter's words together: runs of letters and digits, and each other character. */
export const FILTER_TOKENS_MAX = 2000

export const FILTERED_HOSTS_MAX = 100

/** How long a removed room can be restored by its owner. */
export const ROOM_RESTORE_DAYS = 30

/** Rooms one user may be a member of: checked as they join, so many joins at once may go a little beyond. */
export const ROOMS_PER_USER_MAX = 1000

export const EDITS_PER_MESSAGE_MAX = 100

/** Reports of one user that nobody has closed yet. */
export const REPORTS_OPEN_MAX = 100

/** Looks at an invite's code, by one user and from one address. */
export const INVITE_LOOKS_PER_S = 0.5

export const INVITE_LOOKS_BURST = 20.0

/** Users named in a roster; of more only the count is told, in which a user on two nodes counts twice. */
export const PRESENT_USERS_MAX = 100

export const TOURNAMENT_NAME_CHARS_MAX = 80

export const TOURNAMENT_DESCRIPTION_CHARS_MAX = 4000

export const ENTRANT_NAME_CHARS_MAX = 64

/** What is said with a dispute or a decision. */
export const NOTE_CHARS_MAX = 500

export const TOURNAMENT_ENTRANTS_MIN = 2

/** Who may take part in one tournament. */
export const TOURNAMENT_ENTRANTS_MAX = 4096

/** Entrants of one tournament, with those who wait, weren't accepted or have left. */
export const TOURNAMENT_ENTRIES_MAX = 8192

/** Of one entrant. */
export const ENTRANT_TAGS_MAX = 4

export const ENTRANT_TAG_CHARS_MAX = 32

export const ENTRANTS_PER_COMMAND_MAX = 50

/** Lines of a CSV file of entrants, after the one that names its columns. */
export const ENTRANTS_FILE_LINES_MAX = 4096

/** Rooms of matches that one event closes when a tournament was cancelled. */
export const ROOMS_CLOSED_MAX = 16

/** Matches in one file of a tournament. */
export const EXPORT_MATCHES_MAX = 32768

/** Of a file with more faults these are told. */
export const ENTRANTS_FILE_FAULTS_MAX = 20

export const TOURNAMENT_STAFF_MAX = 50

/** Stages of one tournament. */
export const STAGES_MAX = 8

/** Groups of one stage. */
export const GROUPS_MAX = 1024

/** Who may play in one group of a round robin. */
export const GROUP_ENTRANTS_MAX = 64

/** How often two of a group meet at most. */
export const LEGS_MAX = 4

/** Matches of one stage, of all groups and rounds together. */
export const STAGE_MATCHES_MAX = 32768

/** Rounds of one Swiss stage. */
export const SWISS_ROUNDS_MAX = 32

/** Tie-breaks of one stage. */
export const TIEBREAKS_MAX = 12

/** Points for a match in the standings of a stage. */
export const STAGE_POINTS_MAX = 100

/** How long a leaderboard may take attempts. */
export const LEADERBOARD_S_MAX = 7776000

/** Attempts of one entrant in one leaderboard. */
export const ATTEMPTS_MAX = 64

/** Attempts of one leaderboard, if everybody makes all that they may. */
export const STAGE_ATTEMPTS_MAX = 32768

/** The highest score of one attempt; the lowest is as far below 0. Sums of all attempts are exact in JavaScript, too. */
export const SCORE_MAX = 100000000000000

/** Digits of a score behind the decimal point. */
export const SCORE_DECIMALS_MAX = 9

/** Events of a tournament after which it isn't replayed any more: several times what the largest one takes. */
export const TOURNAMENT_REPLAY_EVENTS_MAX = 100000

/** Matches that wait to be rated: of more so many are told. */
export const RATINGS_WAITING_SHOWN_MAX = 1000

/** Ratings of one user in one answer. */
export const RATED_GAMES_SHOWN_MAX = 200

/** Two matches of one person that begin less than this apart collide. */
export const COLLISION_S = 1800

/** Addresses of calendars that need no login. */
export const CALENDARS_PER_USER_MAX = 50

/** Tournaments in one calendar: those that were created last. */
export const CALENDAR_TOURNAMENTS_MAX = 100

/** Times in the calendar of a series whose tournaments aren't made yet: the next ones. */
export const CALENDAR_PLANNED_MAX = 20

/** Matches in one calendar: those that were opened last. */
export const CALENDAR_MATCHES_MAX = 1000

/** Templates of one user. */
export const TOURNAMENT_TEMPLATES_MAX = 50

/** Of a series: its tournaments have their number behind it. */
export const SERIES_NAME_CHARS_MAX = 72

/** Series of one user that weren't cancelled or removed. */
export const SERIES_PER_USER_MAX = 20

/** Tournaments of one series. */
export const SERIES_TOURNAMENTS_MAX = 500

/** Places of a tournament that are worth points in its series. */
export const SERIES_POINTS_PLACES_MAX = 64

/** What one place is worth. */
export const SERIES_POINTS_MAX = 10000

export const SERIES_AHEAD_S_MIN = 60

/** How long before its start a tournament of a series is made. */
export const SERIES_AHEAD_S_MAX = 5184000

export const SERIES_AHEAD_S = 604800

export const RRULE_CHARS_MAX = 200

/** Values of one part of a rule of recurrence, such as days of a month. */
export const RRULE_VALUES_MAX = 31

export const RRULE_INTERVAL_MAX = 52

export const RRULE_COUNT_MAX = 1000

/** The next time of a recurrence comes in so many days, or never. */
export const RECURRENCE_GAP_DAYS_MAX = 731

export const TIME_ZONE_CHARS_MAX = 64

/** A file in TRF16: in Base64 it fits into a request. */
export const TRF_BYTES_MAX = 184320

export const TRF_PLAYERS_MAX = 1024

/** Starting ranks, of which a file has room for four digits. */
export const TRF_NUMBER_MAX = 9999

export const TRF_ROUNDS_MAX = 64

/** Of a file with more faults these are told. */
export const TRF_FAULTS_MAX = 20

export const BEST_OF_MAX = 9

/** Of one side in one game. */
export const POINTS_MAX = 1000000

export const READY_S = 600

export const READY_S_MAX = 86400

export const CONFIRM_S = 900

export const CONFIRM_S_MAX = 604800

/** Rules of one tournament for matches of some rounds. */
export const ROUND_RULES_MAX = 8

/** Games from which the sides of a match pick and ban. */
export const POOL_GAMES_MAX = 16

export const POOL_GAME_CHARS_MAX = 40

export const PICK_STEPS_MAX = 32

export const PICK_S = 60

/** How long a side may have for one step of picks and bans. */
export const PICK_S_MAX = 3600

/** So long after it was opened the sides of a match may agree to play it. */
export const WINDOW_S_MAX = 2592000

/** Players on the roster of one team. */
export const TEAM_PLAYERS_MAX = 16

/** How often another player may come to a team after the start. */
export const SUBSTITUTES_MAX = 16

/** How long a match may be played before somebody must have reported it. */
export const PLAY_S_MAX = 2592000

/** About so many sides of other matches are filled by the event that ends a match; what more follows has its own. */
export const FILLS_PER_EVENT_MAX = 32

/** So many matches are opened or filled before a tournament lets others run; with the last of them a few more. */
export const ADVANCE_CHANGES_MAX = 32

/** Matches in a picture of a bracket: of more the last rounds are drawn, as many as fit. */
export const PICTURE_MATCHES_MAX = 1024

/** Results that one command of an import brings. */
export const IMPORTED_RESULTS_MAX = 32

/** Entrants in a picture of standings: of a larger stage a group is drawn by itself, or so many from some place on. */
export const PICTURE_ROWS_MAX = 256

/** Matches named in a tournament's snapshot; all are read over HTTP. */
export const VIEW_MATCHES_MAX = 50

/** Entrants named in the standings that a tournament's snapshot and its events show; all are read over HTTP. */
export const VIEW_STANDINGS_MAX = 50

/** Places that are told when a tournament has finished; all are read over HTTP. */
export const PLACES_MAX = 8

/** Who may be registered with one gathering. */
export const GATHERING_PLAYERS_MAX = 4096

/** Players of one gathering, with those who have withdrawn or were removed. */
export const GATHERING_ENTRIES_MAX = 8192

/** Competitions of one gathering, with those that were taken out again. */
export const GATHERING_COMPETITIONS_MAX = 32

/** Games that one gathering names. */
export const GATHERING_GAMES_MAX = 16

/** Rooms whose heads one session may watch. */
export const HEADS_ROOMS_MAX = 200

/** Shortest distance of two `heads` frames of one session. */
export const HEADS_INTERVAL_S = 1.0

export const HEADS_WATCHES_PER_S = 1.0

/** How often one session may change which heads it watches. */
export const HEADS_WATCHES_BURST = 10.0

/** Unread messages are counted up to here: this number means so many or more. */
export const UNREAD_MAX = 100

/** Of a room's messages, so many of the newest are looked at to count the unread ones. */
export const UNREAD_SCANNED_MAX = 200

/** Read positions are kept in batches this far apart; a node that dies forgets at most these. */
export const READ_FLUSH_S = 1.0

/** Read positions of one node that wait for that; further ones are dropped. */
export const READ_WAITING_MAX = 100000

/** Shortest distance of two presence signals of one room or person. */
export const PRESENCE_INTERVAL_S = 1.0

/** People whose presence one session may watch. */
export const WATCHED_PEOPLE_MAX = 200

/** So often it is read again who lets whom see their presence. */
export const SIGHT_INTERVAL_S = 60.0

/** Unread items an inbox keeps track of; the oldest count as read beyond. */
export const INBOX_UNREAD_MAX = 500

export const BLOCKS_MAX = 1000

export const FRIENDS_MAX = 1000

/** Requests of one user that wait for their answer. */
export const FRIEND_REQUESTS_MAX = 200

export const ABOUT_CHARS_MAX = 500

export const AVATAR_URL_CHARS_MAX = 500

/** A handle is changed once in so many days. */
export const HANDLE_CHANGE_DAYS = 30

/** For so long signing in brings a deleted account back, unless the server is set up otherwise; then it is erased. */
export const ACCOUNT_ERASE_DAYS = 30

/** A login this young may delete an account that has no password, and change how one signs in to it. */
export const FRESH_LOGIN_S = 600

/** Entries of one table, retired ones too. */
export const LOOKUP_ENTRIES_MAX = 1000

export const LOOKUP_KEY_CHARS_MAX = 40

export const LOOKUP_NAME_CHARS_MAX = 80

export const LOOKUP_POSITION_MAX = 10000

/** Dead jobs are chosen by how long they are dead, up to this. */
export const JOB_AGE_MAX_S = 315360000

/** Requests of one user that aren't commands, on one node. */
export const REQUESTS_PER_S = 20.0

export const REQUESTS_BURST = 200.0

export const PAGE_ITEMS_MAX = 200

export const PAGE_ITEMS_DEFAULT = 50

/** Users whose profiles one request may ask for. */
export const PROFILES_MAX = 100

export const HANDLE_CHARS_MIN = 3

export const HANDLE_CHARS_MAX = 32

export const PASSWORD_CHARS_MIN = 8

export const PASSWORD_CHARS_MAX = 256

export const HTTP_BODY_BYTES_MAX = 262144

export const DISPLAY_NAME_CHARS_MAX = 64

export const DEVICE_CHARS_MAX = 120

export const EMAIL_CHARS_MAX = 254

export const RETRY_KEY_CHARS_MAX = 64

/** For so long an exchanged refresh token with the same retry key gets the same answer again, if that wasn't used. */
export const REFRESH_GRACE_S = 60.0

/** A further sign-in ends the login that was unused longest. */
export const LOGINS_PER_USER_MAX = 50

/** How long a mailed code proves whose address it is. */
export const EMAIL_CODE_LIFETIME_S = 86400

export const RESET_CODE_LIFETIME_S = 3600

/** What a sign-in gets from one step to the next: the second factor, the visit at a provider. */
export const TICKET_LIFETIME_S = 600

export const IDENTITIES_MAX = 20

export const CURSOR_CHARS_MAX = 200

/** API keys that are good at a time. */
export const KEYS_MAX = 100

export const KEY_NAME_CHARS_MAX = 80

export const KEY_LIFETIME_S_MAX = 316224000

/** Commands of one API key, on one node. */
export const SERVER_COMMANDS_PER_S = 200.0

export const SERVER_COMMANDS_BURST = 1000.0

export const EXTERNAL_ID_CHARS_MAX = 200

export const WEBHOOKS_MAX = 20

export const WEBHOOK_TYPES_MAX = 50

export const URL_CHARS_MAX = 2000

/** Why something is refused. */
export const CODES = {
  invalid: { retry: false, sentence: "A field has a value that isn't allowed." },
  unknown_type: { retry: false, sentence: 'There is no such message type.' },
  unauthenticated: { retry: false, sentence: 'The token is missing or not valid.' },
  token_expired: { retry: false, sentence: 'The token has expired: get a new one and try again.' },
  wrong_credentials: { retry: false, sentence: 'The name or the password is wrong.' },
  forbidden: { retry: false, sentence: "You don't have the right to do this." },
  not_found: { retry: false, sentence: "It doesn't exist, or you may not see it." },
  not_a_member: { retry: false, sentence: 'Only members can do this.' },
  client_id_reused: { retry: false, sentence: 'This client_id was used for another command.' },
  already_exists: { retry: false, sentence: 'It is already set.' },
  handle_taken: { retry: false, sentence: 'This handle is taken.' },
  too_large: { retry: false, sentence: 'The message is too large.' },
  too_many: { retry: false, sentence: 'The limit on how many there may be has been reached.' },
  unstorable: { retry: false, sentence: "The content can't be stored." },
  unsupported_media_type: { retry: false, sentence: 'The request body must be JSON.' },
  method_not_allowed: { retry: false, sentence: "This method isn't allowed here." },
  internal: { retry: false, sentence: 'The server failed on this command; nothing was changed.' },
  archived: { retry: false, sentence: 'The room is archived: it can only be read.' },
  wrong_phase: { retry: false, sentence: "This can't be done in the phase that it is in." },
  too_few: { retry: false, sentence: 'There are too few for this.' },
  confirm_needed: { retry: false, sentence: 'This reveals or voids more than it names: confirm it.' },
  muted: { retry: true, sentence: 'You are muted here for a while.' },
  banned: { retry: false, sentence: 'You are banned here.' },
  blocked: { retry: false, sentence: "This person doesn't accept this from you." },
  filtered: { retry: false, sentence: "The room's filter doesn't allow this." },
  invite_invalid: { retry: false, sentence: 'The invite is wrong, used up or expired.' },
  code_invalid: { retry: false, sentence: 'The code is wrong, has been used or has expired.' },
  second_factor_needed: { retry: false, sentence: 'Sign in again with a code of your second factor.' },
  email_unverified: { retry: false, sentence: 'Verify your e-mail address first.' },
  email_taken: { retry: false, sentence: 'Another account has this e-mail address.' },
  stale: { retry: false, sentence: 'It has changed since you read it: read it again.' },
  hook_refused: { retry: false, sentence: 'A rule of this community forbids this.' },
  slow_mode: { retry: true, sentence: 'The room is in slow mode: wait, then try again.' },
  locked_out: { retry: true, sentence: 'Too many wrong attempts: wait, then try again.' },
  rate_limited: { retry: true, sentence: 'Too many requests: wait, then try again.' },
  overloaded: { retry: true, sentence: 'The server is too busy: wait, then try again.' },
  unavailable: { retry: true, sentence: "The server can't do this now: wait, then try again." },
  unknown_outcome: { retry: true, sentence: 'Nobody knows whether this took effect: send it again with the same client_id.' },
} as const

export type Code = keyof typeof CODES

/** Why the server closes a socket. */
export const CloseCode = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  INVALID_TEXT: 1007,
  TOO_BIG: 1009,
  GOING_AWAY: 4000,
  SLOW_READER: 4001,
  IDLE: 4002,
  INTERNAL: 4003,
  TOKEN_EXPIRED: 4004,
  TOO_MANY_SESSIONS: 4005,
  BAD_FRAME: 4100,
  HELLO_EXPECTED: 4101,
  HELLO_TIMEOUT: 4102,
  UNAUTHENTICATED: 4103,
  UNSUPPORTED_PROTOCOL: 4104,
  FLOODING: 4106,
  REVOKED: 4107,
} as const

export interface CloseInfo {
  readonly comeBack: boolean
  readonly sentence: string
}

export const CLOSES: Readonly<Record<number, CloseInfo>> = {
  1000: { comeBack: true, sentence: 'Goodbye.' },
  1002: { comeBack: false, sentence: "The bytes aren't valid WebSocket frames." },
  1003: { comeBack: false, sentence: 'Send binary frames for msgpack and text frames for json.' },
  1007: { comeBack: false, sentence: "The text isn't valid UTF-8." },
  1009: { comeBack: false, sentence: 'The message is too large.' },
  4000: { comeBack: true, sentence: 'The server is going away: reconnect and resume.' },
  4001: { comeBack: true, sentence: 'The client read too slowly: reconnect and resume.' },
  4002: { comeBack: true, sentence: 'The client was silent for too long: reconnect and resume.' },
  4003: { comeBack: true, sentence: 'The server failed on this connection: reconnect and resume.' },
  4004: { comeBack: true, sentence: 'The token has expired: get a new one, reconnect and resume.' },
  4005: { comeBack: true, sentence: 'This user has too many open connections: reconnect later.' },
  4100: { comeBack: false, sentence: "The message can't be decoded." },
  4101: { comeBack: false, sentence: 'The first message must be a hello.' },
  4102: { comeBack: false, sentence: "The hello didn't come in time." },
  4103: { comeBack: false, sentence: "The token isn't valid." },
  4104: { comeBack: false, sentence: "The server doesn't support this protocol version." },
  4106: { comeBack: false, sentence: 'The client sent too many pings or messages.' },
  4107: { comeBack: false, sentence: 'The login was ended.' },
}

export const SUBPROTOCOL_MSGPACK = 'gatherup.v1.msgpack'

export const SUBPROTOCOL_JSON = 'gatherup.v1.json'

/** What matches are worth in the standings of a stage. A loss by forfeit is worth nothing. */
export interface PointsRule {
  win?: number
  draw?: number
  loss?: number
  /** For who meets nobody in a round of a Swiss stage; None: as much as a win. */
  bye?: number | null
}

/** The settings of one stage. What doesn't fit its format is refused. */
export interface Stage {
  format?: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  best_of?: 1 | 3 | 5 | 7 | 9
  /** Whether the losers of the semi-finals play for the third place; in single elimination alone. */
  third_place?: boolean
  /** Whether a final that the winner of the losers' bracket wins is played again; in double elimination alone. */
  reset?: boolean
  /**
   * Into how many groups the entrants are dealt; in round robin alone. So that each has two of them, there are fewer
   * groups if too few have come.
   */
  groups?: number
  /** How often everybody in a group meets everybody else of it; in round robin alone. */
  legs?: number
  /**
   * How many rounds are played; in Swiss alone, as all that follows up to *late_byes*. 0: as many as a knockout of
   * these entrants would have, or with early exits until nobody is left to play.
   */
  rounds?: number
  /** Whether it matters who is on side a, as colours do in chess: then everybody is on both about as often. */
  sides?: boolean
  /** Whether two may meet again, or somebody have a second bye, if not everybody can be paired otherwise. */
  rematches?: boolean
  wins?: number
  /** Early exits: who has won, or lost, so often plays no more in this stage. Both or none; not with draws. */
  losses?: number
  /**
   * How many rounds may have been published when somebody still comes in; of the first stage alone, and fewer than
   * `rounds`. With 0 staff may enter people until the first one is published, and nobody else.
   */
  late_rounds?: number
  /** What the rounds that they have missed are worth. */
  late_byes?: 'half' | 'zero'
  /**
   * Whether a match may be drawn; not in elimination. Then a match has as many games as `best_of` says, unless a
   * side has won more than half of them before, and a game may be drawn, too.
   */
  draws?: boolean
  points?: PointsRule
  /**
   * What decides between those who have the same points, in this order, before their seeds do. In a leaderboard who
   * is tied shares a place.
   */
  tiebreaks?: readonly ('best_attempt' | 'buchholz' | 'buchholz_cut_1' | 'buchholz_cut_2' | 'esports_buchholz' | 'first_reached' | 'game_difference' | 'head_to_head' | 'losses' | 'median_buchholz' | 'opponents_match_win' | 'points' | 'score_difference' | 'seed' | 'sonneborn_berger' | 'wins')[]
  /** These three are for stages with standings: not for elimination. */
  withdrawals?: 'annul' | 'forfeit' | 'keep'
  /**
   * How long a leaderboard takes attempts, from its start on; it or *closes_at*. All that follows up to *decimals* is
   * for leaderboards alone.
   */
  window_s?: number
  /** Until when it takes attempts. */
  closes_at?: number
  /** How many an entrant may make. */
  attempts?: number
  /** What counts of them. */
  counted?: 'best' | 'last' | 'sum'
  /** Whether a higher score is better; otherwise a lower one, as with times. */
  higher?: boolean
  attempts_by?: 'players' | 'staff'
  /** How many digits of a score stand behind the decimal point where it is shown. */
  decimals?: number
  /** How many of each group go on to the next stage; 0 in the last stage, and there alone. */
  advance?: number
}

/** Before a match its sides pick and ban the games that they play. */
export interface PickBan {
  /** The games there are, each once; at least as many as a match may have. */
  pool: readonly string[]
  /** They choose as many games as a match may have. None: as is usual for best of one, three, five and so on. */
  steps?: readonly ('ban a' | 'ban b' | 'decider' | 'pick a' | 'pick b' | 'side a' | 'side b')[]
  /** How long a side has for a step, before lots choose for it. */
  step_s?: number
}

/** What holds for matches of a round. Of the rules that fit a match the first one counts. */
export interface RoundRule {
  /** None: whichever. */
  stage?: number | null
  /** None: whichever. */
  part?: 'final' | 'group' | 'losers' | 'reset' | 'swiss' | 'third' | 'winners' | null
  /** None: whichever. */
  round?: number | null
  /** None: that of the stage. */
  best_of?: 1 | 3 | 5 | 7 | 9 | null
  /** None: nothing is picked or banned. */
  picks?: PickBan | null
  /** So long after a match was opened its sides may agree to play it; 0: they can't put it off. */
  window_s?: number
}

/** Somebody to enter: a user, or a name for somebody without an account. A team has both, or a name alone. */
export interface NewEntrant {
  /** Of a team: its captain. */
  user?: string | null
  name?: string | null
  /** The other players of a team. */
  roster?: readonly string[]
  tags?: readonly string[]
}

/**
 * The settings of a tournament that are no times; none of them is a text that people wrote.
 *
 * Each says what the field of that name of `tournament.create` says.
 */
export interface LastingSettings {
  game?: string | null
  platform?: string | null
  region?: string | null
  format?: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  third_place?: boolean
  reset?: boolean
  best_of?: 1 | 3 | 5 | 7 | 9
  stages?: readonly Stage[]
  entrants_max?: number
  visibility?: 'invited' | 'public' | 'unlisted'
  entry?: 'approval' | 'listed' | 'open'
  ready_s?: number
  confirm_s?: number
  rounds?: readonly RoundRule[]
  team_min?: number
  team_max?: number
  substitutes?: number
  play_s?: number
  rooms?: boolean
}

/** Times that come again and again at the same time of day by the clocks of a time zone, also when these change. */
export interface Recurrence {
  rrule: string
  timezone: string
  /** The earliest time. It is one of them if the rule says so. */
  start: string
}

/**
 * The first frame: the client's token, and its position in every stream it follows.
 *
 * Answered by a welcome, or by a close code.
 */
export interface Hello {
  t: 'hello'
  token: string
  protocol?: number
  /** Each is resumed like a subscribe with this `since`. */
  positions?: readonly Position[]
  /** How the user wants to be seen from the first moment on; `set_status` changes it. */
  status?: 'away' | 'busy' | 'invisible' | 'online'
}

/** Replace the token by a newer one of the same user before the old one expires. Answered by accepted or refused. */
export interface RefreshToken {
  t: 'refresh_token'
  client_id: string
  token: string
}

/** Subscribe to a stream: from `since` if it can be replayed, else from a snapshot. */
export interface Subscribe {
  t: 'subscribe'
  client_id: string
  stream: string
  since?: Position | null
}

/** End the subscription to a stream. Answered by accepted, after which nothing of the stream follows. */
export interface Unsubscribe {
  t: 'unsubscribe'
  client_id: string
  stream: string
}

/**
 * Ask whether the server is still there.
 *
 * For clients whose WebSocket can't ping, as in browsers. Answered by accepted.
 */
export interface Ping {
  t: 'ping'
  client_id: string
}

/**
 * Mark a room as read up to this message number. Never goes back; not answered.
 *
 * Told to the user's sessions in their inbox, and in a direct room to the other, as a `read` signal whose data
 * are `room`, `number` and `user`. A session gets its user's without subscribing to the inbox.
 */
export interface MarkRead {
  t: 'mark_read'
  room: string
  number: number
}

/**
 * Watch how much is new in these rooms, instead of the rooms named before; an empty list ends the watch.
 *
 * Answered by accepted, which a `heads` frame of all of them that the user is in follows, or by refused.
 */
export interface WatchHeads {
  t: 'watch_heads'
  client_id: string
  rooms?: readonly string[]
}

/**
 * Set how the user is seen while this session is open; not answered.
 *
 * Of several sessions the most present counts (busy, online, away), and one that is invisible makes the user so.
 * None is dropped; who changes it more often than STATUSES_PER_S for long is closed as flooding.
 */
export interface SetStatus {
  t: 'set_status'
  status: 'away' | 'busy' | 'invisible' | 'online'
}

/**
 * Watch the presence of these people, instead of the people named before; an empty list ends the watch.
 *
 * Answered by accepted, and a `presence` signal for everyone who is there and lets the user see it. Who stops
 * letting them (blocks them, say) is told as gone within about SIGHT_INTERVAL_S, and who begins to as there.
 */
export interface WatchPresence {
  t: 'watch_presence'
  client_id: string
  users?: readonly string[]
}

/**
 * Make a room; its creator is its first member and owner. `accepted.stream` is the room's id.
 *
 * What an API key makes has no members, and no owner until the key makes a member the owner.
 */
export interface CreateRoom {
  t: 'room.create'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  name: string
  access?: 'group' | 'private' | 'public'
  /** Whether who joins may read what was said before. */
  history?: boolean
}

/**
 * Open the direct room with a user: it is made unless the two have one.
 *
 * `accepted.stream` is its id either way. Blocks and the other's privacy settings may forbid it.
 */
export interface OpenDirect {
  t: 'room.open_direct'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  user: string
}

/** Change the settings of a room. A setting that is None stays as it is. */
export interface ChangeRoom {
  t: 'room.change'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  name?: string | null
  /** `""` for none. */
  topic?: string | null
  access?: 'private' | 'public' | null
  history?: boolean | null
  /** Seconds between two messages of one member; 0 for none. Moderators don't wait. */
  slow_mode_s?: number | null
  /**
   * That messages may become readable to others: to who joins later, by `history`, or to everybody, by `access`.
   * Else it is refused with `confirm_needed` if there are any.
   */
  confirm?: boolean
}

/** Replace the room's filter: the words and links that messages may not hold. Moderators pass the filter. */
export interface SetFilter {
  t: 'room.filter'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  words?: readonly string[]
  links?: 'allowed' | 'forbidden' | 'known_hosts'
  /** What may be linked to when `links` is `known_hosts`, subdomains included. */
  hosts?: readonly string[]
}

/** Join a room that is public or has invited this user, or any room with the code of an invite. */
export interface JoinRoom {
  t: 'room.join'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  invite?: string | null
}

/** Leave a room. The subscription ends with the event. */
export interface LeaveRoom {
  t: 'room.leave'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Invite a user to a room, and tell their inbox. Blocks and the user's privacy settings may forbid it. */
export interface InviteUser {
  t: 'room.invite'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Withdraw the invitation of a user, or decline one's own. */
export interface UninviteUser {
  t: 'room.uninvite'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Create an invite to a room for whoever has its code; `accepted.answer` is an `InviteCreated`. */
export interface CreateInvite {
  t: 'room.create_invite'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  lifetime_s?: number
  /** How many may join by it; None for any number. */
  uses?: number | null
}

/** Revoke an invite: nobody can join with its code any more. */
export interface RevokeInvite {
  t: 'room.revoke_invite'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** Its number. */
  invite: number
}

/** Change the role of a member. Making somebody the owner makes the owner a moderator. */
export interface SetRole {
  t: 'room.set_role'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  role: 'member' | 'moderator' | 'owner'
}

/**
 * Post a message to a room. `accepted.seq` names the message from then on.
 *
 * `@handle` in the body mentions a member; `@room` everybody, for who may.
 */
export interface PostMessage {
  t: 'room.post'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  body: string
  /** The seq of the message it answers. */
  reply_to?: number | null
  /** The seq of the message whose thread it belongs to: one that is in no thread itself. */
  thread?: number | null
}

/** Edit the body of one's own message. Mentions in the new body notify nobody. */
export interface EditMessage {
  t: 'room.edit'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
  body: string
}

/** Delete a message, one's own or as moderator anyone's: its body and all edits are erased everywhere. */
export interface DeleteMessage {
  t: 'room.delete'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
}

/** Add a reaction to a message. Refused with `already_exists` if the user has added the same one. */
export interface React {
  t: 'room.react'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
  reaction: string
}

/** Remove one's own reaction from a message. */
export interface Unreact {
  t: 'room.unreact'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
  reaction: string
}

/** Pin a message, so that the room shows it first. */
export interface PinMessage {
  t: 'room.pin'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
}

/** Unpin a message: the room no longer shows it first. */
export interface UnpinMessage {
  t: 'room.unpin'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  message: number
}

/** Mute a member: for a while they can read the room but not post. */
export interface MuteMember {
  t: 'room.mute'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  for_s: number
  reason?: string
}

/** Unmute a member before the mute ends by itself. */
export interface UnmuteMember {
  t: 'room.unmute'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Remove a member from a room, and end their right to listen. They may join again as anybody may. */
export interface KickMember {
  t: 'room.kick'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  reason?: string
}

/** Ban a user from a room: a member is removed, and no invitation and no invite lets the user in. */
export interface BanUser {
  t: 'room.ban'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  /** None: until it is lifted. */
  for_s?: number | null
  reason?: string
}

/** Lift the ban of a user from a room. */
export interface UnbanUser {
  t: 'room.unban'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Archive a room: members can read it, but nobody can post or join. */
export interface ArchiveRoom {
  t: 'room.archive'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Unarchive a room: members can post and users can join again. */
export interface UnarchiveRoom {
  t: 'room.unarchive'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Remove a room for everybody; its owner may restore it within `ROOM_RESTORE_DAYS`. */
export interface RemoveRoom {
  t: 'room.remove'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Restore a removed room as it was. */
export interface RestoreRoom {
  t: 'room.restore'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Tell the people present in a room that the user is typing. Not logged, not answered. */
export interface SendTyping {
  t: 'room.typing'
  stream: string
}

/** Mark the inbox as read up to this seq, on all devices. */
export interface ReadInbox {
  t: 'inbox.read'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  up_to: number
}

/**
 * Create a tournament as a draft; its creator owns it. `accepted.stream` is the tournament's id.
 *
 * The times that are given come in this order: registration, check-in, start. What has no time waits for a command.
 */
export interface CreateTournament {
  t: 'tournament.create'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  name: string
  description?: string
  game?: string | null
  platform?: string | null
  /** Keys of the lookup tables of these names; of entries that aren't retired. */
  region?: string | null
  format?: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  /** Whether the losers of the semi-finals play for the third place; in single elimination alone. */
  third_place?: boolean
  /** Whether a final that the winner of the losers' bracket wins is played again; in double elimination alone. */
  reset?: boolean
  best_of?: 1 | 3 | 5 | 7 | 9
  /**
   * All stages in the order in which they are played, if it isn't one alone that these four say. They then say what
   * the first stage says, whatever is given.
   */
  stages?: readonly Stage[]
  /** How many may take part; who comes later is put on the waitlist. */
  entrants_max?: number
  /** Whether a tournament is for invited people alone can't be changed later. */
  visibility?: 'invited' | 'public' | 'unlisted'
  /** A tournament for invited people is always `listed`. */
  entry?: 'approval' | 'listed' | 'open'
  /** How long a side has to say that it is ready, before it forfeits; 0: matches begin at once. */
  ready_s?: number
  /** How long a side has to confirm or dispute a report, before it counts as confirmed. */
  confirm_s?: number
  /** What is different from round to round; of the rules that fit a match the first one counts. */
  rounds?: readonly RoundRule[]
  team_min?: number
  /** How many players a team has at least and at most; 0: those who take part are no teams. */
  team_max?: number
  /** How often another player may come to a team after the start. */
  substitutes?: number
  /** How long a match may be played before somebody reports it; then staff decide it. 0: for ever. */
  play_s?: number
  /** Whether each match has a room in which its players and staff can talk until it is done. */
  rooms?: boolean
  registration_at?: number | null
  check_in_at?: number | null
  start_at?: number | null
}

/**
 * Change the settings of a tournament. A setting that is None stays as it is; a time of 0 is taken away.
 *
 * After the start only name, description and visibility can be changed, and the three durations for later matches.
 */
export interface ChangeTournament {
  t: 'tournament.change'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  name?: string | null
  description?: string | null
  game?: string | null
  platform?: string | null
  region?: string | null
  format?: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss' | null
  third_place?: boolean | null
  reset?: boolean | null
  best_of?: 1 | 3 | 5 | 7 | 9 | null
  /** None of them: one stage again, which the four before say. As long as there are some, change these instead. */
  stages?: readonly Stage[] | null
  entrants_max?: number | null
  visibility?: 'invited' | 'public' | 'unlisted' | null
  entry?: 'approval' | 'listed' | 'open' | null
  ready_s?: number | null
  confirm_s?: number | null
  rounds?: readonly RoundRule[] | null
  team_min?: number | null
  team_max?: number | null
  substitutes?: number | null
  play_s?: number | null
  rooms?: boolean | null
  registration_at?: number | null
  check_in_at?: number | null
  start_at?: number | null
}

/** Give a user a role on the staff of a tournament, or take it away. */
export interface SetStaff {
  t: 'tournament.set_staff'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  /** None: no role any more. */
  role: 'organiser' | 'referee' | 'streamer' | null
}

/** Give a tournament to one of its organisers, as its owner, who is an organiser from then on. */
export interface TransferTournament {
  t: 'tournament.transfer'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Open the registration of a tournament; from the check-in it goes back to it. */
export interface OpenRegistration {
  t: 'tournament.open_registration'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Open the check-in of a tournament: who hasn't checked in at the start doesn't take part. */
export interface OpenCheckIn {
  t: 'tournament.open_check_in'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Start a tournament: seeds and format are settled, and the first matches are opened. */
export interface StartTournament {
  t: 'tournament.start'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Cancel a tournament for good. */
export interface CancelTournament {
  t: 'tournament.cancel'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  reason?: string
}

/**
 * Remove a tournament that is a draft or over, as its owner: it is hidden from everybody at once.
 *
 * It can be restored until it is erased, some days later.
 */
export interface RemoveTournament {
  t: 'tournament.remove'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Restore a tournament that was removed, as its owner: it is as it was. */
export interface RestoreTournament {
  t: 'tournament.restore'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/**
 * Enter a tournament whose registration is open, or late one that has started and lets one. Who has left gets their
 * old number again.
 *
 * Who enters a tournament of teams enters a team, whose captain they are.
 */
export interface EnterTournament {
  t: 'tournament.enter'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** The name of the team. */
  name?: string | null
}

/**
 * Leave a tournament; as its captain with a team. After the start the current match is forfeited, and so is each
 * later one.
 */
export interface LeaveTournament {
  t: 'tournament.leave'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/**
 * Check in to a tournament: say that one is there. Staff can check in somebody late who was dropped at the start,
 * as long as they can enter people.
 */
export interface CheckIn {
  t: 'tournament.check_in'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** Whom staff check in; None: oneself. */
  entrant?: number | null
}

/**
 * Enter people in a tournament as staff: all of them, or none. They are accepted at once, as far as there is room.
 *
 * It can be done until the start, and in a Swiss system as long as its `late_rounds` let. Users who were removed, or
 * have left, get their old number again.
 */
export interface AddEntrants {
  t: 'tournament.add_entrants'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrants: readonly NewEntrant[]
}

/** Accept an entrant of a tournament who is pending. */
export interface AcceptEntrant {
  t: 'tournament.accept'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
}

/**
 * Remove an entrant from a tournament, or refuse one who is pending. After the start they forfeit as if they had
 * left.
 */
export interface RemoveEntrant {
  t: 'tournament.remove_entrant'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  /** Whether they may not come back. */
  disqualify?: boolean
  reason?: string
}

/** Give an entrant of a tournament these tags instead of those they have; until the start. */
export interface SetTags {
  t: 'tournament.set_tags'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  tags: readonly string[]
}

/**
 * Set the order in which entrants of a tournament are seeded, the best first. All others come after them, drawn at
 * the start.
 */
export interface SetSeeds {
  t: 'tournament.set_seeds'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrants: readonly number[]
}

/** Say that one is ready to play a match that is open. */
export interface SayReady {
  t: 'tournament.ready'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** Whose side staff say it of; None: one's own. */
  entrant?: number | null
}

/** Report the result of one's own match. The same report by the other side confirms it, another one disputes it. */
export interface ReportResult {
  t: 'tournament.report'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** Who has won the games that it takes has won the match. */
  scores: readonly (readonly number[])[]
}

/** Confirm the result that the other side of one's own match has reported. */
export interface ConfirmResult {
  t: 'tournament.confirm'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
}

/** Dispute one's own match, so that staff decide it. */
export interface DisputeResult {
  t: 'tournament.dispute'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  note?: string
  evidence?: string | null
}

/** Decide a match as staff, from its opening until it is done, whatever its sides have said. */
export interface DecideMatch {
  t: 'tournament.decide'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn. */
  winner: number
  /** That it is drawn, in a stage with draws. */
  draw?: boolean
  /** None, or some that lead to this result. */
  scores?: readonly (readonly number[])[]
  note?: string
}

/** Invite a user to one's team, as its captain before the start, and tell their inbox. */
export interface InvitePlayer {
  t: 'tournament.invite_player'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Join the team that has invited one. */
export interface JoinTeam {
  t: 'tournament.join_team'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** The team. */
  entrant: number
}

/** Put a user on the roster of a team, as an organiser before the start. */
export interface AddPlayer {
  t: 'tournament.add_player'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  user: string
}

/**
 * Take a user off the roster of a team before the start, or end their invitation: as its captain, as an organiser,
 * or as this user. If it is the captain, who has been on the roster longest is the next one.
 */
export interface RemovePlayer {
  t: 'tournament.remove_player'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  user: string
}

/** Let somebody else play from a match on, as the captain of a team or as an organiser, until the match begins. */
export interface SubstitutePlayer {
  t: 'tournament.substitute'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** The one that the team plays next. */
  match: number
  /** Who is on the roster, and not any more. */
  player: string
  /** Who is on it instead: somebody without another team. */
  substitute: string
  /** The team for which staff do it; None: one's own. */
  entrant?: number | null
}

/** Do the step of picks and bans that is one's own in one's match. */
export interface PickGame {
  t: 'tournament.pick'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** Which one, from 1 on: so that a word that comes late isn't taken for the next step. */
  step: number
  /** The game that is picked or banned; in a *side* step *first* or *second*, where one begins. */
  choice: string
  /** Whose side staff choose for; None: one's own. */
  entrant?: number | null
}

/**
 * Hold a match that is open as staff, for a stream or a place to play: its time stands still, and its sides can't
 * go on with it.
 */
export interface HoldMatch {
  t: 'tournament.hold'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
}

/** Release a match that is held, as staff: it goes on with the time that was left. */
export interface ReleaseMatch {
  t: 'tournament.release'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
}

/** Propose to the other side of one's match to play it at another time; instead of what was proposed before. */
export interface ProposeStart {
  t: 'tournament.propose_start'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** It is still to come, and within the window of the round. */
  at: number
}

/** Accept the time that the other side of one's match has proposed: it is opened again then. */
export interface AcceptStart {
  t: 'tournament.accept_start'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** The time that was proposed: so that another one isn't accepted by mistake. */
  at: number
}

/**
 * Correct the result of a match that is done, as staff; also after the end. `accepted.answer` is a
 * `Consequences`. Where the same side has won, nothing else changes.
 */
export interface CorrectResult {
  t: 'tournament.correct'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** The number of the entrant who has won; 0: nobody, both forfeit unless it is drawn. */
  winner: number
  /** That it is drawn, in a stage with draws. */
  draw?: boolean
  /** None, or some that lead to this result. */
  scores?: readonly (readonly number[])[]
  note?: string
  /** None: that of the format, which is *reset* in elimination, *keep* in others. */
  policy?: 'keep' | 'reset' | null
  /** That matches which were opened may become void; else it is refused with `confirm_needed` if any would. */
  confirm?: boolean
  /** Only answer what would follow. */
  preview?: boolean
}

/**
 * Take back the result of a match that is done, as staff: it is opened again, and what it led to is void.
 *
 * Also after the end. `accepted.answer` is a `Consequences`.
 */
export interface UndoResult {
  t: 'tournament.undo'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  match: number
  /** That matches which were opened may become void; else it is refused with `confirm_needed` if any would. */
  confirm?: boolean
  /** Only answer what would follow. */
  preview?: boolean
}

/**
 * Take back that an entrant left, or was removed or disqualified, since the start of the tournament. The match that
 * they forfeited by it is opened again. `accepted.answer` is a `Consequences`.
 */
export interface ReinstateEntrant {
  t: 'tournament.reinstate'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  /** None: that of the format. With *keep* the forfeit stands if matches that depend on it were opened. */
  policy?: 'keep' | 'reset' | null
  /** That matches which were opened may become void; else it is refused with `confirm_needed` if any would. */
  confirm?: boolean
  /** Only answer what would follow. */
  preview?: boolean
}

/** Submit the score of an attempt in the leaderboard that is being played, while its window is open. */
export interface SubmitAttempt {
  t: 'tournament.submit_attempt'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  score: number
  /** Whose attempt staff submit; None: one's own. */
  entrant?: number | null
}

/**
 * Correct the score of an attempt, or make it void, as staff; also after the end of the window and of the
 * tournament. `accepted.answer` is a `Consequences`.
 */
export interface CorrectAttempt {
  t: 'tournament.correct_attempt'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  entrant: number
  attempt: number
  /** None: it is void and doesn't count. It stays used, and can be given a score again. */
  score?: number | null
  /** Of which stage; None: the one that was started last. */
  stage?: number | null
  /** Only answer what would follow. */
  preview?: boolean
}

/** Set until when the leaderboard that is being played takes attempts, as an organiser while it does. */
export interface SetWindow {
  t: 'tournament.set_window'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** A time that has passed closes it at once. */
  closes_at: number
}

/**
 * Create a gathering as a draft; its creator owns it. `accepted.stream` is the gathering's id.
 *
 * The times that are given come in this order: registration, check-in, close. What has no time waits for a command.
 */
export interface CreateGathering {
  t: 'gathering.create'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  name: string
  description?: string
  games?: readonly string[]
  /** How many may be registered at a time. */
  players_max?: number
  visibility?: 'public' | 'unlisted'
  registration_at?: number | null
  check_in_at?: number | null
  closes_at?: number | null
}

/** Change the settings of a gathering. A setting that is None stays as it is; a time of 0 is taken away. */
export interface ChangeGathering {
  t: 'gathering.change'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  name?: string | null
  description?: string | null
  games?: readonly string[] | null
  players_max?: number | null
  visibility?: 'public' | 'unlisted' | null
  registration_at?: number | null
  check_in_at?: number | null
  closes_at?: number | null
}

/** Give a user a role on the staff of a gathering, or take it away. */
export interface SetGatheringStaff {
  t: 'gathering.set_staff'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  /** None: no role any more. */
  role: 'organiser' | null
}

/** Give a gathering to one of its organisers, as its owner, who is an organiser from then on. */
export interface TransferGathering {
  t: 'gathering.transfer'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/**
 * Remove a gathering that is a draft, closed or cancelled, as its owner: it is hidden from everybody at once.
 *
 * It can be restored until it is erased, some days later.
 */
export interface RemoveGathering {
  t: 'gathering.remove'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Restore a gathering that was removed, as its owner: it is as it was. */
export interface RestoreGathering {
  t: 'gathering.restore'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Open the registration of a gathering, or open it again. */
export interface OpenGatheringRegistration {
  t: 'gathering.open_registration'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Open the check-in of a gathering, which ends the registration. */
export interface OpenGatheringCheckIn {
  t: 'gathering.open_check_in'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** End the registration and the check-in of a gathering. */
export interface CloseGathering {
  t: 'gathering.close'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Cancel a gathering for good, with those of its competitions that haven't started. What runs goes on. */
export interface CancelGathering {
  t: 'gathering.cancel'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  reason?: string
}

/**
 * Make a tournament that one organises, and that nobody has entered, a competition of a gathering that one
 * organises. From then on people enter it through the gathering alone.
 */
export interface AttachCompetition {
  t: 'gathering.attach'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournament: string
}

/** Take a tournament out of a gathering. Whoever has entered it stays in it, and staff enter others. */
export interface DetachCompetition {
  t: 'gathering.detach'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournament: string
}

/** Register with a gathering whose registration is open, for these of its competitions: one is entered in each. */
export interface RegisterPlayer {
  t: 'gathering.register'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournaments?: readonly string[]
}

/**
 * Say, while the registration is open, which competitions of a gathering one plays: one is entered in those that
 * are new, and leaves those that aren't named.
 */
export interface ChooseCompetitions {
  t: 'gathering.choose'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournaments: readonly string[]
}

/**
 * Check in to a gathering: it counts for all competitions that one has chosen. Organisers may do so for somebody
 * else, outside of the check-in, too.
 */
export interface CheckInPlayer {
  t: 'gathering.check_in'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  /** Whom organisers check in; None: oneself. */
  player?: number | null
}

/** Withdraw from a gathering, and from all of its competitions that aren't over. */
export interface WithdrawPlayer {
  t: 'gathering.withdraw'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Remove a player from a gathering, and from all of its competitions that aren't over. */
export interface RemoveGatheringPlayer {
  t: 'gathering.remove_player'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  player: number
  /** Whether they may not come back. */
  bar?: boolean
  reason?: string
}

/**
 * Create a series of tournaments; its creator owns it. `accepted.stream` is the id of the series.
 *
 * A tournament that it makes has the name of the series with its number, and the description. It belongs to the owner
 * of the series, and who is on the staff of the series then has the same role in it.
 */
export interface CreateSeries {
  t: 'series.create'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  name: string
  description?: string
  visibility?: 'public' | 'unlisted'
  /** What its tournaments are like; none can be for invited people. */
  settings?: LastingSettings
  /** When they start; None: it makes none by itself. */
  recurrence?: Recurrence | null
  /** How long before its start a tournament is made. */
  create_s?: number
  registration_s?: number
  /** How long before the start its registration and its check-in open, in this order. */
  check_in_s?: number
  /** What the places of a tournament are worth; who shares a place has its points. */
  points?: readonly number[]
  /** How many results of each player count, their best ones; 0: all. */
  best?: number
}

/** Change a series. What is None stays as it is. Tournaments that were made stay as they are. */
export interface ChangeSeries {
  t: 'series.change'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  name?: string | null
  description?: string | null
  visibility?: 'public' | 'unlisted' | null
  settings?: LastingSettings | null
  /** The next tournament starts at its first time after now, and after the last one that was made. */
  recurrence?: Recurrence | null
  create_s?: number | null
  registration_s?: number | null
  check_in_s?: number | null
  points?: readonly number[] | null
  best?: number | null
}

/** Give a user a role on the staff of a series, or take it away. Organisers change the series. */
export interface SetSeriesStaff {
  t: 'series.set_staff'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
  /** None: no role any more. */
  role: 'organiser' | 'referee' | 'streamer' | null
}

/** Give a series to one of its organisers, as its owner, who is an organiser from then on. */
export interface TransferSeries {
  t: 'series.transfer'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  user: string
}

/** Cancel a series for good: it makes no more tournaments. Those that it has made stay, and so do its standings. */
export interface CancelSeries {
  t: 'series.cancel'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/**
 * Remove a series, as its owner: it is hidden from everybody at once, and makes no tournaments. They stay.
 *
 * It can be restored until it is erased, some days later.
 */
export interface RemoveSeries {
  t: 'series.remove'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Restore a series that was removed, as its owner. It tells which times it has missed. */
export interface RestoreSeries {
  t: 'series.restore'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
}

/** Add a tournament to a series, as the owner of both: it counts in the standings of the series. */
export interface AddTournament {
  t: 'series.add_tournament'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournament: string
}

/** Take a tournament out of a series, as the owner of the series. The tournament itself stays. */
export interface DropTournament {
  t: 'series.drop_tournament'
  client_id: string
  /** True when this client sent the same command before and doesn't know its outcome. */
  resend?: boolean
  stream: string
  tournament: string
}

/** What everyone on the way may read. Never changes once logged. */
export interface Header {
  readonly stream: string
  /** 1, 2, 3 … without a gap within (stream, incarnation). */
  readonly seq: number
  /** Unix time in milliseconds, never falling within a stream. */
  readonly at: number
  readonly author: string
  /** `area.verb` in the past tense; it names the payload's type. Readers skip types they don't know. */
  readonly type: string
  /** Users whose right to listen ends with this event; `*`: everybody's. */
  readonly revokes: readonly string[]
  /** Seqs whose payloads this event empties, everywhere. */
  readonly erases: readonly number[]
  /** Ids and numbers for readers of headers alone; never text that a person wrote. */
  readonly marks: Readonly<Record<string, number | string | boolean | readonly (number | string)[]>>
}

/** How far a client has read one stream. */
export interface Position {
  readonly stream: string
  /** Which history of the database the seq belongs to. */
  readonly incarnation: number
  /** The last seq the client has processed; 0 before the first. */
  readonly seq: number
}

/** The limits a client should know. */
export interface SessionLimits {
  readonly frame_bytes_max: number
  readonly subscriptions_max: number
  readonly inflight_commands_max: number
  readonly commands_per_s: number
  readonly commands_burst: number
  readonly signals_per_s: number
  readonly resume_events_max: number
  readonly resend_for_s: number
}

/** How much is new in a room for one user. */
export interface RoomHead {
  readonly room: string
  /** The last event. */
  readonly seq: number
  /** The last message's number. */
  readonly number: number
  /** The user has read up to this number. */
  readonly read: number
  /** Messages after that which are there and aren't the user's own; at UNREAD_MAX: so many or more. */
  readonly unread: number
  /** Those of them that mention the user or everybody; at UNREAD_MAX: so many or more. */
  readonly mentions: number
  /** In a direct room: the other has read up to this number. */
  readonly peer_read: number | null
}

/**
 * The hello was accepted. Answers to its positions follow, one subscribed (or refused) each.
 *
 * It tells all of its fields, also where they are what this page says: a client needn't know that.
 */
export interface Welcome {
  t: 'welcome'
  readonly session: string
  readonly user: string
  readonly node: string
  /** The server's time, Unix milliseconds. */
  readonly at: number
  readonly protocol: number
  readonly heartbeat_s: number
  /** Unix milliseconds; send refresh_token before. */
  readonly token_expires_at: number
  readonly limits: SessionLimits
}

/** The command took effect, durably. A resend of it gets the same answer. */
export interface Accepted {
  t: 'accepted'
  readonly client_id: string
  readonly stream: string | null
  /** The seq of the last event the command caused. */
  readonly seq: number | null
  /** How many events it caused: seq-events+1 … seq. */
  readonly events: number
  /** What the kind answers beyond that, if anything. */
  readonly answer: unknown
}

/** The command certainly changed nothing. */
export interface Refused {
  t: 'refused'
  readonly client_id: string | null
  /** Set when a subscribe or a hello's position was refused. */
  readonly stream: string | null
  readonly code: Code
  readonly message: string
  readonly field: string | null
  /** Whether the same command can succeed later as it is. */
  readonly retry: boolean
  readonly retry_after_s: number | null
}

/** The outcome isn't known: send the command again with the same client_id and `resend`. */
export interface Unknown {
  t: 'unknown'
  readonly client_id: string
  readonly stream: string | null
  readonly retry_after_s: number
}

/**
 * Events of the stream follow from `seq` + 1, each once, in order.
 *
 * With a `snapshot` the client forgets what it had: the snapshot is the state at `seq`. Without one, its
 * own position was good and `seq` repeats it.
 */
export interface Subscribed {
  t: 'subscribed'
  /** None when it answers a position of the hello. */
  readonly client_id: string | null
  readonly stream: string
  readonly incarnation: number
  readonly seq: number
  /** The last seq that existed when the subscription began. */
  readonly head: number
  readonly snapshot: unknown
  /**
   * Who listens now, as far as it is known here; nobody is named when there are more than PRESENT_USERS_MAX.
   *
   * `presence` signals tell of changes.
   */
  readonly present: readonly string[]
  /** How many there are in all. */
  readonly present_count: number
}

/** The server ended a subscription; nothing of the stream follows. */
export interface Unsubscribed {
  t: 'unsubscribed'
  readonly stream: string
  readonly code: Code
  readonly message: string
}

/** One event of a subscribed stream. */
export interface EventFrame {
  t: 'event'
  readonly header: Header
  /** None when it was erased. */
  readonly payload: unknown
}

/** An ephemeral signal in a subscribed stream. */
export interface Signalled {
  t: 'signal'
  readonly stream: string
  readonly author: string
  readonly type: string
  readonly data: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/**
 * What has changed in watched rooms, at most once in HEADS_INTERVAL_S.
 *
 * While a client is slow to read, frames are left out; the next one tells of all that changed meanwhile.
 */
export interface Heads {
  t: 'heads'
  readonly rooms: readonly RoomHead[]
  /** Rooms that the user isn't in any more: they are watched no longer. */
  readonly gone: readonly string[]
}

/** The last frame before the server closes: the close code, in words. */
export interface Goodbye {
  t: 'goodbye'
  readonly code: number
  readonly message: string
  readonly retry: boolean
  readonly retry_after_s: number | null
}

/** A user on the staff of a tournament. */
export interface StaffMember {
  readonly user: string
  readonly role: 'organiser' | 'referee' | 'streamer'
}

/** A match of a tournament that both of its sides have reached. */
export interface MatchView {
  readonly match: number
  readonly part: 'final' | 'group' | 'losers' | 'reset' | 'swiss' | 'third' | 'winners'
  readonly round: number
  /** From 1 on; None where there are no groups. */
  readonly group: number | null
  readonly phase: 'cancelled' | 'disputed' | 'done' | 'due' | 'open' | 'picking' | 'playing' | 'reported' | 'scheduled' | 'void' | 'waiting'
  readonly a: number
  /** The numbers of the entrants on its two sides; 0 for nobody. */
  readonly b: number
  readonly user_a: string | null
  /** None for somebody without an account; of a team its captain. */
  readonly user_b: string | null
  readonly ready_a: boolean
  readonly ready_b: boolean
  /** When its phase ends by itself, Unix milliseconds. */
  readonly until: number | null
  /** The number of the entrant who has reported the scores; 0 if nobody has. */
  readonly reported_by: number
  readonly scores: readonly (readonly number[])[]
  readonly winner: number
  /** None until it is done. */
  readonly kind: 'bye' | 'decided' | 'double_forfeit' | 'forfeit' | 'played' | null
  /**
   * What was chosen in the steps of its picks and bans so far: the place of a game in the pool, from 1; in a *side*
   * step 1 for *first* and 2 for *second*.
   */
  readonly picks: readonly number[]
  /** Whether staff hold it. */
  readonly held: boolean
  /** Until when its sides may agree to play it, Unix milliseconds; None: they can't put it off. */
  readonly latest: number | null
  /** The number of the entrant who has proposed another time for it; 0 if nobody has. */
  readonly proposed_by: number
  /** That time, Unix milliseconds. */
  readonly proposed_at: number | null
  /** The room in which its players and staff can talk; None if it has none, or wasn't opened yet. */
  readonly room: string | null
}

/** An entrant in the standings of their group, by the rounds that are over. */
export interface StandingLine {
  readonly entrant: number
  /** From 1 on; 1 where there are no groups. */
  readonly group: number
  /** In the group. */
  readonly place: number
  readonly points: number
  readonly wins: number
  readonly draws: number
  /** Of matches, forfeits among them. */
  readonly losses: number
}

/** The stage of a tournament that was started last. */
export interface StageView {
  /** From 1 on. */
  readonly stage: number
  readonly format: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  /** How many play it. */
  readonly entrants: number
  /** Into how many groups they are dealt; 1 where there are none. */
  readonly groups: number
  /** How many it has; of a Swiss stage, so far. */
  readonly matches: number
  readonly matches_done: number
  /** The latest round of which a match was opened; None if none was, and in a bracket. */
  readonly round: number | null
  /** How many there will be at most; None in a bracket. */
  readonly rounds: number | null
  /**
   * The first VIEW_STANDINGS_MAX, those with the best places in their groups first; none until a round is over, and
   * in a bracket.
   */
  readonly standings: readonly StandingLine[]
  /** The last round that counts in them. */
  readonly standings_round: number
  /** Until when a leaderboard takes attempts, Unix milliseconds; None in other formats. */
  readonly closes_at: number | null
  /** How many have an attempt that counts in it. */
  readonly scored: number
}

/** What the one who asks is in a tournament. */
export interface OwnEntry {
  readonly entrant: number
  readonly status: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  readonly checked_in: boolean
  /** The match that they play now, or wait for once both sides are known. */
  readonly match: MatchView | null
  /** All players of their team, the captain first. */
  readonly roster: readonly string[]
  /** Whom their team has invited; before the start. */
  readonly invited: readonly string[]
  /**
   * The scores of their attempts in the leaderboard that was started last, in the order in which they were made; None
   * for one that is void.
   */
  readonly attempts: readonly (number | null)[]
  /** How many they may still make while it takes attempts; 0 if they don't play it. */
  readonly attempts_left: number
}

/** What the one who asks is in a gathering. */
export interface OwnRegistration {
  readonly player: number
  readonly status: 'barred' | 'registered' | 'removed' | 'withdrawn'
  readonly checked_in: boolean
  /** The competitions that they have chosen. */
  readonly tournaments: readonly string[]
}

/**
 * A room was created: always its first event. The author is its owner and first member, unless it is no user.
 *
 * The marks `access` and `history` repeat the fields; in a direct room `peer` is the other member, and nobody
 * is owner.
 */
export interface RoomCreated {
  readonly name: string
  readonly access: 'direct' | 'group' | 'private' | 'public'
  readonly history: boolean
}

/**
 * Settings of the room were changed to those values that are not None.
 *
 * Marks repeat all but name and topic, of which `named` and `topic` tell that they changed.
 */
export interface RoomChanged {
  readonly name: string | null
  readonly topic: string | null
  readonly access: 'direct' | 'group' | 'private' | 'public' | null
  readonly history: boolean | null
  readonly slow_mode_s: number | null
}

/** The room's filter was replaced. The mark `filters` tells whether there is anything in it. */
export interface FilterSet {
  readonly words: readonly string[]
  readonly links: 'allowed' | 'forbidden' | 'known_hosts'
  readonly hosts: readonly string[]
}

/**
 * The author joined the room.
 *
 * Marks: `owner` names them if they also became the owner; `invite` is the number of the invite they used, and
 * `used` how many have used it now; `history` is False if they may not read what was before.
 */
export interface MemberJoined {}

/**
 * The stream to which the room belongs has seated users in it.
 *
 * The mark `users` holds those who weren't in it before, `moderators` all moderators if they are others now; whom
 * the header revokes have lost their seats. `owner` is `""` if the owner is one of them.
 */
export interface UsersSeated {}

/**
 * The author left the room.
 *
 * If they owned the room, the mark `owner` names the next owner, `""` when nobody is left.
 */
export interface MemberLeft {}

/** A user was invited to the room. The mark `user` repeats the field. */
export interface UserInvited {
  readonly user: string
}

/** The invitation of a user was withdrawn or declined. The mark `user` repeats the field. */
export interface UserUninvited {
  readonly user: string
}

/** An invite was created. Marks: `invite`, `expires_at`, and `uses` unless any number may join. */
export interface InviteMade {
  readonly invite: number
  readonly expires_at: number
  readonly uses: number | null
}

/** An invite was revoked. The mark `invite` repeats the field. */
export interface InviteRevoked {
  readonly invite: number
}

/**
 * The role of a member was changed.
 *
 * Marks: `user`, `role`; `owner` names a new owner, `former` who was it.
 */
export interface RoleSet {
  readonly user: string
  readonly role: 'member' | 'moderator' | 'owner'
}

/**
 * A message was posted; the header's seq names the message.
 *
 * Marks: `number` counts messages from 1; `reply_to` and `replied` (which other member's message that was);
 * `thread`; `mentions` (other members), `everyone` when it is for all of them.
 */
export interface MessagePosted {
  readonly body: string
}

/**
 * The message at seq `message` was edited and has another body.
 *
 * Marks: `message`, and of the original `number`, `posted_at` (Unix ms), `reply_to`, `thread`; `edits`:
 * the earlier edits' seqs.
 */
export interface MessageEdited {
  readonly message: number
  readonly body: string
}

/**
 * The message at seq `message` was deleted, and so were the bodies at the header's `erases`.
 *
 * Marks: `message`, and of the original `number`, `author`, `posted_at` (Unix ms), `reply_to`, `thread`.
 */
export interface MessageDeleted {
  readonly message: number
}

/**
 * The author added a reaction to a message.
 *
 * Marks: `message`; `count`: how many have put this one now; `kinds`: how many different ones the message has,
 * if that changed.
 */
export interface Reacted {
  readonly message: number
  readonly reaction: string
}

/** The author removed a reaction from a message. Marks as in `Reacted`. */
export interface Unreacted {
  readonly message: number
  readonly reaction: string
}

/** A message was pinned. The mark `message` repeats the field. */
export interface MessagePinned {
  readonly message: number
}

/** A message was unpinned. The mark `message` repeats the field. */
export interface MessageUnpinned {
  readonly message: number
}

/** A member was muted and may only read. Marks: `user`, `until` (Unix ms). */
export interface MemberMuted {
  readonly user: string
  readonly until: number
  readonly reason: string
}

/** The mute of a member was ended early. The mark `user` repeats the field. */
export interface MemberUnmuted {
  readonly user: string
}

/** A member was removed by the author. If it was the owner, the mark `owner` names the next one. */
export interface MemberKicked {
  readonly user: string
  readonly reason: string
}

/**
 * A user was banned from the room.
 *
 * Marks: `user`, `until` (Unix ms) if it ends, and `owner` as in `MemberKicked`.
 */
export interface UserBanned {
  readonly user: string
  readonly until: number | null
  readonly reason: string
}

/** The ban of a user was lifted. The mark `user` repeats the field. */
export interface UserUnbanned {
  readonly user: string
}

/**
 * A user's account was erased, and so were their texts at the header's `erases`.
 *
 * Marks: `user`; `owner` as in `MemberKicked`; `name` and `topic` if the room's is gone with them; `ban`
 * and `mute`: users whose ban or mute has no reason any more.
 */
export interface UserErased {
  readonly user: string
}

/** The room was archived: everybody may only read. */
export interface RoomArchived {}

/** The room was unarchived and is as it was before. */
export interface RoomUnarchived {}

/** The room was removed for everybody: the header revokes `*`. */
export interface RoomRemoved {}

/** The room was restored and is as it was before its removal. */
export interface RoomRestored {}

/**
 * Somebody mentioned the owner of the inbox, or answered a message of theirs.
 *
 * Marks repeat the fields of items; the mark `up_to` says as in `InboxRead`.
 */
export interface Mentioned {
  readonly room: string
  readonly message: number
  readonly number: number
  readonly by: string
  readonly reply: boolean
}

/** Somebody invited the owner of the inbox to a room, or opened a direct room with them. Marks repeat the fields. */
export interface Invited {
  readonly room: string
  readonly by: string
  readonly direct: boolean
}

/** Somebody asked to be the owner's friend, or accepted the owner's request. Marks repeat the fields. */
export interface Befriended {
  readonly by: string
  readonly accepted: boolean
}

/** A match of the inbox's owner in a tournament was opened. Marks repeat the fields. */
export interface MatchCalled {
  readonly tournament: string
  readonly match: number
  /** Until when they must be ready, Unix milliseconds; None if the match has begun. */
  readonly until: number | null
}

/**
 * A match to which the inbox's owner was called isn't played any more, since an earlier stage of the tournament was
 * corrected. Marks repeat the fields.
 */
export interface MatchCalledOff {
  readonly tournament: string
  readonly match: number
}

/** A match of a tournament on whose staff the inbox's owner is has to be decided. Marks repeat the fields. */
export interface StaffCalled {
  readonly tournament: string
  readonly match: number
}

/** The inbox's owner has moved up from the waitlist of a tournament. Marks repeat the fields. */
export interface Promoted {
  readonly tournament: string
}

/** The captain of a team has invited the inbox's owner to it. Marks repeat the fields. */
export interface TeamInvited {
  readonly tournament: string
  /** The number of the team within the tournament. */
  readonly entrant: number
  readonly by: string
}

/** Something about the owner's account happened that they should know of. Marks repeat the fields. */
export interface Warned {
  readonly matter: 'account_deleted' | 'email_changed' | 'password_changed' | 'recovery_code_used' | 'second_factor_off' | 'second_factor_on' | 'signed_in' | 'token_reused'
  readonly login: string | null
}

/** The owner has read the items up to a seq. The mark `up_to` repeats the field. */
export interface InboxRead {
  readonly up_to: number
}

/**
 * Logins of the owner have ended, and their sessions close.
 *
 * Marks repeat the fields; `logins` and `before` only if they say any.
 */
export interface LoginsEnded {
  readonly logins: readonly string[]
  readonly why: 'banned' | 'deleted' | 'logout' | 'password_changed' | 'token_reused'
  readonly before: number
}

/**
 * A tournament was created as a draft: always its first event. The author owns it if it is a user, or a series has
 * made it for `owner`.
 *
 * The mark `texts_by` tells who has written the name, if it isn't the author.
 */
export interface TournamentCreated {
  readonly name: string
  readonly description: string
  readonly game: string | null
  readonly platform: string | null
  readonly region: string | null
  readonly format: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  readonly third_place: boolean
  readonly reset: boolean
  readonly best_of: number
  readonly entrants_max: number
  readonly visibility: 'invited' | 'public' | 'unlisted'
  readonly entry: 'approval' | 'listed' | 'open'
  readonly ready_s: number
  readonly confirm_s: number
  /** None: one stage, which format, third_place, reset and best_of say. */
  readonly stages: readonly Stage[]
  readonly rounds: readonly RoundRule[]
  readonly team_min: number
  readonly team_max: number
  readonly substitutes: number
  readonly play_s: number
  readonly rooms: boolean
  readonly owner: string | null
  /** Which one it is of the series that has made it, which is the author. */
  readonly number: number | null
  readonly registration_at: number | null
  readonly check_in_at: number | null
  readonly start_at: number | null
}

/**
 * Settings of the tournament were changed to those values that are not None; a time of 0 was taken away.
 *
 * The marks `named` and `described` tell that these texts changed.
 */
export interface TournamentChanged {
  readonly name: string | null
  readonly description: string | null
  readonly game: string | null
  readonly platform: string | null
  readonly region: string | null
  readonly format: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss' | null
  readonly third_place: boolean | null
  readonly reset: boolean | null
  readonly best_of: number | null
  readonly entrants_max: number | null
  readonly visibility: 'invited' | 'public' | 'unlisted' | null
  readonly entry: 'approval' | 'listed' | 'open' | null
  readonly ready_s: number | null
  readonly confirm_s: number | null
  readonly stages: readonly Stage[] | null
  readonly rounds: readonly RoundRule[] | null
  readonly team_min: number | null
  readonly team_max: number | null
  readonly substitutes: number | null
  readonly play_s: number | null
  readonly rooms: boolean | null
  readonly registration_at: number | null
  readonly check_in_at: number | null
  readonly start_at: number | null
}

/** A user has this role on the staff of the tournament now; None: no role. */
export interface StaffSet {
  readonly user: string
  readonly role: 'organiser' | 'referee' | 'streamer' | null
}

/** The registration of the tournament was opened. */
export interface RegistrationOpened {}

/** The check-in of the tournament was opened. */
export interface CheckInOpened {}

/**
 * The tournament has started.
 *
 * The mark `seeds` holds the numbers of all who take part, the best first. From these, the format and the version of
 * the engine anybody can work out who meets whom. The mark `moved` tells which seeds were exchanged after the draw,
 * so that those with a tag in common don't meet in the first round: two, the next two, and so on.
 */
export interface TournamentStarted {
  /** The version of the rules by which the bracket was made. */
  readonly engine: number
  /** The number from which those without a seed of their own were drawn, in decimal. */
  readonly draw: string
  /** How many take part. */
  readonly count: number
  /** How many of those had checked in. */
  readonly checked_in: number
  /** Whether rounds that were played elsewhere follow, up to `tournament.import_ended`. */
  readonly importing: boolean | null
}

/** The time of the start has come, but too few were there. The time is taken away: an organiser decides. */
export interface TournamentNotStarted {
  /** How many could have taken part. */
  readonly count: number
}

/** The tournament was cancelled. */
export interface TournamentCancelled {
  readonly reason: string
}

/** The last match is done, and the tournament has finished. */
export interface TournamentFinished {
  /** The first ones by number, the best first; none if everybody was out. */
  readonly entrants: readonly number[]
  /** Their places, in the same order. */
  readonly places: readonly number[]
}

/**
 * Somebody entered the tournament, again or for the first time.
 *
 * The mark `listens` tells that they may watch from now on.
 */
export interface EntrantEntered {
  readonly entrant: number
  /** *entered*, *waiting* or *pending*. */
  readonly status: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  /** How many are entered now. */
  readonly count: number
  /** How many of those have checked in now. */
  readonly checked_in: number
  /** Of a team: its captain. */
  readonly user: string | null
  /** Of a team, or of somebody without an account. */
  readonly name: string | null
  /** All players of a team, the captain first. */
  readonly roster: readonly string[]
  /** Of who comes after the start: their seed, the last one of the first stage. */
  readonly seed: number | null
  /** How many rounds of it were published before they came. */
  readonly missed: number | null
  /** How many of these are worth a draw to them. */
  readonly half_byes: number | null
  readonly tags: readonly string[]
}

/** Staff have accepted an entrant of the tournament. */
export interface EntrantAccepted {
  readonly entrant: number
  /** *entered* or *waiting*. */
  readonly status: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  /** How many are entered now. */
  readonly count: number
}

/** An entrant of the tournament has moved up from the waitlist. */
export interface EntrantPromoted {
  readonly entrant: number
  /** How many are entered now. */
  readonly count: number
  /** How many of those have checked in now. */
  readonly checked_in: number
  readonly user: string | null
}

/**
 * An entrant isn't in the tournament any more. Who mayn't watch it any more is revoked by the header.
 *
 * Of a team that leaves before the start the mark `freed` holds the ids of users who aren't in it any more, or
 * invited by it; `roster` those who stay.
 */
export interface EntrantLeft {
  readonly entrant: number
  /** *left*, *removed* or *disqualified*. */
  readonly status: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  /** *entered*, *waiting* or *pending*. */
  readonly was: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  /** How many are entered now. */
  readonly count: number
  /** How many of those have checked in now. */
  readonly checked_in: number
  readonly stage: number | null
  /**
   * While a stage with standings runs: which one, from 1 on, and the number within it of the first match that they
   * forfeit by it, beside the one that they are playing.
   */
  readonly forfeits_from: number | null
  readonly reason: string
}

/** An entrant of the tournament has checked in. */
export interface EntrantCheckedIn {
  readonly entrant: number
  /** How many of the entered have checked in now. */
  readonly checked_in: number
  /** How many take part now, if it was after the start. */
  readonly count: number | null
  readonly seed: number | null
  readonly missed: number | null
  /** These three as in `EntrantEntered`. */
  readonly half_byes: number | null
}

/** An entrant of the tournament has these tags now. */
export interface EntrantTagged {
  readonly entrant: number
  readonly tags: readonly string[]
}

/** Entrants of the tournament were seeded in this order, the best first; before the start. */
export interface SeedsSet {
  readonly entrants: readonly number[]
}

/**
 * A match was opened: its sides must say that they are ready, or play at once.
 *
 * The mark `players` holds the ids of the users who are called to it.
 */
export interface MatchOpened {
  readonly match: number
  readonly part: 'final' | 'group' | 'losers' | 'reset' | 'swiss' | 'third' | 'winners'
  readonly round: number
  /** From 1 on, where there are groups. */
  readonly group: number | null
  readonly a: number
  readonly b: number
  readonly ready_a: boolean
  /** A side without an account is ready at once. If both are, the match is being played. */
  readonly ready_b: boolean
  /** Until when both must be ready, Unix milliseconds. */
  readonly until: number | null
  /** Until when its sides may agree to play it, Unix milliseconds; None: they can't put it off. */
  readonly latest: number | null
  /** Until when somebody must report it, if it is being played, Unix milliseconds. */
  readonly play_until: number | null
  /**
   * The room in which its players and staff can talk. The mark `seats` holds them, `moderators` who may moderate
   * it.
   */
  readonly room: string | null
}

/** A side of a match is ready; once both are, the match is being played. */
export interface SideReady {
  readonly match: number
  readonly entrant: number
  readonly ready_a: boolean
  readonly ready_b: boolean
  /** Until when somebody must report it, if it is being played, Unix milliseconds. */
  readonly play_until: number | null
}

/** A side has reported the result of a match. */
export interface ResultReported {
  readonly match: number
  readonly entrant: number
  readonly winner: number
  readonly scores: readonly (readonly number[])[]
  /** When it counts as confirmed, Unix milliseconds. */
  readonly until: number
}

/**
 * A side has disputed a match, or reported something else than the other side, or nobody has reported it in time:
 * staff decide it.
 *
 * The mark `staff` holds the ids of the users who are called to decide it.
 */
export interface ResultDisputed {
  readonly match: number
  /** 0: nobody, its time to be played has passed. */
  readonly entrant: number
  /** What this side has reported itself. */
  readonly scores: readonly (readonly number[])[]
  readonly note: string
  readonly evidence: string | null
}

/** A match is done. */
export interface MatchFinished {
  readonly match: number
  /** The number of an entrant; 0 for nobody. */
  readonly winner: number
  /** The number of an entrant; 0 for nobody, or for both. */
  readonly loser: number
  readonly kind: 'bye' | 'decided' | 'double_forfeit' | 'forfeit' | 'played'
  readonly scores: readonly (readonly number[])[]
  readonly note: string
  /**
   * What follows for other matches: a match, its side a, its side b; the next match, and so on. A side is the number
   * of an entrant, 0 for nobody, or -1 while it isn't known. A match with nobody on a side is done, too, but for those
   * that `later` names.
   */
  readonly fills: readonly number[]
  /** Of these, matches with nobody on a side that aren't done yet, where much follows: each has its own event soon. */
  readonly later: readonly number[]
  /** Who plays no more, and their place: an entrant, a place; the next one, and so on. */
  readonly placed: readonly number[]
}

/**
 * A user's account was erased, and so were their texts in the events at the header's `erases`.
 *
 * Marks: `name`, `description` and `reason` if the tournament's is gone; `names` and `reasons`: entrants
 * whose name, or reason of removal, is gone; `disputes` and `decisions`: matches whose note on that is gone;
 * `owner` if the owner was erased: who owns the tournament now, "" for nobody.
 */
export interface PersonErased {
  readonly user: string
}

/** An attempt of an entrant was submitted. */
export interface AttemptSubmitted {
  readonly stage: number
  readonly entrant: number
  /** Both from 1 on. */
  readonly attempt: number
  readonly score: number
  /** What counts of all their attempts now. */
  readonly counted: number
  /** The score of their best one. */
  readonly best: number
  /** The seq of the event that brought the attempt by which they had what counts. */
  readonly reached: number
}

/** Staff have corrected an attempt of an entrant, or made it void. */
export interface AttemptCorrected {
  readonly stage: number
  readonly entrant: number
  readonly attempt: number
  /** The seq of the event that brought it. */
  readonly submitted: number
  /** None: it is void. */
  readonly score: number | null
  readonly counted: number | null
  readonly best: number | null
  /** As in `AttemptSubmitted`; None if they have no attempt that counts. */
  readonly reached: number | null
}

/** A leaderboard takes attempts until another time. */
export interface WindowSet {
  readonly stage: number
  readonly closes_at: number
}

/** The window of a leaderboard has closed: no attempt is taken any more. */
export interface WindowClosed {
  readonly stage: number
}

/** Staff have corrected the result of a match that was done. */
export interface MatchCorrected {
  readonly match: number
  /** The number of an entrant; 0 for nobody. */
  readonly winner: number
  /** The number of an entrant; 0 for nobody, or for both. */
  readonly loser: number
  readonly kind: 'bye' | 'decided' | 'double_forfeit' | 'forfeit' | 'played'
  /** By which the rest was worked out. */
  readonly policy: 'keep' | 'reset'
  /** How many matches are done now. */
  readonly done: number
  readonly scores: readonly (readonly number[])[]
  readonly note: string
  /**
   * Matches that begin anew, whatever has happened in them: a match, its side a, its side b; the next match, and so
   * on, as in `MatchFinished`. A match with nobody on a side is done.
   */
  readonly fills: readonly number[]
  /** Who has another place now: an entrant, a place; the next one, and so on. 0: none any more. */
  readonly placed: readonly number[]
  /** Who plays no more in this stage by it, if it ends with standings, which give the places. */
  readonly out: readonly number[]
}

/** Staff have taken back the result of a match. */
export interface MatchUndone {
  readonly match: number
  /** How many matches are done now. */
  readonly done: number
  /** Matches that begin anew, as in `MatchCorrected`: this match, then those that it had led to. */
  readonly fills: readonly number[]
  /** Who has another place now, likewise. */
  readonly placed: readonly number[]
  /** Who plays no more in this stage by it, likewise. */
  readonly out: readonly number[]
}

/** Staff have taken back that an entrant isn't in the running tournament any more. */
export interface EntrantReinstated {
  readonly entrant: number
  /** *left*, *removed* or *disqualified*; they are *entered* now. */
  readonly was: 'disqualified' | 'dropped' | 'entered' | 'left' | 'pending' | 'removed' | 'waiting'
  /** Whether a later stage had started than the one that they left: what their withdrawal meant for that one stays. */
  readonly frozen: boolean
}

/** The tournament, which had finished, is running again: a correction has left matches to be played. */
export interface TournamentReopened {}

/**
 * A result of a stage that was over changes: this stage is the one that is played again. Those after it are void
 * with all of their matches. What has changed is told by the event that follows.
 */
export interface StageReopened {
  /** From 1 on. */
  readonly stage: number
  /** How many play it. Nobody has one of the first so many places any more. */
  readonly count: number
  /**
   * The void stages: a stage, the numbers of its first and its last match; the next one, and so on. A stage that had
   * no match yet has its last one before its first. No other match gets one of these numbers.
   */
  readonly void: readonly number[]
}

/**
 * A match that was open has become void with its stage. The mark `players` holds the users who are told: those
 * who play for its sides.
 */
export interface MatchVoided {
  readonly match: number
}

/** The tournament is a competition of a gathering: who registers there is entered, and nobody else. */
export interface TournamentGathered {
  readonly gathering: string
}

/** The tournament isn't a competition of the gathering any more. Staff enter people. */
export interface TournamentUngathered {
  readonly gathering: string
}

/**
 * The tournament belongs to somebody else.
 *
 * The mark `listens` tells that they may watch it from now on.
 */
export interface TournamentTransferred {
  readonly owner: string
  /** Who owned it before; None if nobody did. */
  readonly former: string | null
  /** Whether that one is an organiser now. If not, they have no role any more: it was taken over. */
  readonly organiser: boolean
}

/** The tournament was removed: nobody may watch it. */
export interface TournamentRemoved {}

/** The tournament, which had been removed, is there again. */
export interface TournamentRestored {}

/** Rooms of matches were closed, since the tournament was cancelled. */
export interface RoomsClosed {
  /** These matches. */
  readonly closes: readonly number[]
}

/** Both sides of a match are ready, and pick and ban what they play. */
export interface PicksBegun {
  readonly match: number
  /** When lots choose in the first step, Unix milliseconds. */
  readonly until: number
}

/** A step of the picks and bans of a match was done. */
export interface GamePicked {
  readonly match: number
  /** The number of the entrant who has chosen; 0: by lot. */
  readonly entrant: number
  /**
   * What was chosen in all steps so far, this one the last: a game by its place in the pool, from 1; in a *side* step
   * 1 for *first* and 2 for *second*.
   */
  readonly picks: readonly number[]
  /** When lots choose in the next step, Unix milliseconds; None: this was the last, and the match is being played. */
  readonly until: number | null
  /** Until when somebody must report it then, Unix milliseconds. */
  readonly play_until: number | null
}

/** Staff hold a match: its time stands still. */
export interface MatchHeld {
  readonly match: number
  /** How much time its phase has left, in milliseconds; None if it doesn't end by itself. */
  readonly left: number | null
}

/** A match that was held goes on. */
export interface MatchReleased {
  readonly match: number
  /** When its phase ends by itself, Unix milliseconds. */
  readonly until: number | null
}

/** A side of a match has proposed to play it at another time. */
export interface StartProposed {
  readonly match: number
  readonly entrant: number
  /** Unix milliseconds. */
  readonly start: number
}

/** The sides of a match have agreed to play it at another time: it is opened again then. */
export interface MatchScheduled {
  readonly match: number
  /** When, Unix milliseconds. */
  readonly until: number
}

/**
 * All matches of a stage are done, and its standings are settled.
 *
 * The mark `entrants` holds all who have played it, the best first: the winners of all groups, then the seconds, and
 * so on. The mark `places` holds their places in the tournament, in the same order; 0 for who goes on.
 */
export interface StageFinished {
  /** From 1 on. */
  readonly stage: number
  /** How many go on. */
  readonly advance: number
}

/**
 * Another stage than the first has started.
 *
 * The mark `seeds` holds the numbers of all who play it, the best first. From these, its format and the version of
 * the engine anybody can work out who meets whom.
 */
export interface StageStarted {
  /** From 2 on. */
  readonly stage: number
  /** The number of its first match; those of its others follow. */
  readonly first: number
  /** The version of the rules by which it is played. */
  readonly engine: number
  /** How many play it. */
  readonly count: number
}

/** All rounds that were played elsewhere are there, and the tournament goes on by itself. */
export interface ImportEnded {
  readonly rounds: number
}

/**
 * A round of a stage is over, or what came of one before has changed, and these are the standings.
 *
 * The mark `lines` holds the first VIEW_STANDINGS_MAX of them, those with the best places in their groups first, as
 * seven numbers each: the entrant, the group, the place in it, the points in halves, wins, draws and losses. All of
 * them, with tie-breaks, are read over HTTP.
 */
export interface StandingsMoved {
  /** From 1 on. */
  readonly stage: number
  /** The last round that counts; 0: none. */
  readonly round: number
}

/**
 * The next round of a Swiss stage was paired. Its matches are opened in a moment.
 *
 * The mark `pairs` holds the numbers of the entrants: side a and side b of each match, in the order of the matches;
 * then, with 0, who has the bye. The mark `reasons` holds why they were paired so, which is read over HTTP.
 */
export interface RoundPublished {
  readonly stage: number
  /** Both from 1 on. */
  readonly round: number
  /** The number of its first match. */
  readonly first: number
  /** How many there are. */
  readonly matches: number
  /** The number of the entrant who has the bye; 0: nobody. */
  readonly bye: number
}

/** No round of a Swiss stage is paired after this one, unless a correction changes that: the stage ends. */
export interface PairingEnded {
  readonly stage: number
  /** The last round that was published; 0: none was. */
  readonly round: number
  readonly why: 'impossible' | 'nobody_left'
}

/** The captain of a team has invited a user to it. */
export interface PlayerInvited {
  readonly entrant: number
  readonly user: string
  /** All whom it invites now. */
  readonly invited: readonly string[]
}

/** A user isn't invited to a team any more. */
export interface InvitationEnded {
  readonly entrant: number
  readonly user: string
  /** All whom it invites now. */
  readonly invited: readonly string[]
}

/**
 * The roster of a team is another one.
 *
 * The mark `listens` tells that `joined` may watch from now on.
 */
export interface RosterChanged {
  readonly entrant: number
  /** All of it, the captain first. */
  readonly roster: readonly string[]
  /** All whom the team invites now. */
  readonly invited: readonly string[]
  readonly joined: string | null
  readonly left: string | null
  /** The match from which on the one plays instead of the other. */
  readonly match: number | null
  /** If that match was opened: until when the team must be ready for it, Unix milliseconds. */
  readonly until: number | null
}

/** A gathering was created as a draft: always its first event. The author owns it, unless it is no user. */
export interface GatheringCreated {
  readonly name: string
  readonly description: string
  readonly games: readonly string[]
  readonly players_max: number
  readonly visibility: 'public' | 'unlisted'
  readonly registration_at: number | null
  readonly check_in_at: number | null
  readonly closes_at: number | null
}

/**
 * Settings of the gathering were changed to those values that are not None; a time of 0 was taken away.
 *
 * The marks `named` and `described` tell that these texts changed.
 */
export interface GatheringChanged {
  readonly name: string | null
  readonly description: string | null
  readonly games: readonly string[] | null
  readonly players_max: number | null
  readonly visibility: 'public' | 'unlisted' | null
  readonly registration_at: number | null
  readonly check_in_at: number | null
  readonly closes_at: number | null
}

/** A user has this role on the staff of the gathering now; None: no role. */
export interface GatheringStaffSet {
  readonly user: string
  readonly role: 'organiser' | null
}

/** The gathering belongs to somebody else. */
export interface GatheringTransferred {
  readonly owner: string
  /** Who owned it before; None if nobody did. */
  readonly former: string | null
  /** Whether that one is an organiser now. If not, they have no role any more: it was taken over. */
  readonly organiser: boolean
}

/** The gathering was removed: nobody may see it. */
export interface GatheringRemoved {}

/** The gathering, which had been removed, is there again. */
export interface GatheringRestored {}

/** The registration of the gathering was opened. */
export interface GatheringRegistrationOpened {}

/** The check-in of the gathering was opened, and its registration has ended. */
export interface GatheringCheckInOpened {}

/** Nobody registers with the gathering or checks in to it any more. */
export interface GatheringClosed {}

/**
 * The gathering was cancelled. Its competitions, which the mark `tournaments` names, are as far as they haven't
 * started.
 */
export interface GatheringCancelled {
  readonly reason: string
}

/** A tournament is to be a competition of the gathering. It can be chosen once it has joined. */
export interface CompetitionAttached {
  readonly tournament: string
}

/** A tournament isn't a competition of the gathering any more. */
export interface CompetitionDetached {
  readonly tournament: string
}

/** Somebody has registered with the gathering, again or for the first time, and is entered in these competitions. */
export interface PlayerRegistered {
  readonly player: number
  readonly user: string
  readonly tournaments: readonly string[]
  /** How many are registered now. */
  readonly registered: number
}

/**
 * A player has chosen these competitions of the gathering now: they are entered in those that were added, and leave
 * those that were dropped.
 */
export interface CompetitionsChosen {
  readonly player: number
  readonly user: string
  readonly tournaments: readonly string[]
  readonly added: readonly string[]
  readonly dropped: readonly string[]
  /** Whether they have checked in, which then counts for those that were added, too. */
  readonly checked_in: boolean
}

/** A player has checked in to the gathering, and so to these competitions. */
export interface PlayerCheckedIn {
  readonly player: number
  readonly user: string
  readonly tournaments: readonly string[]
  /** How many of those who are registered have checked in now. */
  readonly checked_in: number
}

/** A player isn't registered any more, and leaves those of these competitions that aren't over. */
export interface PlayerWithdrawn {
  readonly player: number
  readonly user: string
  /** *withdrawn*, *removed* or *barred*. */
  readonly status: 'barred' | 'registered' | 'removed' | 'withdrawn'
  readonly tournaments: readonly string[]
  /** How many are registered now. */
  readonly registered: number
  /** How many of those have checked in now. */
  readonly checked_in: number
  readonly reason: string
}

/**
 * A user's account was erased, and so were their texts in the events at the header's `erases`.
 *
 * Marks: `name`, `description` and `reason` if the gathering's is gone; `reasons`: users of whose removal the
 * reason is gone; `player`: their own number, if they had one; `owner` if the owner was erased: who owns the
 * gathering now, "" for nobody.
 */
export interface GatheringPersonErased {
  readonly user: string
}

/** A series of tournaments was created: always its first event. The author owns it, unless it is no user. */
export interface SeriesCreated {
  readonly name: string
  readonly description: string
  readonly visibility: 'public' | 'unlisted'
  readonly settings: LastingSettings
  readonly recurrence: Recurrence | null
  readonly create_s: number
  readonly registration_s: number
  readonly check_in_s: number
  readonly points: readonly number[]
  readonly best: number
}

/**
 * The series was changed to those values that are not None.
 *
 * The marks `named` and `described` tell that these texts changed.
 */
export interface SeriesChanged {
  readonly name: string | null
  readonly description: string | null
  readonly visibility: 'public' | 'unlisted' | null
  readonly settings: LastingSettings | null
  readonly recurrence: Recurrence | null
  readonly create_s: number | null
  readonly registration_s: number | null
  readonly check_in_s: number | null
  readonly points: readonly number[] | null
  readonly best: number | null
}

/** A user has this role on the staff of the series now; None: no role. */
export interface SeriesStaffSet {
  readonly user: string
  readonly role: 'organiser' | 'referee' | 'streamer' | null
}

/** The series belongs to somebody else. */
export interface SeriesTransferred {
  readonly owner: string
  /** Who owned it before; None if nobody did. */
  readonly former: string | null
  /** Whether that one is an organiser now. If not, they have no role any more: it was taken over. */
  readonly organiser: boolean
}

/** The series was cancelled: it makes no more tournaments. */
export interface SeriesCancelled {}

/** The series was removed: nobody may watch it. */
export interface SeriesRemoved {}

/** The series, which had been removed, is there again. */
export interface SeriesRestored {}

/**
 * The series has a next tournament, which is made with it.
 *
 * The marks `settings`, `owner` and `staff` (user and role in turn) tell what it is made with.
 */
export interface SeriesTournamentMade {
  readonly tournament: string
  /** Which one of the series it is, of those that the series has made; from 1 on. */
  readonly number: number
  readonly start_at: number
  readonly registration_at: number | null
  /** Unix milliseconds. */
  readonly check_in_at: number | null
  /** How many tournaments the series has now. */
  readonly count: number
}

/** Some times of the recurrence have passed without a tournament. */
export interface SeriesTimesMissed {
  readonly count: number
  readonly first_at: number
  /** The first and the last one of them, Unix milliseconds. */
  readonly last_at: number
  readonly why: 'full' | 'late' | 'too_many'
}

/** A tournament counts in the series from now on. */
export interface SeriesTournamentAdded {
  readonly tournament: string
  /** How many tournaments the series has now. */
  readonly count: number
}

/** A tournament doesn't count in the series any more. */
export interface SeriesTournamentDropped {
  readonly tournament: string
  /** How many tournaments the series has now. */
  readonly count: number
}

/**
 * A user's account was erased, and so were their texts in the events at the header's `erases`.
 *
 * Marks: `name` and `description` if the one of the series is gone; `owner` if the owner was erased: who owns it
 * now, "" for nobody, and then it makes no more tournaments.
 */
export interface SeriesPersonErased {
  readonly user: string
}

/** The state of a room: no bodies; history, name and topic are requests of their own. */
export interface RoomView {
  readonly room: string
  readonly access: 'direct' | 'group' | 'private' | 'public'
  /**
   * None in a direct room, in one that an API key made and gave to nobody, and while nobody is in the room: the next
   * to join becomes its owner then.
   */
  readonly owner: string | null
  readonly moderators: readonly string[]
  /**
   * The first VIEW_MEMBERS_MAX: the owner, the moderators, then the others in the order of their joining.
   *
   * All are read over HTTP, from `/v1/rooms/{room}/members`.
   */
  readonly members: readonly string[]
  /** How many members there are in all. */
  readonly member_count: number
  /** The role of the one who asks, whether or not `members` names them; None if they aren't a member. */
  readonly role: 'member' | 'moderator' | 'owner' | null
  /** How many messages were ever posted. */
  readonly messages: number
  /** Seqs of messages, in the order in which they were pinned. */
  readonly pinned: readonly number[]
  readonly slow_mode_s: number
  readonly history: boolean
  readonly archived: boolean
  /** Until when who asks may only listen, Unix milliseconds. */
  readonly muted_until: number | null
  /** Who asks may read the events after this seq. */
  readonly readable_after: number
}

/** The state of an inbox; the items themselves are a request of their own. */
export interface InboxView {
  readonly user: string
  /** Items that weren't read, at most INBOX_UNREAD_MAX. */
  readonly unread: number
  /** The seq up to which everything was read. */
  readonly read_up_to: number
}

/** The state of a tournament: no texts; those, entrants and all matches are requests of their own. */
export interface TournamentView {
  readonly tournament: string
  readonly phase: 'cancelled' | 'check_in' | 'draft' | 'finished' | 'registration' | 'running'
  readonly owner: string | null
  /** All who have a role, beside the owner. */
  readonly staff: readonly StaffMember[]
  readonly game: string | null
  readonly platform: string | null
  readonly region: string | null
  readonly format: 'double_elimination' | 'leaderboard' | 'round_robin' | 'single_elimination' | 'swiss'
  readonly third_place: boolean
  readonly reset: boolean
  readonly best_of: number
  /** All of them, in the order in which they are played; none: one, which the four before say. */
  readonly stages: readonly Stage[]
  readonly entrants_max: number
  readonly visibility: 'invited' | 'public' | 'unlisted'
  readonly entry: 'approval' | 'listed' | 'open'
  readonly ready_s: number
  readonly confirm_s: number
  readonly rounds: readonly RoundRule[]
  readonly team_min: number
  readonly team_max: number
  readonly substitutes: number
  readonly play_s: number
  readonly rooms: boolean
  /** The gathering that it is a competition of: one enters it by registering there. */
  readonly gathering: string | null
  readonly registration_at: number | null
  readonly check_in_at: number | null
  readonly start_at: number | null
  /** How many are entered; after the start, how many take part. */
  readonly entered: number
  readonly checked_in: number
  /** How many are on the waitlist. */
  readonly waiting: number
  /** How many wait until staff accept them. */
  readonly pending: number
  /** How many there are in all; 0 before the start. */
  readonly matches: number
  readonly matches_done: number
  /** The first VIEW_MATCHES_MAX of those that are open and not done. */
  readonly current: readonly MatchView[]
  /** Once it has finished: the first ones by number, the best first. */
  readonly entrants: readonly number[]
  /** Their places, in the same order. */
  readonly places: readonly number[]
  /** None before the start. */
  readonly stage: StageView | null
  /** None if the one who asks has never entered. */
  readonly own: OwnEntry | null
  /** The role of the one who asks; the owner is an organiser. */
  readonly role: 'organiser' | 'referee' | 'streamer' | null
}

/** The state of a gathering: no texts; those, its players and how competitions stand are requests of their own. */
export interface GatheringView {
  readonly gathering: string
  readonly phase: 'cancelled' | 'check_in' | 'closed' | 'draft' | 'registration'
  readonly owner: string | null
  /** Beside the owner. */
  readonly organisers: readonly string[]
  readonly games: readonly string[]
  readonly players_max: number
  readonly visibility: 'public' | 'unlisted'
  readonly registration_at: number | null
  readonly check_in_at: number | null
  /** When these are due, Unix milliseconds. */
  readonly closes_at: number | null
  /** Its competitions. */
  readonly tournaments: readonly string[]
  /** How many are registered. */
  readonly registered: number
  /** How many of those have checked in. */
  readonly checked_in: number
  readonly own: OwnRegistration | null
  /** Of the one who asks; the owner is an organiser. */
  readonly role: 'organiser' | null
}

/** A series of tournaments. */
export interface SeriesView {
  readonly series: string
  readonly phase: 'cancelled' | 'running'
  readonly owner: string | null
  /** All who have a role, beside the owner. */
  readonly staff: readonly StaffMember[]
  readonly visibility: 'public' | 'unlisted'
  readonly settings: LastingSettings
  readonly recurrence: Recurrence | null
  readonly create_s: number
  readonly registration_s: number
  readonly check_in_s: number
  readonly points: readonly number[]
  readonly best: number
  /** How many tournaments it has made. */
  readonly made: number
  /** How many count in it. */
  readonly tournaments: number
  /** When the next one starts that isn't made yet, Unix milliseconds; None if there is none. */
  readonly next_at: number | null
  /** Of the one who asks; the owner is an organiser. */
  readonly role: 'organiser' | 'referee' | 'streamer' | null
}

/** The invite that `room.create_invite` created, with its code. */
export interface InviteCreated {
  /** Its number, by which it is revoked. */
  readonly invite: number
  /** What `room.join` takes. Told this once. */
  readonly code: string
  /** Unix milliseconds. */
  readonly expires_at: number
}

/** What follows from a correction, or would follow. */
export interface Consequences {
  /** By which it was worked out. */
  readonly policy: 'keep' | 'reset'
  /**
   * Matches that begin anew: a match, its side a, its side b; the next match, and so on. A side is the number of an
   * entrant, 0 for nobody, or -1 while it isn't known. A match with nobody on a side is done.
   */
  readonly fills: readonly number[]
  /** Of these, matches that were opened: what was played there is void. */
  readonly void: readonly number[]
  /** Matches that stand because of the policy, though other sides would have come to them. */
  readonly kept: readonly number[]
  /** Who has another place: an entrant, a place; the next one, and so on. 0: none any more. */
  readonly placed: readonly number[]
  /** Of the tournament then. */
  readonly phase: 'cancelled' | 'check_in' | 'draft' | 'finished' | 'registration' | 'running'
  /**
   * Later stages that are void with all of their matches, as in `StageReopened`. Who plays the stage of the result
   * has no place any more.
   */
  readonly stages: readonly number[]
}

/** Every command, by its tag. */
export interface Commands {
  'room.create': CreateRoom
  'room.open_direct': OpenDirect
  'room.change': ChangeRoom
  'room.filter': SetFilter
  'room.join': JoinRoom
  'room.leave': LeaveRoom
  'room.invite': InviteUser
  'room.uninvite': UninviteUser
  'room.create_invite': CreateInvite
  'room.revoke_invite': RevokeInvite
  'room.set_role': SetRole
  'room.post': PostMessage
  'room.edit': EditMessage
  'room.delete': DeleteMessage
  'room.react': React
  'room.unreact': Unreact
  'room.pin': PinMessage
  'room.unpin': UnpinMessage
  'room.mute': MuteMember
  'room.unmute': UnmuteMember
  'room.kick': KickMember
  'room.ban': BanUser
  'room.unban': UnbanUser
  'room.archive': ArchiveRoom
  'room.unarchive': UnarchiveRoom
  'room.remove': RemoveRoom
  'room.restore': RestoreRoom
  'inbox.read': ReadInbox
  'tournament.create': CreateTournament
  'tournament.change': ChangeTournament
  'tournament.set_staff': SetStaff
  'tournament.transfer': TransferTournament
  'tournament.open_registration': OpenRegistration
  'tournament.open_check_in': OpenCheckIn
  'tournament.start': StartTournament
  'tournament.cancel': CancelTournament
  'tournament.remove': RemoveTournament
  'tournament.restore': RestoreTournament
  'tournament.enter': EnterTournament
  'tournament.leave': LeaveTournament
  'tournament.check_in': CheckIn
  'tournament.add_entrants': AddEntrants
  'tournament.accept': AcceptEntrant
  'tournament.remove_entrant': RemoveEntrant
  'tournament.set_tags': SetTags
  'tournament.set_seeds': SetSeeds
  'tournament.ready': SayReady
  'tournament.report': ReportResult
  'tournament.confirm': ConfirmResult
  'tournament.dispute': DisputeResult
  'tournament.decide': DecideMatch
  'tournament.invite_player': InvitePlayer
  'tournament.join_team': JoinTeam
  'tournament.add_player': AddPlayer
  'tournament.remove_player': RemovePlayer
  'tournament.substitute': SubstitutePlayer
  'tournament.pick': PickGame
  'tournament.hold': HoldMatch
  'tournament.release': ReleaseMatch
  'tournament.propose_start': ProposeStart
  'tournament.accept_start': AcceptStart
  'tournament.correct': CorrectResult
  'tournament.undo': UndoResult
  'tournament.reinstate': ReinstateEntrant
  'tournament.submit_attempt': SubmitAttempt
  'tournament.correct_attempt': CorrectAttempt
  'tournament.set_window': SetWindow
  'gathering.create': CreateGathering
  'gathering.change': ChangeGathering
  'gathering.set_staff': SetGatheringStaff
  'gathering.transfer': TransferGathering
  'gathering.remove': RemoveGathering
  'gathering.restore': RestoreGathering
  'gathering.open_registration': OpenGatheringRegistration
  'gathering.open_check_in': OpenGatheringCheckIn
  'gathering.close': CloseGathering
  'gathering.cancel': CancelGathering
  'gathering.attach': AttachCompetition
  'gathering.detach': DetachCompetition
  'gathering.register': RegisterPlayer
  'gathering.choose': ChooseCompetitions
  'gathering.check_in': CheckInPlayer
  'gathering.withdraw': WithdrawPlayer
  'gathering.remove_player': RemoveGatheringPlayer
  'series.create': CreateSeries
  'series.change': ChangeSeries
  'series.set_staff': SetSeriesStaff
  'series.transfer': TransferSeries
  'series.cancel': CancelSeries
  'series.remove': RemoveSeries
  'series.restore': RestoreSeries
  'series.add_tournament': AddTournament
  'series.drop_tournament': DropTournament
}

/** Every signal a client sends, by its tag. */
export interface Signals {
  'room.typing': SendTyping
}

/** What an event's payload is, by the header's type. */
export interface Events {
  'room.created': RoomCreated
  'room.changed': RoomChanged
  'room.filtered': FilterSet
  'room.joined': MemberJoined
  'room.seated': UsersSeated
  'room.left': MemberLeft
  'room.invited': UserInvited
  'room.uninvited': UserUninvited
  'room.invite_made': InviteMade
  'room.invite_revoked': InviteRevoked
  'room.role_set': RoleSet
  'room.posted': MessagePosted
  'room.edited': MessageEdited
  'room.deleted': MessageDeleted
  'room.reacted': Reacted
  'room.unreacted': Unreacted
  'room.pinned': MessagePinned
  'room.unpinned': MessageUnpinned
  'room.muted': MemberMuted
  'room.unmuted': MemberUnmuted
  'room.kicked': MemberKicked
  'room.banned': UserBanned
  'room.unbanned': UserUnbanned
  'room.user_erased': UserErased
  'room.archived': RoomArchived
  'room.unarchived': RoomUnarchived
  'room.removed': RoomRemoved
  'room.restored': RoomRestored
  'inbox.mentioned': Mentioned
  'inbox.invited': Invited
  'inbox.befriended': Befriended
  'inbox.match_called': MatchCalled
  'inbox.match_called_off': MatchCalledOff
  'inbox.staff_called': StaffCalled
  'inbox.promoted': Promoted
  'inbox.team_invited': TeamInvited
  'inbox.warned': Warned
  'inbox.read': InboxRead
  'inbox.logins_ended': LoginsEnded
  'tournament.created': TournamentCreated
  'tournament.changed': TournamentChanged
  'tournament.staff_set': StaffSet
  'tournament.registration_opened': RegistrationOpened
  'tournament.check_in_opened': CheckInOpened
  'tournament.started': TournamentStarted
  'tournament.not_started': TournamentNotStarted
  'tournament.cancelled': TournamentCancelled
  'tournament.finished': TournamentFinished
  'tournament.entered': EntrantEntered
  'tournament.accepted': EntrantAccepted
  'tournament.promoted': EntrantPromoted
  'tournament.left': EntrantLeft
  'tournament.checked_in': EntrantCheckedIn
  'tournament.tagged': EntrantTagged
  'tournament.seeded': SeedsSet
  'tournament.match_opened': MatchOpened
  'tournament.side_ready': SideReady
  'tournament.reported': ResultReported
  'tournament.disputed': ResultDisputed
  'tournament.match_finished': MatchFinished
  'tournament.person_erased': PersonErased
  'tournament.attempt_submitted': AttemptSubmitted
  'tournament.attempt_corrected': AttemptCorrected
  'tournament.window_set': WindowSet
  'tournament.window_closed': WindowClosed
  'tournament.match_corrected': MatchCorrected
  'tournament.match_undone': MatchUndone
  'tournament.reinstated': EntrantReinstated
  'tournament.reopened': TournamentReopened
  'tournament.stage_reopened': StageReopened
  'tournament.match_voided': MatchVoided
  'tournament.gathered': TournamentGathered
  'tournament.ungathered': TournamentUngathered
  'tournament.transferred': TournamentTransferred
  'tournament.removed': TournamentRemoved
  'tournament.restored': TournamentRestored
  'tournament.rooms_closed': RoomsClosed
  'tournament.picks_begun': PicksBegun
  'tournament.picked': GamePicked
  'tournament.held': MatchHeld
  'tournament.released': MatchReleased
  'tournament.start_proposed': StartProposed
  'tournament.scheduled': MatchScheduled
  'tournament.stage_finished': StageFinished
  'tournament.stage_started': StageStarted
  'tournament.import_ended': ImportEnded
  'tournament.standings_moved': StandingsMoved
  'tournament.round_published': RoundPublished
  'tournament.pairing_ended': PairingEnded
  'tournament.player_invited': PlayerInvited
  'tournament.invitation_ended': InvitationEnded
  'tournament.roster_changed': RosterChanged
  'gathering.created': GatheringCreated
  'gathering.changed': GatheringChanged
  'gathering.staff_set': GatheringStaffSet
  'gathering.transferred': GatheringTransferred
  'gathering.removed': GatheringRemoved
  'gathering.restored': GatheringRestored
  'gathering.registration_opened': GatheringRegistrationOpened
  'gathering.check_in_opened': GatheringCheckInOpened
  'gathering.closed': GatheringClosed
  'gathering.cancelled': GatheringCancelled
  'gathering.attached': CompetitionAttached
  'gathering.detached': CompetitionDetached
  'gathering.registered': PlayerRegistered
  'gathering.chosen': CompetitionsChosen
  'gathering.checked_in': PlayerCheckedIn
  'gathering.withdrawn': PlayerWithdrawn
  'gathering.person_erased': GatheringPersonErased
  'series.created': SeriesCreated
  'series.changed': SeriesChanged
  'series.staff_set': SeriesStaffSet
  'series.transferred': SeriesTransferred
  'series.cancelled': SeriesCancelled
  'series.removed': SeriesRemoved
  'series.restored': SeriesRestored
  'series.tournament_made': SeriesTournamentMade
  'series.times_missed': SeriesTimesMissed
  'series.tournament_added': SeriesTournamentAdded
  'series.tournament_dropped': SeriesTournamentDropped
  'series.person_erased': SeriesPersonErased
}

/** What a snapshot shows, by the stream's kind. */
export interface Views {
  'room': RoomView
  'inbox': InboxView
  'tournament': TournamentView
  'gathering': GatheringView
  'series': SeriesView
}

/** What `accepted.answer` is, by the command's tag. */
export interface Answers {
  'room.create_invite': InviteCreated
  'tournament.correct': Consequences
  'tournament.undo': Consequences
  'tournament.reinstate': Consequences
  'tournament.correct_attempt': Consequences
}

export type ClientFrame =
  | Hello
  | RefreshToken
  | Subscribe
  | Unsubscribe
  | Ping
  | MarkRead
  | WatchHeads
  | SetStatus
  | WatchPresence
  | CreateRoom
  | OpenDirect
  | ChangeRoom
  | SetFilter
  | JoinRoom
  | LeaveRoom
  | InviteUser
  | UninviteUser
  | CreateInvite
  | RevokeInvite
  | SetRole
  | PostMessage
  | EditMessage
  | DeleteMessage
  | React
  | Unreact
  | PinMessage
  | UnpinMessage
  | MuteMember
  | UnmuteMember
  | KickMember
  | BanUser
  | UnbanUser
  | ArchiveRoom
  | UnarchiveRoom
  | RemoveRoom
  | RestoreRoom
  | SendTyping
  | ReadInbox
  | CreateTournament
  | ChangeTournament
  | SetStaff
  | TransferTournament
  | OpenRegistration
  | OpenCheckIn
  | StartTournament
  | CancelTournament
  | RemoveTournament
  | RestoreTournament
  | EnterTournament
  | LeaveTournament
  | CheckIn
  | AddEntrants
  | AcceptEntrant
  | RemoveEntrant
  | SetTags
  | SetSeeds
  | SayReady
  | ReportResult
  | ConfirmResult
  | DisputeResult
  | DecideMatch
  | InvitePlayer
  | JoinTeam
  | AddPlayer
  | RemovePlayer
  | SubstitutePlayer
  | PickGame
  | HoldMatch
  | ReleaseMatch
  | ProposeStart
  | AcceptStart
  | CorrectResult
  | UndoResult
  | ReinstateEntrant
  | SubmitAttempt
  | CorrectAttempt
  | SetWindow
  | CreateGathering
  | ChangeGathering
  | SetGatheringStaff
  | TransferGathering
  | RemoveGathering
  | RestoreGathering
  | OpenGatheringRegistration
  | OpenGatheringCheckIn
  | CloseGathering
  | CancelGathering
  | AttachCompetition
  | DetachCompetition
  | RegisterPlayer
  | ChooseCompetitions
  | CheckInPlayer
  | WithdrawPlayer
  | RemoveGatheringPlayer
  | CreateSeries
  | ChangeSeries
  | SetSeriesStaff
  | TransferSeries
  | CancelSeries
  | RemoveSeries
  | RestoreSeries
  | AddTournament
  | DropTournament

export type ServerFrame =
  | Welcome
  | Accepted
  | Refused
  | Unknown
  | Subscribed
  | Unsubscribed
  | EventFrame
  | Signalled
  | Heads
  | Goodbye

export type Shape = Readonly<Record<string, readonly [string, unknown?]>>

/**
 * Per type that is read its fields: what each may be, and what it is if the server left it out.
 *
 * `s` string, `n` number, `b` boolean, `a` array, `o` map, `0` null, `*` anything, `@Name` another of these types,
 * `a@Name` an array of them.
 */
export const SHAPES: Readonly<Record<string, Shape>> = {
  Header: { stream: ['s'], seq: ['n'], at: ['n'], author: ['s'], type: ['s'], revokes: ['a', []], erases: ['a', []], marks: ['o', {}] },
  Position: { stream: ['s'], incarnation: ['n'], seq: ['n'] },
  SessionLimits: { frame_bytes_max: ['n', 65536], subscriptions_max: ['n', 200], inflight_commands_max: ['n', 256], commands_per_s: ['n', 20.0], commands_burst: ['n', 60.0], signals_per_s: ['n', 5.0], resume_events_max: ['n', 1000], resend_for_s: ['n', 86400.0] },
  RoomHead: { room: ['s'], seq: ['n'], number: ['n'], read: ['n'], unread: ['n'], mentions: ['n'], peer_read: ['n0', null] },
  welcome: { session: ['s'], user: ['s'], node: ['s'], at: ['n'], protocol: ['n', 1], heartbeat_s: ['n', 20.0], token_expires_at: ['n'], limits: ['@SessionLimits', {"frame_bytes_max": 65536, "subscriptions_max": 200, "inflight_commands_max": 256, "commands_per_s": 20.0, "commands_burst": 60.0, "signals_per_s": 5.0, "resume_events_max": 1000, "resend_for_s": 86400.0}] },
  accepted: { client_id: ['s'], stream: ['s0', null], seq: ['n0', null], events: ['n', 0], answer: ['*', null] },
  refused: { client_id: ['s0', null], stream: ['s0', null], code: ['s'], message: ['s'], field: ['s0', null], retry: ['b', false], retry_after_s: ['n0', null] },
  unknown: { client_id: ['s'], stream: ['s0', null], retry_after_s: ['n', 1.0] },
  subscribed: { client_id: ['s0', null], stream: ['s'], incarnation: ['n'], seq: ['n'], head: ['n'], snapshot: ['*', null], present: ['a', []], present_count: ['n', 0] },
  unsubscribed: { stream: ['s'], code: ['s'], message: ['s'] },
  event: { header: ['@Header'], payload: ['*'] },
  signal: { stream: ['s'], author: ['s'], type: ['s'], data: ['o', {}] },
  heads: { rooms: ['a@RoomHead', []], gone: ['a', []] },
  goodbye: { code: ['n'], message: ['s'], retry: ['b'], retry_after_s: ['n0', null] },
}

/** What a payload's field is if the event is older than the field, by the header's type. */
export const PAYLOAD_DEFAULTS: Readonly<Record<string, object>> = {
  'room.created': { history: true },
  'room.changed': { name: null, topic: null, access: null, history: null, slow_mode_s: null },
  'room.invite_made': { uses: null },
  'room.muted': { reason: "" },
  'room.kicked': { reason: "" },
  'room.banned': { until: null, reason: "" },
  'inbox.mentioned': { reply: false },
  'inbox.invited': { direct: false },
  'inbox.befriended': { accepted: false },
  'inbox.match_called': { until: null },
  'inbox.warned': { login: null },
  'inbox.logins_ended': { before: 0 },
  'tournament.created': { platform: null, region: null, stages: [], rounds: [], team_min: 0, team_max: 0, substitutes: 0, play_s: 0, rooms: false, owner: null, number: null },
  'tournament.changed': { name: null, description: null, game: null, platform: null, region: null, format: null, third_place: null, reset: null, best_of: null, entrants_max: null, visibility: null, entry: null, ready_s: null, confirm_s: null, stages: null, rounds: null, team_min: null, team_max: null, substitutes: null, play_s: null, rooms: null, registration_at: null, check_in_at: null, start_at: null },
  'tournament.staff_set': { role: null },
  'tournament.started': { importing: null },
  'tournament.cancelled': { reason: "" },
  'tournament.entered': { user: null, name: null, roster: [], seed: null, missed: null, half_byes: null, tags: [] },
  'tournament.promoted': { user: null },
  'tournament.left': { stage: null, forfeits_from: null, reason: "" },
  'tournament.checked_in': { count: null, seed: null, missed: null, half_byes: null },
  'tournament.match_opened': { group: null, until: null, latest: null, play_until: null, room: null },
  'tournament.side_ready': { play_until: null },
  'tournament.disputed': { scores: [], note: "", evidence: null },
  'tournament.match_finished': { scores: [], note: "", fills: [], later: [], placed: [] },
  'tournament.attempt_corrected': { score: null, counted: null, best: null, reached: null },
  'tournament.match_corrected': { scores: [], note: "", fills: [], placed: [], out: [] },
  'tournament.match_undone': { placed: [], out: [] },
  'tournament.reinstated': { frozen: false },
  'tournament.transferred': { former: null },
  'tournament.picked': { until: null, play_until: null },
  'tournament.held': { left: null },
  'tournament.released': { until: null },
  'tournament.invitation_ended': { invited: [] },
  'tournament.roster_changed': { invited: [], joined: null, left: null, match: null, until: null },
  'gathering.changed': { name: null, description: null, games: null, players_max: null, visibility: null, registration_at: null, check_in_at: null, closes_at: null },
  'gathering.staff_set': { role: null },
  'gathering.transferred': { former: null },
  'gathering.cancelled': { reason: "" },
  'gathering.chosen': { added: [], dropped: [], checked_in: false },
  'gathering.withdrawn': { reason: "" },
  'series.created': { recurrence: null, points: [] },
  'series.changed': { name: null, description: null, visibility: null, settings: null, recurrence: null, create_s: null, registration_s: null, check_in_s: null, points: null, best: null },
  'series.staff_set': { role: null },
  'series.transferred': { former: null },
  'series.tournament_made': { registration_at: null, check_in_at: null },
}

/** What a view's field is if the server is older than the field, by the stream's kind. */
export const VIEW_DEFAULTS: Readonly<Record<string, object>> = {
  'room': { member_count: 0, role: null },
  'tournament': { stages: [], play_s: 0, rooms: false, gathering: null, stage: null },
}
