// What all views share: words, colours, icons, keys, and a take's clock.

import {COLOURS} from './colours.js';

const ICONS = {
  start: 'M6 5v14M19 5 9 12l10 7z',
  back: 'M16 5 7 12l9 7z',
  play: 'M8 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  next: 'M8 5l9 7-9 7z',
  end: 'M18 5v14M5 5l10 7-10 7z',
  add: 'M12 5v14M5 12h14',
  less: 'M5 12h14',
  bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  undo: 'M9 7 4 12l5 5M4 12h10a5 5 0 0 1 0 10',
  redo: 'M15 7l5 5-5 5M20 12H10a5 5 0 0 0 0 10',
  loop: 'M17 3l3 3-3 3M4 12V9a3 3 0 0 1 3-3h13M7 21l-3-3 3-3M20 12v3a3 3 0 0 1-3 3H4',
  split: 'M12 3v18M9 8H3v8h6M15 8h6v8h-6',
  head: 'M7 4v16M20 8h-9v8h9M14 12h6',
  tail: 'M17 4v16M4 8h9v8H4M4 12h6',
  whole: 'M4 8V4h4M20 8V4h-4M4 16v4h4M20 16v4h-4',
  circle: 'M12 4a8 8 0 1 0 .01 0',
};

export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** An inline icon. */
export const icon = name =>
  `<svg viewBox="0 0 24 24" aria-hidden="true" class="lsd-icon"><path d="${ICONS[name]}"/></svg>`;

/** Rows of keys and what they do, as the inside of a <dl>. */
export const keyRows = rows =>
  rows
    .map(
      ([keys, what]) =>
        `<dt>${keys
          .split(' ')
          .map(key => (key === '–' ? key : `<kbd>${key}</kbd>`))
          .join(' ')}</dt><dd>${what}</dd>`,
    )
    .join('');

/** Is the event aimed at something one types in, or at a control that wants the key itself? */
export function busy(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (target.matches('input, textarea, select, [contenteditable=""], [contenteditable=true]'))
    return true;
  return (
    [' ', 'Enter'].includes(event.key) &&
    target.matches('button:focus-visible, a:focus-visible, summary:focus-visible')
  );
}

const STEPS = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};

/**
 * Arrow keys, Home and End go through a group, and Tab enters it once, at what is chosen: as
 * https://www.w3.org/WAI/ARIA/apg/patterns/radio/ and listbox/ ask for. `of` selects its members,
 * `chosen` the attribute that says which of them is chosen. What is reached is clicked.
 */
export function roam(group, of, chosen) {
  const members = () => [...group.querySelectorAll(of)].filter(one => !one.disabled);
  const settle = () => {
    const all = members(),
      on = all.find(one => one.getAttribute(chosen) === 'true') ?? all[0];
    for (const one of all)
      if (one.tabIndex !== (one === on ? 0 : -1)) one.tabIndex = one === on ? 0 : -1;
  };
  new MutationObserver(settle).observe(group, {
    subtree: true,
    childList: true,
    attributeFilter: [chosen, 'disabled'],
  });
  group.addEventListener('keydown', event => {
    const all = members(),
      at = all.indexOf(event.target.closest(of)),
      last = all.length - 1;
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const ends = {Home: 0, End: last}[event.key];
    const to = ends ?? (STEPS[event.key] && (at + STEPS[event.key] + all.length) % all.length);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[to].focus();
    all[to].click();
  });
  settle();
}

/** Follow a pointer until it is released, outside the element too. */
export function drag(event, move, end) {
  const target = event.currentTarget,
    over = new AbortController(),
    until = {signal: over.signal};
  target.setPointerCapture(event.pointerId);
  target.addEventListener('pointermove', move, until);
  for (const name of ['pointerup', 'pointercancel'])
    target.addEventListener(
      name,
      e => {
        over.abort();
        end?.(e);
      },
      until,
    );
}

/** A prompt as one line: a text, or texts with weights. */
export const words = prompt =>
  typeof prompt === 'string'
    ? prompt
    : prompt.map(([text, weight]) => `${text} ${Math.round(weight * 100)} %`).join(' + ');

/** A prompt's colour: that of the world it names, else one of its own. */
export function colour(prompt) {
  const strongest =
    typeof prompt === 'string' ? prompt : prompt.reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const text = ` ${strongest
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()} `;
  for (const [shade, hints] of Object.entries(COLOURS.worlds))
    if (hints.some(hint => text.includes(` ${hint} `))) return shade;
  let hash = 0;
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)) % 997;
  return COLOURS.others[hash % COLOURS.others.length];
}

/**
 * Keep a text for the next visit, or `in` sessionStorage for this tab alone; false where the
 * browser has no room for it, and all goes on.
 */
export function remember(name, text, {in: storage = 'localStorage'} = {}) {
  try {
    window[storage].setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

/**
 * What `remember` kept, as JSON that is `legal`; else `other`. Another version of the studio, or a
 * hand, may have left anything there, and a browser may give no access at all.
 */
export function recall(name, legal, other, {in: storage = 'localStorage'} = {}) {
  try {
    const kept = JSON.parse(window[storage].getItem(name));
    if (legal(kept)) return kept;
  } catch {
    // not JSON, or no access: the same as nothing
  }
  return other;
}

/**
 * Seconds as HH:MM:SS:FF; times come in whole microseconds, so a frame may seem to begin a trifle
 * early.
 */
export function timecode(time_s, fps) {
  const rate = Math.max(1, Math.round(fps)),
    frames = Math.max(0, Math.floor(time_s * rate + 1e-3));
  const parts = [
    frames / rate / 3600,
    (frames / rate / 60) % 60,
    (frames / rate) % 60,
    frames % rate,
  ];
  return parts.map(part => String(Math.floor(part)).padStart(2, '0')).join(':');
}

/** A take's frames in time. `times` are their starts in seconds; else they are 1/fps apart. */
export class Clock {
  constructor({times, fps, length_s}) {
    Object.assign(this, {times: times?.length ? times : null, fps, length_s});
    this.count = this.times?.length ?? Math.max(1, Math.round(length_s * fps));
  }

  /** The frame that is seen at a time. */
  frameAt(time_s) {
    const all = this.times;
    if (!all) return clamp(Math.floor(time_s * this.fps + 1e-4), 0, this.count - 1);
    let low = 0,
      high = all.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (all[middle] <= time_s + 1e-4) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** When a frame begins, to the microsecond. */
  startOf(frame) {
    return this.times ? this.times[frame] : Math.round((frame / this.fps) * 1e6) / 1e6;
  }

  /** Decoders round times: to show a frame, aim at its middle, never at its edge. */
  middleOf(frame) {
    if (!this.times) return (frame + 0.5) / this.fps;
    return (
      (this.times[frame] +
        (this.times[frame + 1] ?? Math.max(this.length_s, this.times[frame] + 1e-3))) /
      2
    );
  }

  /** The start of the frame that begins nearest to a time. */
  nearest(time_s) {
    const frame = this.frameAt(time_s),
      [from, to] = [
        this.startOf(frame),
        frame + 1 < this.count ? this.startOf(frame + 1) : Infinity,
      ];
    return time_s - from <= to - time_s ? from : to;
  }
}
