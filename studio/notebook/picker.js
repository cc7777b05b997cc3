// Versions of a take side by side, all in step; a click circles one.
import {busy, Clock, clamp, drag, icon, keyRows, timecode} from '../web/basics.js';
import {mount} from './mount.js';

const KEYS = [
  ['Space', 'Play, pause'],
  ['← →', 'A frame; with Shift a second'],
  ['Home End', 'Start, end'],
  ['1 – 9', 'Circle, or take the circle away'],
  ['Click', 'The same'],
  ['Double-click', 'One alone, all again'],
];
const FAR_S = 0.08; // a video that is further off than this is set right

const TEMPLATE = `
  <div class="lsd-wall"></div>
  <div class="lsd-bar">
    <div class="lsd-group">
      <button type="button" data-do="start"
        aria-label="To the start (Home)">${icon('start')}</button>
      <button type="button" data-do="back"
        aria-label="One frame back (left arrow)">${icon('back')}</button>
      <button type="button" data-do="play" class="lsd-play"
        aria-label="Play all (space)">${icon('play')}</button>
      <button type="button" data-do="next"
        aria-label="One frame on (right arrow)">${icon('next')}</button>
    </div>
    <div class="lsd-scrub" role="slider" tabindex="0" aria-label="Time"
      aria-valuemin="0"><i></i></div>
    <div class="lsd-clock"><output class="lsd-time"
      aria-label="Timecode">00:00:00:00</output><button type="button" data-do="help"
      aria-label="Keys (?)">?</button></div>
  </div>
  <p class="lsd-choice" role="status"></p>
  <dl class="lsd-help" role="dialog" aria-label="Keys" hidden></dl>`;

export default {
  render({model, el}) {
    const {root, $, ending, until} = mount(el, 'lsd-grid', TEMPLATE);
    const clock = new Clock(model.get('_clock')),
      tiles = model.get('_tiles'),
      wall = $('.lsd-wall'),
      scrub = $('.lsd-scrub');
    const urls = model
      .get('_videos')
      .map(bytes => URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'})));
    let playing = false,
      want = null;

    const buttons = tiles.map((tile, i) => {
      const button = Object.assign(document.createElement('button'), {
        type: 'button',
        className: 'lsd-tile',
        title: `${tile.label}\n${tile.facts}`,
      });
      button.innerHTML = `<span class="lsd-picture"><video muted playsinline
        preload="auto"></video><b></b><em>${icon('circle')}</em></span><strong></strong><small
        ></small>`;
      button.querySelector('video').src = urls[i];
      button.querySelector('b').textContent = i + 1;
      button.querySelector('strong').textContent = tile.label;
      button.querySelector('small').textContent = [tile.name, tile.facts]
        .filter(Boolean)
        .join(' · ');
      button.addEventListener(
        'click',
        event => {
          if (event.detail < 2) pick(i);
        },
        until,
      );
      button.addEventListener(
        'dblclick',
        () => {
          pick(i);
          alone(i);
        },
        until,
      );
      return button;
    });
    wall.append(...buttons);
    wall.style.setProperty('--columns', {1: 1, 2: 2, 4: 2, 7: 4, 8: 4}[tiles.length] ?? 3);
    const videos = [...wall.querySelectorAll('video')],
      [lead] = videos;
    lead.addEventListener(
      'loadedmetadata',
      () => wall.style.setProperty('--aspect', lead.videoWidth / lead.videoHeight),
      until,
    );

    // -- time: the first video leads, the others follow -------------------------------------------
    const now = () => want ?? lead.currentTime;
    function seek(time_s) {
      // the newest wish wins
      want = clamp(time_s, 0, clock.length_s - 1e-3);
      if (!videos.some(video => video.seeking)) go();
      paint();
    }
    function go() {
      if (want === null) return;
      for (const video of videos) video.currentTime = want;
      want = null;
    }
    function play() {
      if (now() > clock.length_s - 1.5 / clock.fps) seek(0);
      playing = true;
      for (const video of videos) video.play().catch(() => {});
      paint();
    }
    function stop() {
      playing = false;
      for (const video of videos) video.pause();
      seek(clock.middleOf(clock.frameAt(now())));
    }
    const toggle = () => (playing ? stop() : play());
    const show = frame => {
      stop();
      seek(clock.middleOf(clamp(frame, 0, clock.count - 1)));
    };
    function follow() {
      if (ending.signal.aborted) return;
      if (playing && !lead.seeking)
        for (const video of videos.slice(1))
          if (Math.abs(video.currentTime - lead.currentTime) > FAR_S && !video.seeking)
            video.currentTime = lead.currentTime;
      paint();
      lead.requestVideoFrameCallback(follow);
    }
    for (const video of videos)
      video.addEventListener(
        'seeked',
        () => {
          if (!videos.some(one => one.seeking)) go();
          paint();
        },
        until,
      );
    lead.addEventListener(
      'ended',
      () => {
        if (playing) {
          seek(0);
          play();
        }
      },
      until,
    );
    lead.requestVideoFrameCallback(follow);
    function paint() {
      $('.lsd-time').textContent = timecode(clock.startOf(clock.frameAt(now())), clock.fps);
      scrub.style.setProperty('--at', clamp(now() / clock.length_s, 0, 1));
      scrub.setAttribute('aria-valuemax', clock.length_s);
      scrub.setAttribute('aria-valuenow', now().toFixed(2));
      const button = $('[data-do=play]'),
        name = playing ? 'pause' : 'play';
      if (button.dataset.shows !== name)
        Object.assign(button, {innerHTML: icon(name)}).dataset.shows = name;
    }

    // -- the choice -------------------------------------------------------------------------------
    function pick(i) {
      model.set('_picked', model.get('_picked') === i ? null : i);
      model.save_changes();
    }
    function choice() {
      const picked = model.get('_picked'),
        fault = model.get('_fault');
      for (const [i, button] of buttons.entries())
        button.setAttribute('aria-pressed', i === picked);
      $('.lsd-choice').textContent =
        fault ||
        (picked === null
          ? 'Nothing is circled. Click the one to keep.'
          : `${tiles[picked].name} is circled: ${tiles[picked].label}`);
      $('.lsd-choice').classList.toggle('lsd-wrong', Boolean(fault));
    }
    const alone = i => {
      const one = wall.dataset.alone === String(i);
      if (one) delete wall.dataset.alone;
      else wall.dataset.alone = i;
      buttons.forEach((button, k) => {
        button.hidden = !one && k !== i;
      });
    };
    model.on('change:_picked', choice);
    model.on('change:_fault', choice);

    // -- hands ------------------------------------------------------------------------------------
    const help = () => {
      const list = $('.lsd-help');
      list.innerHTML = keyRows(KEYS);
      list.hidden = !list.hidden;
    };
    const acts = {
      start: () => show(0),
      back: () => show(clock.frameAt(now()) - 1),
      play: toggle,
      next: () => show(clock.frameAt(now()) + 1),
      help,
    };
    const keymap = {
      ' ': toggle,
      Home: acts.start,
      End: () => show(clock.count - 1),
      '?': help,
      ArrowLeft: event => (event.shiftKey ? seek(now() - 1) : acts.back()),
      ArrowRight: event => (event.shiftKey ? seek(now() + 1) : acts.next()),
    };
    const timeAt = event => {
      const box = scrub.getBoundingClientRect();
      return clamp((event.clientX - box.left) / box.width, 0, 1) * clock.length_s;
    };
    scrub.addEventListener(
      'pointerdown',
      event => {
        stop();
        seek(timeAt(event));
        drag(event, e => seek(timeAt(e)));
      },
      until,
    );
    for (const button of root.querySelectorAll('[data-do]'))
      button.addEventListener('click', acts[button.dataset.do], until);
    root.addEventListener(
      'keydown',
      event => {
        if (busy(event) || event.ctrlKey || event.metaKey || event.altKey) return;
        const act =
          keymap[event.key] ??
          (event.key > '0' && event.key <= '9' && tiles[event.key - 1]
            ? () => pick(event.key - 1)
            : null);
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act(event);
      },
      until,
    );
    choice();
    paint();
    return () => {
      ending.abort();
      model.off('change:_picked', choice);
      model.off('change:_fault', choice);
      for (const url of urls) URL.revokeObjectURL(url);
    };
  },
};
