// Sets on the lane: their words, as studio/timeline/sets.py has them, and how they are drawn.
import {colour} from './basics.js';
import {EditError} from './edits.js';

/** Who stays before a set, by the matter's name. */
export const CASTS = {
  person: 'People',
  'clean-plate': 'All but the clean plate',
  chroma: 'Green or blue screen',
};

/** The fields of a set's key in the lane's editor: the cast, and where its clock stands. */
export const SET_FIELDS = `
    <label class="lsd-of-set">Cast<select name="cast"></select></label>
    <label class="lsd-of-set">In at (s)<input name="into_s" type="number" min="0" step="any"
      title="Where its own clock stands when it begins: the in-point of a clip"></label>`;

const PEOPLE = 'null'; // a set that names no cast
const KINDS = ['gallery', 'file', 'colour', 'blur', 'plan', 'words'];

/** A set in a few words: `dunes`, `blurred 50%`, `off`. */
export function nameOf(set) {
  if (!set) return 'off';
  if (Array.isArray(set))
    return set.map(([one, weight]) => `${nameOf(one)} ${Math.round(weight * 100)} %`).join(' + ');
  const kind = KINDS.find(one => one in set);
  if (kind === 'blur') return `blurred ${Math.round(set.blur * 100)}%`;
  if (kind === 'plan') return set.name ?? 'a drawn place';
  return set.name ?? String(set[kind]);
}

/**
 * A set as it is typed: a name of the gallery, `colour:#204060`, `blur:0.5`, `off`, or words;
 * `cast` stays before it.
 */
export function setOf(text, gallery = [], cast = null) {
  const set = placeOf(text, gallery);
  return set && cast ? {...set, cast} : set;
}

function placeOf(text, gallery) {
  const plain = text.trim().replace(/\s+/g, ' ');
  if (!plain) throw new EditError('A set needs words: a place, a name of the gallery, or "off".');
  if (/^(off|none)$/i.test(plain)) return null;
  if (gallery.includes(plain)) return {gallery: plain};
  const [, kind, rest] = plain.match(/^(\w+) *: *(.+)$/) ?? [];
  if (kind?.toLowerCase() === 'blur') {
    if (!(+rest > 0 && +rest <= 1))
      throw new EditError(`blur:${rest} is not a blur; it is above 0 and at most 1.`);
    return {blur: +rest};
  }
  if (['gallery', 'colour', 'words'].includes(kind?.toLowerCase()))
    return {[kind.toLowerCase()]: rest};
  return {words: plain};
}

/** Show in the editor what a set's key has; `sets` are all keys, whose casts may be chosen. */
export function fillSet({cast, into_s}, one, sets) {
  const set = one && 'set' in one ? one.set : null,
    open = Boolean(set) && !Array.isArray(set); // a blend, and the camera's own picture, have none
  for (const field of [cast, into_s]) field.closest('label').hidden = !open;
  if (!open) return;
  const own = sets.map(key => JSON.stringify(key.set?.cast ?? null)),
    casts = [...new Set([PEOPLE, JSON.stringify({matter: 'chroma'}), ...own])];
  cast.replaceChildren(
    ...casts.map(text => {
      const {matter = 'person', settings, also, without} = JSON.parse(text) ?? {},
        more = settings || also || without ? ', as set' : '';
      return new Option((CASTS[matter] ?? matter) + more, text);
    }),
  );
  cast.value = JSON.stringify(set.cast ?? null);
  if (document.activeElement !== into_s) into_s.value = +(set.into_s ?? 0).toFixed(3);
}

/** A set with the cast and the in-point of the editor's fields. */
export function recast({cast: _, into_s: __, ...place}, {cast, into_s}) {
  const at = into_s.valueAsNumber;
  if (!(at >= 0)) throw new EditError('Where a set begins is in seconds, from 0 up.');
  return {
    ...place,
    ...(cast.value !== PEOPLE && {cast: JSON.parse(cast.value)}),
    ...(at > 0 && {into_s: at}),
  };
}

/** Draw the keys of sets. `x` gives pixels for seconds; `end` is the lane's width. */
export function drawSets(row, sets, {x, end, selected, editable}) {
  row.replaceChildren(
    ...sets.flatMap((one, i) => {
      const left = x(one.time_s),
        right = i + 1 < sets.length ? x(sets[i + 1].time_s) : end,
        name = nameOf(one.set);
      const block = Object.assign(document.createElement('button'), {
        type: 'button',
        className: one.set ? 'lsd-set' : 'lsd-set lsd-off',
      });
      block.dataset.id = one.id;
      block.style.cssText = `left:${left}px;width:${Math.max(14, right - left)}px`;
      block.style.setProperty('--block', one.set ? colour(name) : 'transparent');
      block.style.setProperty('--ramp', `${x(one.fade_s)}px`);
      block.setAttribute('aria-pressed', one.id === selected);
      block.setAttribute(
        'aria-label',
        `Set ${name}, at ${one.time_s.toFixed(2)} s, fade ${one.fade_s} s`,
      );
      block.append(Object.assign(document.createElement('span'), {textContent: name}));
      if (!editable) return [block];
      return [
        block,
        ...[
          ['lsd-set-edge', one.time_s, 'Drag: move'],
          ['lsd-fade', one.time_s + one.fade_s, 'Drag: fade'],
        ].map(([className, time_s, title]) => {
          const handle = Object.assign(document.createElement('i'), {className, title});
          handle.dataset.id = one.id;
          handle.style.left = `${x(time_s)}px`;
          return handle;
        }),
      ];
    }),
  );
  row.hidden = !sets.length && !editable;
}
