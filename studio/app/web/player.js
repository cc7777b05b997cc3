// The player: a take's camera and world in step, a wipe between them, its prompt keys on a lane.
// One ES module without imports: the review page and the notebook's widget mount the same file, styled by player.css.
//
//   const player = mount(element, {raw, live, sound, keys, markers, times, duration_s, fps, editable, shortcuts, onEdit})
//   player.show({live, keys, …})    another version, the playhead stays       player.seek(time_s)
//   player.state()                  {keys, markers}: keys are {id, time_s, prompt, fade_s}, seconds on the take's clock
//   player.destroy()
//
// `times` are the frames' times in seconds; without them frames are 1/fps apart. `sound` is {url, start_s}. `shortcuts`
// is where keys are listened to (default: the element). `onEdit({keys, markers})` follows every finished edit.

const PALETTE = {
  'as-is': '#7d8590', underwater: '#1f9bb0', 'wild-west': '#c9853b', 'deep-space': '#5b62d6', 'golden-rome': '#d1a73a',
  snowfall: '#8fb6d6', 'neon-rain': '#d0469b', pencil: '#9a958c', cartoon: '#e0694f', 'film-noir': '#5f6b7a',
  'oil-painting': '#7f9a4a',
};
const ICONS = {
  start: 'M6 5v14M19 5 9 12l10 7z', back: 'M16 5 7 12l9 7z', play: 'M8 5v14l11-7z', pause: 'M8 5v14M16 5v14',
  next: 'M8 5l9 7-9 7z', end: 'M18 5v14M5 5l10 7-10 7z', add: 'M12 5v14M5 12h14', bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  undo: 'M9 7 4 12l5 5M4 12h10a5 5 0 0 1 0 10', redo: 'M15 7l5 5-5 5M20 12H10a5 5 0 0 0 0 10', loop: 'M17 3l3 3-3 3M4 12V9a3 3 0 0 1 3-3h13M7 21l-3-3 3-3M20 12v3a3 3 0 0 1-3 3H4',
};
/** What the keys do; the same list is shown by `?`. */
export const KEYS = [
  ['Space', 'Play, pause'], ['J K L', 'Shuttle back, stop, on'], ['← →', 'A frame; with Shift a second'], ['↑ ↓', 'Previous, next key'],
  ['Home End', 'Start, end'], ['I O', 'In, out'], ['M', 'Marker'], ['Delete', 'Delete the key'], ['Ctrl+Z', 'Undo'], ['Ctrl+Shift+Z', 'Redo'],
];
/** Rows of keys and what they do, as the inside of a <dl>. */
export const keyRows = rows => rows.map(([keys, what]) => `<dt>${keys.split(' ').map(key => key === '–' ? key : `<kbd>${key}</kbd>`).join(' ')}</dt><dd>${what}</dd>`).join('');

const SVG = 'http://www.w3.org/2000/svg';
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** An inline icon. */
export const icon = name => `<svg viewBox="0 0 24 24" aria-hidden="true" class="lsd-icon"><path d="${ICONS[name]}"/></svg>`;

/** Is the event aimed at something one types in, or at a control that wants the key itself? */
export function busy(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (target.matches('input, textarea, select, [contenteditable=""], [contenteditable=true]')) return true;
  return [' ', 'Enter'].includes(event.key) && target.matches('button:focus-visible, a:focus-visible, summary:focus-visible');
}

/** A prompt as one line: a text, or texts with weights. */
export const words = prompt => typeof prompt === 'string' ? prompt : prompt.map(([text, weight]) => `${text} ${Math.round(weight * 100)} %`).join(' + ');

/** A prompt's colour: that of the world it names, else one of its own. */
export function colour(prompt) {
  const text = words(prompt).toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim();
  if (/^(leave |keep )?(it |this )?as it is|^as is|^unchanged/.test(text)) return PALETTE['as-is'];
  for (const name in PALETTE) if (name.split('-').every(word => text.includes(word))) return PALETTE[name];
  let hash = 0;
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)) % 360;
  return `hsl(${hash} 38% 52%)`;
}

/** Seconds as HH:MM:SS:FF; times come in whole microseconds, so a frame may seem to begin a trifle early. */
export function timecode(time_s, fps) {
  const rate = Math.round(fps), frames = Math.max(0, Math.floor(time_s * rate + 1e-3));
  const parts = [frames / rate / 3600, frames / rate / 60 % 60, frames / rate % 60, frames % rate];
  return parts.map(part => String(Math.floor(part)).padStart(2, '0')).join(':');
}

const TEMPLATE = `
  <div class="lsd-screen" data-view="wipe">
    <video class="lsd-live" playsinline preload="auto"></video>
    <video class="lsd-raw" playsinline preload="auto" muted></video>
    <div class="lsd-wipe" role="slider" tabindex="0" aria-label="Wipe: camera left, world right" aria-valuemin="0" aria-valuemax="100"><i></i></div>
    <span class="lsd-tag lsd-tag-raw">Camera</span><span class="lsd-tag lsd-tag-live">World</span>
    <p class="lsd-fault" role="alert" hidden></p><dl class="lsd-help" hidden></dl>
  </div>
  <div class="lsd-bar" role="toolbar" aria-label="Playback">
    <div class="lsd-group">
      <button type="button" data-do="start" aria-label="To the start (Home)">${icon('start')}</button>
      <button type="button" data-do="back" aria-label="One frame back (left arrow)">${icon('back')}</button>
      <button type="button" data-do="play" class="lsd-play" aria-label="Play (space)">${icon('play')}</button>
      <button type="button" data-do="next" aria-label="One frame on (right arrow)">${icon('next')}</button>
      <button type="button" data-do="end" aria-label="To the end (End)">${icon('end')}</button>
      <button type="button" data-do="loop" aria-pressed="false" aria-label="Loop">${icon('loop')}</button>
    </div>
    <div class="lsd-clock"><output class="lsd-time" aria-label="Timecode">00:00:00:00</output><span class="lsd-length"></span><span class="lsd-rate"></span></div>
    <div class="lsd-group lsd-views" role="group" aria-label="View">
      <button type="button" data-view="wipe" aria-pressed="true">Wipe</button><button type="button" data-view="side" aria-pressed="false">Side by side</button><button type="button" data-view="live" aria-pressed="false">World</button><button type="button" data-view="raw" aria-pressed="false">Camera</button>
    </div>
  </div>
  <div class="lsd-timeline"><div class="lsd-ruler"></div><div class="lsd-lane" aria-label="Prompt keys"><svg></svg></div><div class="lsd-range"></div><div class="lsd-head"></div></div>
  <form class="lsd-editor" autocomplete="off">
    <p class="lsd-hint">Click a key to change its words, time and fade. Double-click the lane for a new one.</p>
    <label class="lsd-words">Prompt<input name="prompt" maxlength="1000" spellcheck="false"></label>
    <label>At (s)<input name="time_s" type="number" min="0" step="0.001"></label>
    <label>Fade (s)<input name="fade_s" type="number" min="0" step="0.1"></label>
    <span class="lsd-group"><button type="button" data-do="add">${icon('add')} Key</button><button type="button" data-do="bin" aria-label="Delete this key">${icon('bin')}</button><button type="button" data-do="undo" aria-label="Undo (Ctrl+Z)">${icon('undo')}</button><button type="button" data-do="redo" aria-label="Redo (Ctrl+Shift+Z)">${icon('redo')}</button></span>
    <p class="lsd-note" role="status"></p>
  </form>`;

/** Put a player into the element; see the top of the file for the options and the handle that it returns. */
export function mount(element, options) {
  const root = document.createElement('div');
  root.className = 'lsd-player';
  root.tabIndex = -1;
  root.innerHTML = TEMPLATE;
  element.replaceChildren(root);
  const $ = selector => root.querySelector(selector);
  const screen = $('.lsd-screen'), live = $('.lsd-live'), raw = $('.lsd-raw'), lane = $('.lsd-lane'), editor = $('.lsd-editor');
  const sound = new Audio();
  const ending = new AbortController(), until = {signal: ending.signal};
  let take = {fps: 24, editable: true, keys: [], markers: [], ...options};
  let edit = {keys: [], markers: []}, undone = [], done = [], selected = null;
  let want = null, rate = 0, range = [0, null], turning = 0;

  // -- time -----------------------------------------------------------------------------------------------------------
  const length = () => take.duration_s || live.duration || raw.duration || 1;
  const times = () => take.times?.length ? take.times : null;
  const now = () => want ?? live.currentTime;
  const count = () => times()?.length ?? Math.max(1, Math.round(length() * take.fps));
  function frameAt(time_s) {
    const all = times();
    if (!all) return clamp(Math.floor(time_s * take.fps + 1e-4), 0, count() - 1);
    let low = 0, high = all.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (all[middle] <= time_s + 1e-4) low = middle; else high = middle - 1; }
    return low;
  }
  function middleOf(frame) {  // decoders round times: aim at the middle of a frame, never at its edge
    const all = times();
    if (!all) return (frame + .5) / take.fps;
    return (all[frame] + (all[frame + 1] ?? Math.max(length(), all[frame] + 1e-3))) / 2;
  }
  function seek(time_s) {  // the newest wish wins: while the decoder seeks, only the last one is kept
    want = clamp(time_s, 0, Math.max(0, length() - 1e-3));
    if (!live.seeking && !raw.seeking) go();
    paint();
  }
  function go() {
    if (want === null) return;
    live.currentTime = raw.currentTime = want;
    want = null;
  }
  const step = frames => { stop(); seek(middleOf(clamp(frameAt(now()) + frames, 0, count() - 1))); };

  // -- playing: the world leads, the camera follows by small changes of its rate ---------------------------------------
  function play(speed = 1) {
    cancelAnimationFrame(turning);
    rate = speed;
    if (speed > 0) {
      if (now() >= (range[1] ?? length()) - 1.5 / take.fps) seek(range[0]);
      for (const video of [live, raw]) { video.playbackRate = speed; video.play().catch(() => {}); }
    } else reverse();
    paint();
  }
  function reverse() {  // browsers play forwards only
    live.pause(); raw.pause(); sound.pause();
    let before = performance.now();
    turning = requestAnimationFrame(function turn(at) {
      if (rate >= 0) return;
      const to = now() + rate * (at - before) / 1000;
      before = at;
      seek(Math.max(to, range[0]));
      if (to <= range[0]) stop(); else turning = requestAnimationFrame(turn);
    });
  }
  function stop() {
    const was = rate;
    rate = 0;
    cancelAnimationFrame(turning);
    live.pause(); raw.pause(); sound.pause();
    if (was) seek(middleOf(frameAt(now())));
    paint();
  }
  const toggle = () => rate ? stop() : play();
  function shuttle(way) {
    play(Math.sign(rate) === way ? clamp(rate * 2, -8, 8) : way);
  }
  function follow() {
    if (rate > 0 && !live.seeking && !raw.seeking) {
      const ahead = raw.currentTime - live.currentTime;
      if (Math.abs(ahead) > .25) raw.currentTime = live.currentTime;
      raw.playbackRate = Math.abs(ahead) < .004 ? rate : rate * clamp(1 - ahead * 2, .75, 1.25);
      hear(live.currentTime - (take.sound?.start_s ?? 0));
      if (range[1] !== null && live.currentTime >= range[1]) finish();
    }
    paint();
  }
  function hear(at) {  // the microphone, at the picture's own speed only
    const heard = take.sound && rate === 1 && at >= 0 && !sound.ended;
    if (!heard) return sound.pause();
    if (Math.abs(sound.currentTime - at) > .12) sound.currentTime = at;
    if (sound.paused) sound.play().catch(() => {});
  }
  function finish() {
    if ($('[data-do=loop]').getAttribute('aria-pressed') === 'true') { seek(range[0]); play(rate || 1); } else stop();
  }
  const shown = {};
  function watch(video, name) {
    video.requestVideoFrameCallback?.((at, frame) => {
      if (ending.signal.aborted) return;
      shown[name] = frame.mediaTime;
      if (video === live) follow();
      watch(video, name);
    });
    video.addEventListener('seeked', () => { if (!live.seeking && !raw.seeking) go(); paint(); }, until);
    video.addEventListener('loadedmetadata', () => { if (video === live) draw(); paint(); }, until);
    video.addEventListener('error', () => fault(`The ${video === live ? 'world' : 'camera'}'s picture cannot be played: ${video.error?.message || 'no such file'}`), until);
  }
  function fault(text) { $('.lsd-fault').textContent = text; $('.lsd-fault').hidden = !text; }

  // -- what is seen ----------------------------------------------------------------------------------------------------
  function paint() {
    const at = now();
    $('.lsd-time').textContent = timecode(times()?.[frameAt(at)] ?? at, take.fps);
    $('.lsd-length').textContent = `/ ${timecode(length(), take.fps)}`;
    $('.lsd-rate').textContent = rate && rate !== 1 ? `${rate}×` : '';
    $('.lsd-head').style.left = `${clamp(at / length(), 0, 1) * 100}%`;
    const button = $('[data-do=play]'), name = rate ? 'pause' : 'play';
    if (button.dataset.shows !== name) {
      button.dataset.shows = name;
      button.innerHTML = icon(name);
      button.setAttribute('aria-label', `${rate ? 'Pause' : 'Play'} (space)`);
    }
  }
  function view(name) {
    screen.dataset.view = name;
    for (const button of root.querySelectorAll('.lsd-views button')) button.setAttribute('aria-pressed', button.dataset.view === name);
  }
  function wipe(share) {
    const percent = clamp(share, 0, 1) * 100;
    screen.style.setProperty('--wipe', `${percent}%`);
    $('.lsd-wipe').setAttribute('aria-valuenow', Math.round(percent));
  }
  function draw() {  // ruler, blocks, fades, keys and markers
    const width = lane.clientWidth || 1, height = lane.clientHeight || 56, x = time_s => time_s / length() * width;
    const every = [.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find(s => x(s) >= 64) ?? 1800;
    $('.lsd-ruler').innerHTML = Array.from({length: Math.floor(length() / every) + 1}, (_, i) =>
      `<span style="left:${x(i * every)}px">${every < 1 ? (i * every).toFixed(1) : timecode(i * every, 1).slice(length() >= 3600 ? 0 : 3, 8)}</span>`).join('')
      + edit.markers.map(mark => `<b style="left:${x(mark.time_s)}px" title="${mark.name.replace(/["<&]/g, '')}"></b>`).join('');
    const svg = $('.lsd-lane svg');
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.replaceChildren(...edit.keys.map((key, i) => {
      const after = edit.keys[i + 1], from = i ? x(key.time_s) : 0, full = i ? x(key.time_s + key.fade_s) : 0;
      const to = after ? x(after.time_s + after.fade_s) : width, block = document.createElementNS(SVG, 'polygon');
      block.setAttribute('points', `${from},${height} ${full},0 ${Math.max(full, to)},0 ${Math.max(full, to)},${height}`);
      block.style.setProperty('--block', colour(key.prompt));
      return block;
    }));
    for (const old of lane.querySelectorAll('.lsd-key, .lsd-fade')) old.remove();
    edit.keys.forEach((key, i) => {
      const after = edit.keys[i + 1], from = x(key.time_s), handle = document.createElement('button');
      handle.type = 'button';
      handle.className = 'lsd-key';
      handle.dataset.id = key.id;
      handle.style.cssText = `left:${from}px;width:${Math.max(14, (after ? x(after.time_s) : width) - from)}px`;
      handle.setAttribute('aria-pressed', key.id === selected);
      handle.setAttribute('aria-label', `${words(key.prompt)}, at ${key.time_s.toFixed(2)} s, fade ${key.fade_s} s`);
      handle.append(document.createElement('i'), Object.assign(document.createElement('span'), {textContent: words(key.prompt)}));
      lane.append(handle);
      if (!i || !take.editable) return;
      const fade = document.createElement('i');
      fade.className = 'lsd-fade';
      fade.dataset.id = key.id;
      fade.title = 'Drag: fade';
      fade.style.left = `${x(key.time_s + key.fade_s)}px`;
      lane.append(fade);
    });
    const [from, to] = [range[0], range[1] ?? length()];
    $('.lsd-range').style.cssText = `left:${from / length() * 100}%;right:${100 - to / length() * 100}%`;
    $('.lsd-range').hidden = !range[0] && range[1] === null;
    fill();
  }
  function fill() {  // the editor below the lane
    const key = edit.keys.find(one => one.id === selected);
    editor.hidden = !take.editable;
    editor.classList.toggle('lsd-open', Boolean(key));
    for (const [name, value] of [['prompt', key && words(key.prompt)], ['time_s', key && +key.time_s.toFixed(3)], ['fade_s', key?.fade_s]])
      if (document.activeElement !== editor[name]) editor[name].value = value ?? '';
    editor.prompt.disabled = Boolean(key && typeof key.prompt !== 'string');
    editor.style.setProperty('--key', key ? colour(key.prompt) : 'transparent');
    $('[data-do=undo]').disabled = !done.length;
    $('[data-do=redo]').disabled = !undone.length;
  }
  const note = text => { $('.lsd-note').textContent = text; };

  // -- edits -----------------------------------------------------------------------------------------------------------
  const copy = () => structuredClone(edit);
  function commit(before) {
    edit.keys.sort((a, b) => a.time_s - b.time_s);
    if (JSON.stringify(before) === JSON.stringify(edit)) return draw();
    done.push(before);
    undone = [];
    note('');
    draw();
    take.onEdit?.(copy());
  }
  function swap(from, to) {
    if (!from.length) return;
    to.push(copy());
    edit = from.pop();
    draw();
    take.onEdit?.(copy());
  }
  const taken = (time_s, id) => edit.keys.some(key => key.id !== id && Math.abs(key.time_s - time_s) < 5e-4);
  function change(id, fields) {
    const before = copy(), key = edit.keys.find(one => one.id === id);
    if (!key) return;
    if ('prompt' in fields && !fields.prompt.trim()) { note('A key needs words: what the picture should become, or "as it is".'); return fill(); }
    if ('time_s' in fields && taken(fields.time_s, id)) { note(`There is a key at ${fields.time_s.toFixed(3)} s already.`); return fill(); }
    Object.assign(key, fields);
    commit(before);
  }
  function add(time_s) {
    const before = copy(), at = +clamp(time_s, 0, length()).toFixed(3);
    if (taken(at)) { note(`There is a key at ${at.toFixed(3)} s already: move the playhead first.`); return; }
    const ids = new Set(edit.keys.map(key => key.id));
    let n = 1;
    while (ids.has(`e${n}`)) n++;
    selected = `e${n}`;
    const ruling = edit.keys.findLast(key => key.time_s <= at);
    edit.keys.push({id: selected, time_s: at, prompt: ruling ? words(ruling.prompt) : 'as it is', fade_s: 0});
    commit(before);
    editor.prompt.focus();
    editor.prompt.select();
  }
  function remove(id) {
    if (!edit.keys.some(key => key.id === id)) return;
    if (edit.keys.length === 1) return note('The last key stays: a take needs a prompt.');
    const before = copy();
    edit.keys = edit.keys.filter(key => key.id !== id);
    selected = null;
    commit(before);
  }
  function select(id) {  // without drawing anew: a double-click needs its element
    selected = id;
    note('');
    for (const key of lane.querySelectorAll('.lsd-key')) key.setAttribute('aria-pressed', key.dataset.id === id);
    fill();
  }
  function jump(way) {
    const at = now(), found = way > 0 ? edit.keys.find(key => key.time_s > at + 1e-3) : edit.keys.findLast(key => key.time_s < at - 1.5 / take.fps);
    if (found) { stop(); selected = found.id; seek(middleOf(frameAt(found.time_s))); draw(); }
  }
  function drag(event, move, end) {  // pointer capture: the drag goes on outside the element
    const target = event.currentTarget, over = new AbortController(), done = {signal: over.signal};
    target.setPointerCapture(event.pointerId);
    target.addEventListener('pointermove', move, done);
    for (const name of ['pointerup', 'pointercancel']) target.addEventListener(name, e => { over.abort(); end?.(e); }, done);
  }
  const timeAt = event => { const box = lane.getBoundingClientRect(); return clamp((event.clientX - box.left) / box.width, 0, 1) * length(); };
  function grab(event) {
    const id = event.target.closest?.('[data-id]')?.dataset.id, fading = event.target.matches?.('.lsd-fade');
    if (!id) { stop(); seek(timeAt(event)); return drag(event, e => seek(timeAt(e))); }
    const before = copy(), key = edit.keys.find(one => one.id === id), start = timeAt(event), x = event.clientX;
    const [was, faded] = [key.time_s, key.fade_s];
    select(id);
    if (!take.editable || (!fading && !event.target.matches('.lsd-key > i'))) return seek(start);
    drag(event, e => {
      if (Math.abs(e.clientX - x) < 3) return;
      const to = timeAt(e) - start;
      if (fading) key.fade_s = +Math.max(0, faded + to).toFixed(2);
      else if (!taken(+(was + to).toFixed(3), id)) key.time_s = +clamp(was + to, 0, length()).toFixed(3);
      edit.keys.sort((a, b) => a.time_s - b.time_s);
      draw();
    }, () => commit(before));
  }

  // -- hands -----------------------------------------------------------------------------------------------------------
  const acts = {
    start: () => { stop(); seek(middleOf(0)); }, end: () => { stop(); seek(middleOf(count() - 1)); }, back: () => step(-1), next: () => step(1),
    play: toggle, add: () => add(now()), bin: () => remove(selected), undo: () => swap(done, undone), redo: () => swap(undone, done),
    loop: event => { const b = event.currentTarget; b.setAttribute('aria-pressed', b.getAttribute('aria-pressed') !== 'true'); },
  };
  const keymap = {
    ' ': toggle, j: () => shuttle(-1), k: stop, l: () => shuttle(1), Home: acts.start, End: acts.end,
    ArrowLeft: e => e.shiftKey ? (stop(), seek(now() - 1)) : step(-1), ArrowRight: e => e.shiftKey ? (stop(), seek(now() + 1)) : step(1),
    ArrowUp: () => jump(-1), ArrowDown: () => jump(1), Delete: () => take.editable && remove(selected), Backspace: () => take.editable && remove(selected),
    i: () => { range = [now(), range[1] !== null && range[1] > now() ? range[1] : null]; draw(); }, o: () => { range = [range[0] < now() ? range[0] : 0, now()]; draw(); },
    '?': () => { const help = $('.lsd-help'); help.innerHTML = keyRows(KEYS); help.hidden = !help.hidden; },
    m: () => { if (!take.editable) return; const before = copy(); edit.markers.push({time_s: +now().toFixed(3), name: `Marker ${edit.markers.length + 1}`}); commit(before); },
  };
  function press(event) {
    if (event.defaultPrevented || event.altKey || busy(event) || !root.isConnected || root.offsetParent === null) return;
    const held = event.ctrlKey || event.metaKey;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = held ? (name === 'z' && take.editable ? (event.shiftKey ? acts.redo : acts.undo) : null) : keymap[name];
    if (!act || (event.composedPath()[0] === $('.lsd-wipe') && name.startsWith('Arrow'))) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  }
  for (const button of root.querySelectorAll('[data-do]')) button.addEventListener('click', acts[button.dataset.do], until);
  for (const button of root.querySelectorAll('.lsd-views button')) button.addEventListener('click', () => view(button.dataset.view), until);
  const aim = event => { const box = screen.getBoundingClientRect(); wipe((event.clientX - box.left) / box.width); };
  screen.addEventListener('pointerdown', event => { if (screen.dataset.view === 'wipe' && event.button === 0) { aim(event); drag(event, aim); } }, until);
  $('.lsd-wipe').addEventListener('keydown', event => {
    const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (way) { event.preventDefault(); wipe(parseFloat($('.lsd-wipe').getAttribute('aria-valuenow')) / 100 + way * .02); }
  }, until);
  lane.addEventListener('pointerdown', grab, until);
  lane.addEventListener('dblclick', event => { if (take.editable) add(timeAt(event)); }, until);
  $('.lsd-ruler').addEventListener('pointerdown', event => { stop(); seek(timeAt(event)); drag(event, e => seek(timeAt(e))); }, until);
  editor.addEventListener('submit', event => { event.preventDefault(); document.activeElement.blur(); root.focus(); }, until);
  editor.prompt.addEventListener('change', () => change(selected, {prompt: editor.prompt.value}), until);
  for (const name of ['time_s', 'fade_s']) editor[name].addEventListener('change', () => {
    const value = editor[name].valueAsNumber;
    if (Number.isFinite(value) && value >= 0) change(selected, {[name]: name === 'time_s' ? Math.min(value, length()) : value}); else { note('Seconds, from 0 up.'); fill(); }
  }, until);
  live.addEventListener('ended', finish, until);
  (take.shortcuts ?? root).addEventListener('keydown', press, until);
  const sized = new ResizeObserver(draw);
  sized.observe(lane);

  function show(changes) {
    const at = take.live || take.raw ? now() : 0;
    take = {...take, ...changes};
    stop();
    fault('');
    for (const [video, url] of [[live, take.live ?? take.raw], [raw, take.raw ?? take.live]])
      if (url && video.getAttribute('src') !== url) { video.src = url; video.load(); }
    if ('keys' in changes || 'markers' in changes) {
      edit = structuredClone({keys: take.keys ?? [], markers: take.markers ?? []});
      done = []; undone = []; selected = null;
    }
    if (sound.getAttribute('src') !== (take.sound?.url ?? null)) { if (take.sound) sound.src = take.sound.url; else sound.removeAttribute('src'); }
    range = [0, null];
    view(take.raw && take.live ? screen.dataset.view : take.live ? 'live' : 'raw');
    draw();
    seek(at);
  }
  watch(live, 'live');
  watch(raw, 'raw');
  wipe(.5);
  show({keys: take.keys, markers: take.markers});
  return {
    show, seek, play, pause: stop, state: copy,
    get time_s() { return now(); },
    get shown() { return {...shown}; },
    destroy() { ending.abort(); stop(); sized.disconnect(); for (const video of [live, raw]) { video.removeAttribute('src'); video.load(); } root.remove(); },
  };
}
