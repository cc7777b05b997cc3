// How the live page stands, and what it says of it.

export const STATES = {
  idle: 'Not started',
  connecting: 'Connecting …',
  live: 'Live',
  dark: 'No picture from the source',
  waiting: 'Waiting for the first picture …',
  still: 'The picture stands still',
  lost: 'Connection lost, reconnecting …',
  refused: 'Refused',
  busy: 'The studio is full',
  taken: 'Taken over',
  paused: 'Paused',
  broken: 'Stopped',
};

const STILL_MS = 3000; // without a picture, and what is shown is not live

/** Live is what moves: a source that shows nothing, or a picture that stands still, is not. */
export function standingOf(state, source, meter) {
  if (state !== 'live') return state;
  if (!source.ready) return 'dark';
  if (meter.still_ms === Infinity) return 'waiting';
  return meter.still_ms > STILL_MS ? 'still' : 'live';
}

/**
 * What lies over the picture in a state, and what its button says. `text` is the studio's own word
 * for it, `time` how far the take is that is recorded.
 */
export function overlay(state, text, time) {
  const safe = 'Reconnecting; what was recorded is safe.';
  return (
    {
      lost: [
        time
          ? `The connection was lost ${time} into the take. ${safe}`
          : `The connection was lost. ${safe}`,
      ],
      refused: [text || 'The studio no longer knows this page. Load it again.', 'Reload'],
      busy: [text || 'All places are taken. Try again in a moment.', 'Try again'],
      paused: [text, 'Start'],
      broken: [text, 'Try again'],
      taken: [text || 'This session goes on in another window.', 'Bring it back here'],
    }[state] ?? ['']
  );
}
