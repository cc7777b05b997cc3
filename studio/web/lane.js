// The lane: prompts as spans, fades as ramps, markers above, sets below; dragged, trimmed, split,
// zoomed. What an edit means: edits.js.
import {clamp, colour, drag, icon, timecode, words} from './basics.js';
import {
  add,
  addSet,
  change,
  EditError,
  History,
  mark,
  remove,
  ruling,
  split,
  trim,
} from './edits.js';
import {drawSets, fillSet, nameOf, recast, SET_FIELDS, setOf} from './setlane.js';

const SVG = 'http://www.w3.org/2000/svg';
const FRAME_PX = 28; // a frame's width where the lane is zoomed in all the way
const MAGNET_PX = 6;
const LONG_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];

export const LANE = `
  <div class="lsd-tools" role="toolbar" aria-label="Timeline">
    <div class="lsd-group">
      <button type="button" data-do="add"
        title="A new prompt at the playhead (N)">${icon('add')}<span>Prompt</span></button>
      <button type="button" data-do="stage"
        title="Another set at the playhead (B)">${icon('add')}<span>Set</span></button>
      <button type="button" data-do="split"
        title="Split the prompt at the playhead (S)">${icon('split')}<span>Split</span></button>
      <button type="button" data-do="head" aria-label="Trim the prompt's start to the playhead (Q)"
        title="Trim start to playhead (Q)">${icon('head')}</button>
      <button type="button" data-do="tail" aria-label="Trim the prompt's end to the playhead (W)"
        title="Trim end to playhead (W)">${icon('tail')}</button>
      <i class="lsd-gap"></i>
      <button type="button" data-do="undo" aria-label="Undo (Ctrl+Z)">${icon('undo')}</button>
      <button type="button" data-do="redo" aria-label="Redo (Ctrl+Shift+Z)">${icon('redo')}</button>
    </div>
    <p class="lsd-note" role="status"></p>
    <div class="lsd-group">
      <button type="button" data-do="less" aria-label="Zoom out (−)">${icon('less')}</button>
      <button type="button" data-do="whole" class="lsd-zoom"
        aria-label="Show the whole take (0)">1×</button>
      <button type="button" data-do="more" aria-label="Zoom in (+)">${icon('add')}</button>
      <button type="button" data-do="help" aria-label="Keys (?)">?</button>
    </div>
  </div>
  <div class="lsd-scroll"><div class="lsd-strip">
    <div class="lsd-ruler"></div>
    <div class="lsd-lane" aria-label="Prompts"><svg preserveAspectRatio="none"></svg></div>
    <div class="lsd-sets" role="group" aria-label="Sets"></div>
    <div class="lsd-range"></div><div class="lsd-head"></div>
  </div></div>
  <form class="lsd-editor" autocomplete="off">
    <p class="lsd-hint">Click a prompt to change its words, time and fade.
      Drag an edge to trim it, the dot above it to fade.</p>
    <label class="lsd-words"><span>Prompt</span><input name="prompt" maxlength="1000"
      spellcheck="false"></label>
    <label>At (s)<input name="time_s" type="number" min="0" step="any"></label>
    <label>Fade (s)<input name="fade_s" type="number" min="0" step="any"></label>${SET_FIELDS}
    <button type="button" data-do="bin"
      aria-label="Delete this key (Delete)">${icon('bin')}</button>
  </form>`;

/**
 * Bring the lane in `root` to life. `host`: clock(), now(), seek(time_s), stop(), range(),
 * editable(), edited(state), gallery().
 */
export function mountLane(root, host, until) {
  const $ = selector => root.querySelector(selector);
  const scroll = $('.lsd-scroll'),
    strip = $('.lsd-strip'),
    ruler = $('.lsd-ruler'),
    lane = $('.lsd-lane'),
    row = $('.lsd-sets'),
    svg = $('.lsd-lane svg'),
    editor = $('.lsd-editor');
  let history = new History({keys: [], markers: [], sets: []}),
    selected = null,
    zoom = 1,
    left = 0,
    seen = -1;
  const state = () => history.now,
    key = id => [...state().keys, ...state().sets].find(one => one.id === id);
  const length = () => host.clock().length_s,
    width = () => strip.getBoundingClientRect().width || 1,
    x = time_s => (time_s / length()) * width();
  const timeAt = event => {
    const box = lane.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * length();
  };
  const playhead = () => {
    const clock = host.clock();
    return clock.startOf(clock.frameAt(host.now()));
  };
  const note = text => {
    $('.lsd-note').textContent = text;
  };

  // -- what is seen -------------------------------------------------------------------------------
  function draw() {
    const {keys, markers, sets} = state(),
      end = width(),
      height = lane.clientHeight || 64;
    svg.setAttribute('viewBox', `0 0 ${end} ${height}`);
    svg.replaceChildren(
      ...keys.flatMap((one, i) => {
        const after = keys[i + 1],
          from = i ? x(one.time_s) : 0,
          full = i ? x(one.time_s + one.fade_s) : 0;
        const to = Math.max(full, after ? x(after.time_s + after.fade_s) : end);
        const block = document.createElementNS(SVG, 'polygon'),
          ramp = document.createElementNS(SVG, 'line');
        block.setAttribute('points', `${from},${height} ${full},0 ${to},0 ${to},${height}`);
        block.style.setProperty('--block', colour(one.prompt));
        for (const [name, value] of Object.entries({x1: from, y1: height, x2: full, y2: 0}))
          ramp.setAttribute(name, value);
        return i ? [block, ramp] : [block];
      }),
    );
    for (const old of lane.querySelectorAll('.lsd-key, .lsd-edge, .lsd-fade')) old.remove();
    const put = (tag, name, one, left) => {
      const element = Object.assign(document.createElement(tag), {className: name});
      element.dataset.id = one.id;
      element.style.left = `${left}px`;
      lane.append(element);
      return element;
    };
    keys.forEach((one, i) => {
      const after = keys[i + 1],
        handle = put('button', 'lsd-key', one, x(one.time_s));
      handle.type = 'button';
      handle.style.width = `${Math.max(14, (after ? x(after.time_s) : end) - x(one.time_s))}px`;
      handle.setAttribute('aria-pressed', one.id === selected);
      handle.setAttribute(
        'aria-label',
        `${words(one.prompt)}, at ${one.time_s.toFixed(2)} s, fade ${one.fade_s} s`,
      );
      handle.append(
        document.createElement('i'),
        Object.assign(document.createElement('span'), {textContent: words(one.prompt)}),
      );
      if (!i || !host.editable()) return;
      put('i', 'lsd-edge', one, x(one.time_s)).title = 'Drag: trim';
      put('i', 'lsd-fade', one, x(one.time_s + one.fade_s)).title = 'Drag: fade';
    });
    drawSets(row, sets, {x, end, selected, editable: host.editable()});
    const [from, to] = host.range(),
      marks = markers.map(one => {
        const flag = Object.assign(document.createElement('b'), {title: one.name});
        flag.style.left = `${x(one.time_s)}px`;
        return flag;
      });
    $('.lsd-range').style.cssText =
      `left:${(from / length()) * 100}%;right:${100 - ((to ?? length()) / length()) * 100}%`;
    $('.lsd-range').hidden = !from && to === null;
    measure(marks);
    fill();
  }
  function measure(marks = [...ruler.querySelectorAll('b')]) {
    // the ruler: only what is in sight, for takes may be long
    const {fps} = host.clock(),
      rate = Math.round(fps);
    const short = [1, 2, 5, 10]
      .filter(n => n < rate / 2)
      .concat(rate % 2 ? [] : [rate / 2])
      .map(n => n / rate);
    const step = [...short, ...LONG_STEPS].find(s => x(s) >= (s < 1 ? 84 : 64)) ?? 3600;
    const first = Math.max(0, Math.floor(scroll.scrollLeft / x(step)) - 1),
      last = Math.min(length() / step, (scroll.scrollLeft + scroll.clientWidth) / x(step));
    ruler.style.setProperty(
      '--minor',
      `${x(step) / (step * rate < 5 ? Math.round(step * rate) : 5)}px`,
    );
    const long = length() >= 3600 ? 0 : 3,
      ticks = [];
    for (let n = first; n <= last; n++) {
      const tick = Object.assign(document.createElement('span'), {
        textContent: timecode(n * step, rate).slice(long, step < 1 ? 11 : 8),
      });
      tick.style.left = `${x(n * step)}px`;
      ticks.push(tick);
    }
    ruler.replaceChildren(...ticks, ...marks);
  }
  function fill() {
    // the fields below the lane, and what the tools can do
    const one = key(selected),
      set = one && 'set' in one;
    editor.hidden = !host.editable();
    editor.className = `lsd-editor${one ? ' lsd-open' : ''}${set ? ' lsd-staged' : ''}`;
    for (const [name, value] of [
      ['prompt', one && (set ? nameOf(one.set) : words(one.prompt))],
      ['time_s', one && +one.time_s.toFixed(3)],
      ['fade_s', one && +one.fade_s.toFixed(3)],
    ])
      if (document.activeElement !== editor[name]) editor[name].value = value ?? '';
    fillSet(editor, one, state().sets);
    $('.lsd-words span').textContent = set ? 'Set' : 'Prompt';
    editor.prompt.title = set ? 'A place in words, a name of the gallery, colour:#204060, off' : '';
    editor.prompt.disabled = Boolean(
      one && (set ? Array.isArray(one.set) : typeof one.prompt !== 'string'),
    );
    editor.style.setProperty(
      '--key',
      one ? colour(set ? nameOf(one.set) : one.prompt) : 'transparent',
    );
    for (const name of ['add', 'stage', 'split', 'head', 'tail'])
      $(`[data-do=${name}]`).disabled = !host.editable();
    $('[data-do=undo]').disabled = !history.before.length;
    $('[data-do=redo]').disabled = !history.after.length;
    $('[data-do=less]').disabled = zoom <= 1;
    $('.lsd-zoom').textContent = `${zoom < 10 ? +zoom.toFixed(1) : Math.round(zoom)}×`;
  }
  function paint(at) {
    const left = x(at),
      [from, to] = [scroll.scrollLeft, scroll.scrollLeft + scroll.clientWidth];
    $('.lsd-head').style.left = `${clamp(at / length(), 0, 1) * 100}%`;
    if (zoom > 1 && at !== seen && (left < from || left > to))
      scroll.scrollLeft = left - scroll.clientWidth * (left < from ? 0.9 : 0.1);
    seen = at;
  }
  function zoomTo(level, hold = null) {
    // `hold`: the pixel of the window that stays where it is; by default the playhead's
    // scrolled by hand; else browsers have rounded it
    if (Math.abs(scroll.scrollLeft - left) > 1) left = scroll.scrollLeft;
    const head = x(host.now()) - left,
      at = hold ?? (head >= 0 && head <= scroll.clientWidth ? head : scroll.clientWidth / 2);
    const time_s = ((left + at) / width()) * length(),
      most = Math.max(1, (host.clock().count * FRAME_PX) / (scroll.clientWidth || 1));
    zoom = clamp(level, 1, most);
    strip.style.width = `${zoom * 100}%`;
    left = clamp(x(time_s) - at, 0, width() - scroll.clientWidth);
    scroll.scrollLeft = left;
    draw();
  }

  // -- edits --------------------------------------------------------------------------------------
  function commit(next, from) {
    const changed = history.say(next, from);
    note('');
    draw();
    if (changed) host.edited(structuredClone(next));
    return changed;
  }
  function attempt(edit, from) {
    // what the edit makes, or a word why not
    try {
      return commit(edit(state()), from);
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      note(error.message);
      fill();
      return false;
    }
  }
  function turn(there) {
    if (!history[there]()) return;
    draw();
    host.edited(structuredClone(state()));
  }
  function addAt(time_s) {
    const {prompt} = ruling(state().keys, time_s),
      ids = new Set(state().keys.map(one => one.id));
    if (
      !attempt(now =>
        add(now, {time_s, prompt: typeof prompt === 'string' ? prompt : prompt[0][0]}),
      )
    )
      return;
    select(state().keys.find(one => !ids.has(one.id)).id);
    editor.prompt.focus();
    editor.prompt.select();
  }
  function stageAt(time_s) {
    // another set: the next one of the gallery, to be changed at once
    const before = state().sets.findLast(one => one.time_s <= time_s)?.set,
      set = {gallery: host.gallery().find(name => name !== before?.gallery) ?? 'castle'},
      ids = new Set(state().sets.map(one => one.id));
    if (!attempt(now => addSet(now, {time_s, set}))) return;
    select(state().sets.find(one => !ids.has(one.id)).id);
    editor.prompt.focus();
    editor.prompt.select();
  }
  function reword(now) {
    const text = editor.prompt.value,
      one = key(selected);
    if (!('set' in one)) return change(now, selected, {prompt: text});
    if (text === nameOf(one.set)) return now;
    return change(now, selected, {set: setOf(text, host.gallery(), one.set?.cast)});
  }
  function splitHere() {
    const ids = new Set(state().keys.map(one => one.id));
    if (attempt(now => split(now, playhead())))
      select(state().keys.find(one => !ids.has(one.id)).id);
  }
  function select(id) {
    // without drawing anew: a double-click needs its element
    selected = id;
    note('');
    for (const one of strip.querySelectorAll('.lsd-key, .lsd-set'))
      one.setAttribute('aria-pressed', one.dataset.id === id);
    fill();
  }
  function jump(way) {
    const at = host.now(),
      fps = host.clock().fps,
      {keys} = state();
    const item =
      way > 0
        ? keys.find(one => one.time_s > at + 1e-3)
        : keys.findLast(one => one.time_s < at - 1.5 / fps);
    if (!item) return;
    host.stop();
    select(item.id);
    host.seek(host.clock().middleOf(host.clock().frameAt(item.time_s)));
  }
  function snap(time_s, event, own) {
    // to the playhead, a marker or a frame; with Alt to nothing
    if (event.altKey) return time_s;
    const near = [playhead(), ...state().markers.map(one => one.time_s)].find(
      one => one !== own && Math.abs(x(one) - x(time_s)) < MAGNET_PX,
    );
    return near ?? host.clock().nearest(time_s);
  }
  const handles = {
    // what dragging each of them changes: (state, key, how far in seconds, event) -> state
    'lsd-fade': (from, one, by, event) =>
      change(from, one.id, {
        fade_s: Math.max(0, snap(one.time_s + one.fade_s + by, event) - one.time_s),
      }),
    'lsd-edge': (from, one, by, event) => {
      const n = from.keys.findIndex(other => other.id === one.id),
        frame = 1 / host.clock().fps;
      const [low, high] = [
        from.keys[n - 1].time_s + frame,
        (from.keys[n + 1]?.time_s ?? length()) - frame,
      ];
      return trim(from, one.id, {
        start_s: clamp(snap(one.time_s + by, event), low, Math.max(low, high)),
      });
    },
    'lsd-set-edge': (from, one, by, event) => handles['lsd-point'](from, one, by, event),
    'lsd-point': (from, one, by, event) =>
      change(from, one.id, {time_s: clamp(snap(one.time_s + by, event), 0, length())}),
  };
  function grab(event) {
    if (event.button) return;
    const handle = event.target.closest?.('[data-id]'),
      id = handle?.dataset.id,
      start = timeAt(event);
    if (!id) {
      host.stop();
      host.seek(start);
      drag(event, e => host.seek(timeAt(e)));
      return;
    }
    const act = handles[event.target.matches('.lsd-key > i') ? 'lsd-point' : handle.className];
    select(id);
    if (!host.editable() || !act) {
      host.seek(start);
      return;
    }
    const from = state(),
      one = key(id),
      pressed = event.clientX;
    drag(
      event,
      e => {
        if (Math.abs(e.clientX - pressed) < 3 && history.now === from) return;
        try {
          history.now = act(from, one, timeAt(e) - start, e);
        } catch (error) {
          if (!(error instanceof EditError)) throw error;
        }
        draw();
      },
      () => commit(history.now, from),
    );
  }

  // -- hands --------------------------------------------------------------------------------------
  const rule = () => ruling(state().keys, playhead()).id;
  const acts = {
    add: () => addAt(playhead()),
    stage: () => stageAt(playhead()),
    split: splitHere,
    bin: () => key(selected) && attempt(now => remove(now, selected)),
    head: () => attempt(now => trim(now, rule(), {start_s: playhead()})),
    tail: () => attempt(now => trim(now, rule(), {end_s: playhead()})),
    undo: () => turn('undo'),
    redo: () => turn('redo'),
    mark: () => attempt(now => mark(now, playhead(), `Marker ${now.markers.length + 1}`)),
  };
  for (const name in acts) {
    const act = acts[name];
    acts[name] = () => host.editable() && act();
  }
  Object.assign(acts, {
    more: () => zoomTo(zoom * 1.6),
    less: () => zoomTo(zoom / 1.6),
    whole: () => zoomTo(1),
    before: () => jump(-1),
    after: () => jump(1),
  });
  lane.addEventListener('pointerdown', grab, until);
  row.addEventListener('pointerdown', grab, until);
  row.addEventListener(
    'dblclick',
    event => host.editable() && stageAt(host.clock().nearest(timeAt(event))),
    until,
  );
  lane.addEventListener(
    'dblclick',
    event => {
      if (host.editable() && !event.target.matches('.lsd-edge, .lsd-fade'))
        addAt(host.clock().nearest(timeAt(event)));
    },
    until,
  );
  ruler.addEventListener(
    'pointerdown',
    event => {
      host.stop();
      host.seek(timeAt(event));
      drag(event, e => host.seek(timeAt(e)));
    },
    until,
  );
  scroll.addEventListener('scroll', () => measure(), until);
  scroll.addEventListener(
    'wheel',
    event => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomTo(
        zoom * Math.exp(-clamp(event.deltaY, -120, 120) / 400),
        event.clientX - scroll.getBoundingClientRect().left,
      );
    },
    {...until, passive: false},
  );
  editor.addEventListener('submit', event => event.preventDefault(), until);
  editor.addEventListener(
    'keydown',
    event => {
      // not by submitting: a notebook keeps Enter for itself
      if (event.key !== 'Enter' || !event.target.matches('input')) return;
      event.preventDefault();
      event.stopPropagation();
      root.focus();
    },
    until,
  );
  editor.prompt.addEventListener('change', () => attempt(reword), until);
  const restage = now => change(now, selected, {set: recast(key(selected).set, editor)});
  for (const name of ['cast', 'into_s'])
    editor[name].addEventListener('change', () => attempt(restage), until);
  for (const name of ['time_s', 'fade_s'])
    editor[name].addEventListener(
      'change',
      () => {
        const value = editor[name].valueAsNumber;
        if (value >= 0)
          attempt(now =>
            change(now, selected, {[name]: name === 'time_s' ? Math.min(value, length()) : value}),
          );
        else {
          note('Seconds, from 0 up.');
          fill();
        }
      },
      until,
    );
  const sized = new ResizeObserver(draw);
  sized.observe(scroll);
  until.signal.addEventListener('abort', () => sized.disconnect());
  return {
    acts,
    draw,
    paint,
    state: () => structuredClone(state()),
    say: note,
    show({keys, markers, sets, draft}) {
      // what waits in the take stands on the lane; undo takes it back
      const none = {keys: [], markers: [], sets: []};
      const given = Object.fromEntries(
        Object.entries({keys, markers, sets}).filter(([, list]) => list),
      );
      history = new History(structuredClone({...none, ...given}));
      selected = null;
      note(
        draft && history.say(structuredClone({...none, ...draft}))
          ? 'Edits not rendered yet; undo takes them back.'
          : '',
      );
    },
  };
}
