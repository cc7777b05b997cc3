// The player: a take's camera and world in step, a wipe between them, its prompts on a lane
// (lane.js). The review page and the notebook's widget mount the same files, styled by player.css.
//
//   const player = mount(element, options)
//   player.show({live, keys, …})    another version, the playhead stays
//   player.seek(time_s)
//   player.say(text)
//   player.state()                  {keys, markers, sets}: keys are {id, time_s, prompt, fade_s},
//                                   sets {id, time_s, set, fade_s}, seconds on the take's clock
//   player.destroy()
//
// The options are {raw, live, sound, keys, markers, sets, gallery, draft, times, duration_s, fps,
// editable, shortcuts, onEdit}. `times` are the frames' times in seconds; else they are 1/fps
// apart. `sound` is {url, start_s}. `shortcuts` is where keys are listened to (default: the
// element). `onEdit({keys, markers, sets})` follows every finished edit; `draft` is such edits of
// before.
import {busy, Clock, clamp, drag, icon, keyRows, timecode} from './basics.js';
import {LANE, mountLane} from './lane.js';

/** What the keys do; the same list is shown by `?`. */
export const KEYS = [
  ['Space', 'Play, pause'],
  ['J K L', 'Shuttle back, stop, on'],
  ['← →', 'A frame; with Shift a second'],
  ['↑ ↓', 'Previous, next prompt'],
  ['Home End', 'Start, end'],
  ['I O', 'In, out'],
  ['M', 'Marker'],
  ['N', 'New prompt at the playhead'],
  ['B', 'Another set behind, at the playhead'],
  ['S', 'Split the prompt there'],
  ['Q W', 'Trim its start, its end to there'],
  ['Delete', 'Delete the prompt'],
  ['Ctrl+Z', 'Undo'],
  ['Ctrl+Shift+Z', 'Redo'],
  ['+ − 0', 'Zoom in, out, whole; or Ctrl and wheel'],
  ['Alt', 'Held: drag without snapping'],
];

const TEMPLATE = `
  <div class="lsd-screen" data-view="wipe">
    <video class="lsd-live" playsinline preload="auto"></video>
    <video class="lsd-raw" playsinline preload="auto" muted></video>
    <div class="lsd-wipe" role="slider" tabindex="0" aria-label="Wipe: camera left, world right"
      aria-valuemin="0" aria-valuemax="100"><i></i></div>
    <span class="lsd-tag lsd-tag-raw">Camera</span><span class="lsd-tag lsd-tag-live">World</span>
    <p class="lsd-fault" role="alert" hidden></p>
  </div>
  <div class="lsd-bar" role="toolbar" aria-label="Playback">
    <div class="lsd-group">
      <button type="button" data-do="start"
        aria-label="To the start (Home)">${icon('start')}</button>
      <button type="button" data-do="back"
        aria-label="One frame back (left arrow)">${icon('back')}</button>
      <button type="button" data-do="play" class="lsd-play"
        aria-label="Play (space)">${icon('play')}</button>
      <button type="button" data-do="next"
        aria-label="One frame on (right arrow)">${icon('next')}</button>
      <button type="button" data-do="end" aria-label="To the end (End)">${icon('end')}</button>
      <button type="button" data-do="loop" aria-pressed="false"
        aria-label="Loop">${icon('loop')}</button>
    </div>
    <div class="lsd-clock"><output class="lsd-time" aria-label="Timecode">00:00:00:00</output><span
      class="lsd-length"></span><span class="lsd-rate"></span></div>
    <div class="lsd-group lsd-views" role="group" aria-label="View">
      <button type="button" data-view="wipe" aria-pressed="true">Wipe</button>
      <button type="button" data-view="side" aria-pressed="false">Side by side</button>
      <button type="button" data-view="live" aria-pressed="false">World</button>
      <button type="button" data-view="raw" aria-pressed="false">Camera</button>
    </div>
  </div>
  ${LANE}
  <dl class="lsd-help" role="dialog" aria-label="Keys" hidden></dl>`;

/**
 * Put a player into the element; see the top of the file for the options and the handle that it
 * returns.
 */
export function mount(element, options) {
  const root = document.createElement('div');
  root.className = 'lsd-player';
  root.tabIndex = -1;
  root.innerHTML = TEMPLATE;
  element.replaceChildren(root);
  const $ = selector => root.querySelector(selector);
  const screen = $('.lsd-screen'),
    live = $('.lsd-live'),
    raw = $('.lsd-raw');
  const sound = new Audio();
  const ending = new AbortController(),
    until = {signal: ending.signal};
  let take = {fps: 24, editable: true, keys: [], markers: [], sets: [], gallery: [], ...options};
  let clock = null,
    want = null,
    rate = 0,
    range = [0, null],
    turning = 0;

  // -- time ---------------------------------------------------------------------------------------
  const now = () => want ?? live.currentTime;
  function wind() {
    // the take's clock; its length is known when the picture is
    clock = new Clock({...take, length_s: take.duration_s || live.duration || raw.duration || 1});
    lane.draw();
    paint();
  }
  function seek(time_s) {
    // the newest position wins: while the decoder seeks, only the last one is kept
    want = clamp(time_s, 0, Math.max(0, clock.length_s - 1e-3));
    if (!live.seeking && !raw.seeking) go();
    paint();
  }
  function go() {
    if (want === null) return;
    live.currentTime = raw.currentTime = want;
    want = null;
  }
  const show_frame = frame => {
    stop();
    seek(clock.middleOf(clamp(frame, 0, clock.count - 1)));
  };
  const step = frames => show_frame(clock.frameAt(now()) + frames);
  function leap(seconds) {
    stop();
    seek(now() + seconds);
  }

  // -- playing: the world leads, the camera follows by small changes of its rate ------------------
  function play(speed = 1) {
    cancelAnimationFrame(turning);
    rate = speed;
    if (speed > 0) {
      if (now() >= (range[1] ?? clock.length_s) - 1.5 / take.fps) seek(range[0]);
      for (const video of [live, raw]) {
        video.playbackRate = speed;
        video.play().catch(() => {});
      }
    } else reverse();
    paint();
  }
  function reverse() {
    // browsers play forwards only
    live.pause();
    raw.pause();
    sound.pause();
    let before = performance.now();
    turning = requestAnimationFrame(function turn(at) {
      if (rate >= 0) return;
      const to = now() + (rate * (at - before)) / 1000;
      before = at;
      seek(Math.max(to, range[0]));
      if (to <= range[0]) stop();
      else turning = requestAnimationFrame(turn);
    });
  }
  function stop() {
    const was = rate;
    rate = 0;
    cancelAnimationFrame(turning);
    live.pause();
    raw.pause();
    sound.pause();
    if (was) seek(clock.middleOf(clock.frameAt(now())));
    paint();
  }
  const toggle = () => (rate ? stop() : play());
  const shuttle = way => play(Math.sign(rate) === way ? clamp(rate * 2, -8, 8) : way);
  function follow() {
    if (rate > 0 && !live.seeking && !raw.seeking) {
      const ahead = raw.currentTime - live.currentTime;
      if (Math.abs(ahead) > 0.25) raw.currentTime = live.currentTime;
      raw.playbackRate = Math.abs(ahead) < 0.004 ? rate : rate * clamp(1 - ahead * 2, 0.75, 1.25);
      hear(live.currentTime - (take.sound?.start_s ?? 0));
      if (range[1] !== null && live.currentTime >= range[1]) finish();
    }
    paint();
  }
  function hear(at) {
    // the microphone, at the picture's own speed only
    const heard = take.sound && rate === 1 && at >= 0 && !sound.ended;
    if (!heard) return sound.pause();
    if (Math.abs(sound.currentTime - at) > 0.12) sound.currentTime = at;
    if (sound.paused) sound.play().catch(() => {});
  }
  function finish() {
    if ($('[data-do=loop]').getAttribute('aria-pressed') === 'true') {
      seek(range[0]);
      play(rate || 1);
    } else stop();
  }
  const shown = {};
  function watch(video, name) {
    video.requestVideoFrameCallback?.((_at, frame) => {
      if (ending.signal.aborted) return;
      shown[name] = frame.mediaTime;
      if (video === live) follow();
      watch(video, name);
    });
    video.addEventListener(
      'seeked',
      () => {
        if (!live.seeking && !raw.seeking) go();
        paint();
      },
      until,
    );
    video.addEventListener('loadedmetadata', wind, until);
    video.addEventListener(
      'error',
      () =>
        fault(
          `The ${video === live ? 'world' : 'camera'}'s picture cannot be played: ` +
            (video.error?.message || 'no such file'),
        ),
      until,
    );
  }
  function fault(text) {
    $('.lsd-fault').textContent = text;
    $('.lsd-fault').hidden = !text;
  }

  // -- what is seen -------------------------------------------------------------------------------
  function paint() {
    const at = now();
    $('.lsd-time').textContent = timecode(clock.times?.[clock.frameAt(at)] ?? at, take.fps);
    $('.lsd-length').textContent = `/ ${timecode(clock.length_s, take.fps)}`;
    $('.lsd-rate').textContent = rate && rate !== 1 ? `${rate}×` : '';
    lane.paint(at);
    const button = $('[data-do=play]'),
      name = rate ? 'pause' : 'play';
    if (button.dataset.shows !== name) {
      button.dataset.shows = name;
      button.innerHTML = icon(name);
      button.setAttribute('aria-label', `${rate ? 'Pause' : 'Play'} (space)`);
    }
  }
  function view(name) {
    screen.dataset.view = name;
    for (const button of root.querySelectorAll('.lsd-views button'))
      button.setAttribute('aria-pressed', button.dataset.view === name);
  }
  function wipe(share) {
    const percent = clamp(share, 0, 1) * 100;
    screen.style.setProperty('--wipe', `${percent}%`);
    $('.lsd-wipe').setAttribute('aria-valuenow', Math.round(percent));
  }

  // -- hands --------------------------------------------------------------------------------------
  const lane = mountLane(
    root,
    {
      clock: () => clock,
      now,
      seek,
      stop,
      range: () => range,
      editable: () => take.editable,
      edited: state => take.onEdit?.(state),
      gallery: () => take.gallery,
    },
    until,
  );
  const acts = {
    ...lane.acts,
    start: () => show_frame(0),
    end: () => show_frame(clock.count - 1),
    back: () => step(-1),
    next: () => step(1),
    play: toggle,
    loop: () => {
      const button = $('[data-do=loop]');
      button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true');
    },
    help: () => {
      const help = $('.lsd-help');
      help.innerHTML = keyRows(KEYS);
      help.hidden = !help.hidden;
    },
  };
  const keymap = {
    ' ': toggle,
    j: () => shuttle(-1),
    k: stop,
    l: () => shuttle(1),
    Home: acts.start,
    End: acts.end,
    ArrowLeft: e => (e.shiftKey ? leap(-1) : step(-1)),
    ArrowRight: e => (e.shiftKey ? leap(1) : step(1)),
    ArrowUp: acts.before,
    ArrowDown: acts.after,
    Delete: acts.bin,
    Backspace: acts.bin,
    n: acts.add,
    b: acts.stage,
    s: acts.split,
    q: acts.head,
    w: acts.tail,
    m: acts.mark,
    '+': acts.more,
    '=': acts.more,
    '-': acts.less,
    0: acts.whole,
    '?': acts.help,
    Escape: () => {
      $('.lsd-help').hidden = true;
    },
    i: () => {
      range = [now(), range[1] !== null && range[1] > now() ? range[1] : null];
      lane.draw();
    },
    o: () => {
      range = [range[0] < now() ? range[0] : 0, now()];
      lane.draw();
    },
  };
  function press(event) {
    if (
      event.defaultPrevented ||
      event.altKey ||
      busy(event) ||
      !root.isConnected ||
      root.offsetParent === null
    )
      return;
    if (event.key === 'Escape' && $('.lsd-help').hidden) return;
    const command = event.ctrlKey || event.metaKey;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = command
      ? name === 'z'
        ? event.shiftKey
          ? acts.redo
          : acts.undo
        : null
      : keymap[name];
    if (!act || (event.composedPath()[0] === $('.lsd-wipe') && name.startsWith('Arrow'))) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  }
  for (const button of root.querySelectorAll('[data-do]'))
    button.addEventListener('click', acts[button.dataset.do], until);
  for (const button of root.querySelectorAll('.lsd-views button'))
    button.addEventListener('click', () => view(button.dataset.view), until);
  const aim = event => {
    const box = screen.getBoundingClientRect();
    wipe((event.clientX - box.left) / box.width);
  };
  screen.addEventListener(
    'pointerdown',
    event => {
      if (screen.dataset.view === 'wipe' && event.button === 0) {
        aim(event);
        drag(event, aim);
      }
    },
    until,
  );
  $('.lsd-wipe').addEventListener(
    'keydown',
    event => {
      const way = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (way) {
        event.preventDefault();
        wipe(parseFloat($('.lsd-wipe').getAttribute('aria-valuenow')) / 100 + way * 0.02);
      }
    },
    until,
  );
  $('.lsd-help').addEventListener('click', acts.help, until);
  live.addEventListener('ended', finish, until);
  (take.shortcuts ?? root).addEventListener('keydown', press, until);

  function show(changes) {
    const at = clock ? now() : 0;
    take = {...take, draft: null, ...changes};
    if ('keys' in changes || 'markers' in changes) lane.show(take);
    wind();
    stop();
    fault('');
    for (const [video, url] of [
      [live, take.live ?? take.raw],
      [raw, take.raw ?? take.live],
    ])
      if (url && video.getAttribute('src') !== url) {
        video.src = url;
        video.load();
      }
    if (sound.getAttribute('src') !== (take.sound?.url ?? null)) {
      if (take.sound) sound.src = take.sound.url;
      else sound.removeAttribute('src');
    }
    range = [0, null];
    view(take.raw && take.live ? screen.dataset.view : take.live ? 'live' : 'raw');
    lane.draw();
    seek(at);
  }
  show({keys: take.keys, markers: take.markers, sets: take.sets, draft: take.draft});
  watch(live, 'live');
  watch(raw, 'raw');
  wipe(0.5);
  return {
    show,
    seek,
    play,
    pause: stop,
    say: lane.say,
    state: lane.state,
    get time_s() {
      return now();
    },
    get shown() {
      return {...shown};
    },
    destroy() {
      ending.abort();
      stop();
      for (const video of [live, raw]) {
        video.removeAttribute('src');
        video.load();
      }
      root.remove();
    },
  };
}
