// A camera in a notebook: the page's camera beside the world that the kernel makes of it, a prompt,
// and the slate.
import {busy, colour, timecode} from '../web/basics.js';
import {Feed, Meter} from '../web/feed.js';
import {Parameters} from '../web/parameters.js';
import {Sound} from '../web/sound.js';
import {Source} from '../web/source.js';
import {mount} from './mount.js';

const LATE_MS = 2000; // without an answer for so long, the kernel is said to be busy
const HOME = {
  secure:
    'Open JupyterLab on this very machine, by http://localhost ' +
    '(ssh -L 8888:localhost:8888 HOST brings a distant one here), or over HTTPS; ' +
    'or let a clip stand in: camera.play("clip.mp4").',
  again: 'press Start again',
  else: ', or let a clip stand in: camera.play("clip.mp4")',
};

const TEMPLATE = `
  <div class="lsd-monitors">
    <figure class="lsd-monitor lsd-camera"><video muted
      playsinline></video><figcaption>Camera</figcaption><p class="lsd-empty"></p></figure>
    <figure class="lsd-monitor lsd-world"><canvas width="384" height="216" role="img"
      aria-label="World picture"></canvas><figcaption>World</figcaption>
      <p class="lsd-tally" hidden><i></i><output aria-label="Recorded time">00:00:00:00</output></p>
      <button type="button" class="lsd-go" data-do="start"><svg viewBox="0 0 24 24"
        aria-hidden="true"><path d="M8 5v14l11-7z"/></svg>Start</button></figure>
  </div>
  <p class="lsd-state">
    <b><i></i><span></span></b>
    <span title="Pictures shown in a second"><b data-figure="fps">–</b> fps</span>
    <span title="From the camera's frame to the world's, shown"><b
      data-figure="age">–</b> ms old</span>
    <span title="Frames left out so that the picture stays young"><b
      data-figure="dropped">0</b> dropped</span>
    <span title="Time the model takes for a frame"><b data-figure="step">–</b> ms a frame</span>
    <button type="button" data-do="stop" disabled>Stop</button>
  </p>
  <form class="lsd-ask" autocomplete="off"><input name="prompt" aria-label="Prompt" maxlength="1000"
    spellcheck="false" placeholder="What should the picture become? Press Enter"><label>Fade<input
    name="fade" type="number" min="0" max="60" step="any" value="0.5"
    aria-label="Fade in seconds">s</label><button type="button"
    data-do="apply">Apply</button></form>
  <div class="lsd-parameters" role="group" aria-label="Parameters"></div>
  <div class="lsd-cues" role="group" aria-label="Worlds"></div>
  <div class="lsd-slate"><p><b></b><span></span></p><label class="lsd-mic"><input type="checkbox"
    name="mic" checked> Microphone</label><p class="lsd-kept" role="status"></p><button
    type="button" data-do="record" class="lsd-record"
    disabled><i></i><span>Record</span></button></div>
  <p class="lsd-note" role="alert"></p>`;

export default {
  render({model, el}) {
    const {root, $, ending, until} = mount(el, 'lsd-live-camera', TEMPLATE);
    const view = crypto.randomUUID?.() ?? `${Math.random()}`,
      video = $('video'),
      canvas = $('canvas'),
      pen = canvas.getContext('2d', {alpha: false});
    const meter = new Meter(),
      ask = $('.lsd-ask'),
      note = text => {
        $('.lsd-note').textContent = text;
      };
    let on = false,
      answered = 0,
      facts = {dropped: 0, step: 0},
      since = 0;
    const state = () => model.get('_state');
    const say = (type, more, buffers) => model.send({type, view, ...more}, undefined, buffers);

    // -- pictures ---------------------------------------------------------------------------------
    const feed = new Feed(
      video,
      {ready: () => on, send: (head, body) => say('frame', head, [body])},
      paint,
    );
    feed.side = state().side;
    function paint(bitmap, age, step) {
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height)
        Object.assign(canvas, {width: bitmap.width, height: bitmap.height});
      pen.drawImage(bitmap, 0, 0);
      canvas.dataset.seen = 'yes';
      meter.count(age);
      facts.step = step;
    }
    const sound = new Sound({
      sound(_number, time_ms, chunk) {
        if (on) say('sound', {time_ms}, [chunk]);
        return on;
      },
    });
    async function hear(message, buffers) {
      if (message.type === 'error') return note(message.text);
      if (message.type !== 'picture') return undefined;
      answered = performance.now();
      facts.dropped = message.dropped;
      if (message.trouble) note(message.trouble);
      if (message.view === view) return feed.receive(message, buffers[0]);
      // another view's, or a clip's
      const bitmap = await createImageBitmap(new Blob([buffers[0]], {type: 'image/jpeg'}));
      paint(bitmap, null, message.step_ms);
      return bitmap.close();
    }
    const parameters = new Parameters($('.lsd-parameters'), (name, value) =>
      say('param', {name, value}),
    );
    const source = new Source(
      video,
      null,
      () => {
        $('.lsd-empty').textContent = source.ready
          ? ''
          : source.text ||
            (state().clip
              ? `${state().clip} stands in for the camera.`
              : 'The camera opens with Start.');
      },
      HOME,
    );
    async function start() {
      note('');
      await source.choose('camera', {sound: $('[name=mic]').checked});
      if (ending.signal.aborted) return source.release();
      if (!source.stream) {
        say('trouble', {text: source.text});
        return note(source.text);
      }
      on = true;
      answered = performance.now();
      facts = {dropped: 0, step: 0};
      feed.dropped = 0;
      meter.clear();
      say('start', {fps: source.fps});
      feed.start();
      return draw();
    }
    function halt() {
      if (!on) return;
      on = false;
      feed.stop();
      sound.stop();
      source.release();
      source.say('');
      draw();
    }
    function stop() {
      if (on) say('stop');
      else if (state().view || state().clip) model.send({type: 'stop', view: state().view});
      halt();
    }

    // -- what stands ------------------------------------------------------------------------------
    function draw() {
      const now = state(),
        elsewhere = Boolean(now.view && now.view !== view),
        running = on || elsewhere || Boolean(now.clip);
      if (on && answered && elsewhere) {
        halt();
        note('The camera goes on in another view of this widget.');
        return;
      }
      $('[data-do=start]').hidden = running;
      $('[data-do=stop]').disabled = !running;
      $('.lsd-record').disabled = !running;
      $('.lsd-record span').textContent = now.recording ? 'Cut' : 'Record';
      $('.lsd-record').setAttribute('aria-pressed', Boolean(now.recording));
      $('.lsd-tally').hidden = !now.recording;
      root.classList.toggle('lsd-recording', Boolean(now.recording));
      $('[name=mic]').disabled = running;
      if (now.recording && !since) {
        since = performance.now();
        if (on) sound.start(source.sound);
      }
      if (!now.recording && since) {
        since = 0;
        sound.stop();
      }
      $('.lsd-slate b').textContent = now.slate;
      $('.lsd-slate p span').textContent = `Take ${now.number}`;
      $('.lsd-kept').textContent = now.kept;
      if (document.activeElement !== ask.prompt)
        ask.prompt.value = now.prompt === 'as it is' ? '' : now.prompt;
      parameters.know(now.parameters);
      for (const cue of root.querySelectorAll('.lsd-cues button'))
        cue.setAttribute('aria-pressed', cue.dataset.text === now.prompt);
      if (!running) delete canvas.dataset.seen;
      source.changed();
      measure();
    }
    function measure() {
      const now = state(),
        running = !$('[data-do=stop]').disabled,
        seen = running ? meter.read() : null;
      const late = on && performance.now() - answered > LATE_MS;
      const [name, text] = late
        ? ['late', 'Kernel busy']
        : on
          ? ['live', 'Live']
          : now.clip
            ? ['live', 'Clip']
            : running
              ? ['live', 'In another view']
              : ['off', 'Not started'];
      $('.lsd-state').dataset.state = name;
      $('.lsd-state > b span').textContent = text;
      const figure = (which, value) => {
        $(`[data-figure=${which}]`).textContent = value;
      };
      figure('fps', seen ? seen.fps.toFixed(0) : '–');
      figure('age', seen?.age_ms ? seen.age_ms.toFixed(0) : '–');
      figure('dropped', running ? feed.dropped + facts.dropped : 0);
      figure('step', seen ? facts.step.toFixed(0) : '–');
      if (since)
        $('.lsd-tally output').textContent = timecode((performance.now() - since) / 1000, 24);
    }

    // -- hands ------------------------------------------------------------------------------------
    const apply = text => {
      note('');
      say('prompt', {
        text: text.trim() || 'as it is',
        fade_s: Math.max(0, ask.fade.valueAsNumber || 0),
      });
    };
    const worlds = model.get('_worlds').filter(name => name !== 'as is');
    $('.lsd-cues').append(
      ...['as it is', ...worlds].map(text => {
        const cue = Object.assign(document.createElement('button'), {
          type: 'button',
          textContent: text,
        });
        cue.dataset.text = text;
        cue.style.setProperty('--cue', colour(text));
        cue.addEventListener('click', () => apply(text), until);
        return cue;
      }),
    );
    const acts = {
      start,
      stop,
      apply: () => apply(ask.prompt.value),
      record: () => {
        note('');
        if (state().recording) sound.stop().then(() => say('cut'));
        else say('record');
      },
    };
    for (const button of root.querySelectorAll('[data-do]'))
      button.addEventListener('click', acts[button.dataset.do], until);
    ask.addEventListener('submit', event => event.preventDefault(), until);
    ask.addEventListener(
      'keydown',
      event => {
        // not by submitting: a notebook keeps Enter for itself
        if (event.key !== 'Enter' || !event.target.matches('input')) return;
        event.preventDefault();
        event.stopPropagation();
        apply(ask.prompt.value);
        root.focus();
      },
      until,
    );
    root.addEventListener(
      'keydown',
      event => {
        if (busy(event) || event.ctrlKey || event.metaKey || event.altKey) return;
        const act = {
          r: () => $('.lsd-record').disabled || acts.record(),
          m: () => say('marker'),
          ' ': () => $('[data-do=start]').hidden || start(),
        }[event.key.toLowerCase()];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      },
      until,
    );
    const timer = setInterval(measure, 250);
    model.on('msg:custom', hear);
    model.on('change:_state', draw);
    draw();
    return () => {
      stop();
      ending.abort();
      clearInterval(timer);
      feed.close();
      model.off('msg:custom', hear);
      model.off('change:_state', draw);
    };
  },
};
