// Edits of prompts and sets as data: {keys, markers, sets} in, the same anew out.
// studio/timeline/timeline.py makes the same of the same. A key is {id, time_s, prompt, fade_s}, a
// set's {id, time_s, set, fade_s}, in seconds on the take's clock. What cannot be is an EditError,
// in words.

export class EditError extends Error {}

const MOST_UNDONE = 500; // steps that can be undone; each holds a whole lane
const tick = time_s => Math.round(time_s * 1e6) / 1e6;
const secondsText = time_s => `${+time_s.toFixed(3)} s`;

/** The key that rules a moment; before the first key, the first. */
export const ruling = (keys, time_s) => keys.findLast(key => key.time_s <= time_s) ?? keys[0];

/** Whether an id is that of a set. */
const ofSet = (state, id) => state.sets?.some(one => one.id === id) ?? false;

/** The same in order of time, each key, or with `lane` each set, at a time of its own. */
function ordered(state, keys, lane = 'keys') {
  const sorted = keys
    .map(key => ({...key, time_s: tick(key.time_s), fade_s: tick(key.fade_s)}))
    .sort((a, b) => a.time_s - b.time_s);
  const twice = sorted.find((key, i) => i && key.time_s === sorted[i - 1].time_s);
  if (twice)
    throw new EditError(
      `There is a key at ${secondsText(twice.time_s)} already: move the playhead first.`,
    );
  return {...state, [lane]: sorted};
}

/** One more key; its id is the first free of k1, k2 … */
export function add(state, key) {
  const ids = new Set(state.keys.map(one => one.id));
  let n = 1;
  while (ids.has(`k${n}`)) n++;
  return ordered(state, [...state.keys, {id: `k${n}`, fade_s: 0, ...key}]);
}

/** One more set; its id is the first free of s1, s2 … */
export function addSet(state, key) {
  const sets = state.sets ?? [],
    ids = new Set([...sets, ...state.keys].map(one => one.id));
  let n = 1;
  while (ids.has(`s${n}`)) n++;
  return ordered(state, [...sets, {id: `s${n}`, fade_s: 0, ...key}], 'sets');
}

/** Other words (of a set `set`), time or fade for one key. */
export function change(state, id, fields) {
  if (ofSet(state, id))
    return ordered(
      state,
      state.sets.map(key => (key.id === id ? {...key, ...fields} : key)),
      'sets',
    );
  if ('prompt' in fields && !fields.prompt.trim())
    throw new EditError('A key needs words: what the picture should become, or "as it is".');
  return ordered(
    state,
    state.keys.map(key => (key.id === id ? {...key, ...fields} : key)),
  );
}

export function remove(state, id) {
  if (ofSet(state, id)) return {...state, sets: state.sets.filter(key => key.id !== id)};
  if (state.keys.length === 1) throw new EditError('The last key stays: a take needs a prompt.');
  return {...state, keys: state.keys.filter(key => key.id !== id)};
}

/** One more key that says what holds there already; a fade that is cut goes on behind it. */
export function split(state, time_s) {
  const key = ruling(state.keys, time_s),
    at = tick(time_s);
  if (at <= key.time_s)
    throw new EditError(
      `A prompt begins at ${secondsText(key.time_s)}: to split it, go to a moment within it.`,
    );
  return add(state, {
    time_s: at,
    prompt: key.prompt,
    fade_s: Math.max(0, key.time_s + key.fade_s - at),
  });
}

/** Another start or end for a key's span; the neighbour gives or takes. */
export function trim(state, id, {start_s, end_s}) {
  const n = state.keys.findIndex(key => key.id === id),
    times = state.keys.map(key => key.time_s);
  if (start_s !== undefined && !n)
    throw new EditError('The first prompt holds from the start: it has no start to trim.');
  if (end_s !== undefined && n === times.length - 1)
    throw new EditError('The last prompt holds to the end: it has no end to trim.');
  if (start_s !== undefined) times[n] = start_s;
  if (end_s !== undefined) times[n + 1] = end_s;
  const wrong = times.findIndex((time_s, i) => i && time_s <= times[i - 1]);
  if (wrong > 0)
    throw new EditError(
      `Between ${secondsText(times[wrong - 1])} and ${secondsText(times[wrong])} ` +
        'nothing would be left of a prompt: delete its key.',
    );
  return ordered(
    state,
    state.keys.map((key, i) => ({...key, time_s: times[i]})),
  );
}

export function mark(state, time_s, name) {
  return {
    ...state,
    markers: [...state.markers, {time_s: tick(time_s), name}].sort((a, b) => a.time_s - b.time_s),
  };
}

/** What is now, what was, and what was undone. */
export class History {
  constructor(state) {
    Object.assign(this, {now: state, before: [], after: []});
  }

  /** Say a new state; true where it differs. */
  say(state, from = this.now) {
    this.now = state;
    if (JSON.stringify(from) === JSON.stringify(state)) return false;
    this.before.push(from);
    if (this.before.length > MOST_UNDONE) this.before.shift();
    this.after = [];
    return true;
  }

  undo() {
    return this.turn(this.before, this.after);
  }
  redo() {
    return this.turn(this.after, this.before);
  }

  turn(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    return true;
  }
}
