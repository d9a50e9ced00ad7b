"""What a bridge counts; telemetry reads it."""

from __future__ import annotations

from dataclasses import dataclass, field


def _reasons() -> dict[str, int]:
    return dict.fromkeys(("seal", "version", "content", "foreign", "early", "replay"), 0)


@dataclass(slots=True)
class BridgeCounters:
    """What the bridge did, ever."""

    frames_in: int = 0
    bytes_in: int = 0
    frames_out: int = 0
    bytes_out: int = 0
    holes: int = 0
    """Frames that came after others that were lost."""
    reregistrations: int = 0
    """Streams registered again, since the registration or what it brings may be lost."""
    resent_calls: int = 0
    dropped_frames: dict[str, int] = field(default_factory=_reasons)
    """By reason: seal, version, content, foreign (another's, or of a run that isn't a member), early (of a run that a
    view to come may know), replay."""
    unheard_frames: int = 0
    """Frames that nobody listened to."""
    failed_publishes: int = 0
    unsent_events: int = 0
    """Batches of events without room on their link; the peer fetches them from the log."""
    dropped_answers: int = 0
    """Answers for which not even the room kept for answers was left."""
    held_questions: int = 0
    """Questions for snapshots that waited for room on their link."""
    encoded_views: int = 0
    """Views encoded for other nodes, those of one stream and head that differ only by user counted once."""
    dropped_signals: int = 0
    """Signals without room, or for a peer that isn't reached."""
    outdated_signals: int = 0
    """Signals of an owner that isn't the owner any more."""
    malformed_messages: int = 0
    """Messages in good frames that make no sense here."""
