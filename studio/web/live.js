// The live page: the source, the monitors, the prompt, the slate, the record button and the status
// line.
import {recall, remember, roam, timecode} from './basics.js';
import {Cues} from './cues.js';
import {Meter, sizeFor} from './feed.js';
import {Link} from './link.js';
import {Pace} from './pace.js';
import {Parameters} from './parameters.js';
import {SetCard} from './sets.js';
import {Sound} from './sound.js';
import {Source} from './source.js';
import {overlay, STATES, standingOf} from './standing.js';

const SLATE = 'lsd-studio.slate',
  SIDE = 'lsd-studio.side',
  BEFORE = 'lsd-studio.before', // what the page showed when it was left or loaded again
  CUT_MS = 10_000; // that Stop waits for the take that it cuts

export function mountLive(root, studio) {
  const $ = selector => root.querySelector(selector),
    all = selector => [...root.querySelectorAll(selector)];
  const video = $('.camera video'),
    canvas = $('.world canvas'),
    pen = canvas.getContext('2d', {alpha: false});
  const ask = $('.ask'),
    form = $('.slate-form'),
    monitors = $('.monitors');
  let prompt = 'as it is',
    recording = null,
    asked = null, // to roll (true) or to cut (false), while the studio has not answered
    unanswered = 0,
    state = 'idle',
    starting = false, // when the source is there
    whenCut = () => {};
  const meter = new Meter(),
    pace = new Pace($('.slow'));

  // -- the line to the studio ---------------------------------------------------------------------
  const hello = () => ({
    prompt,
    parameters: {...parameters.values, ...sets.parameters.values},
    set: sets.wanted,
    source: source.kind,
  });
  const link = new Link(studio.socket(), video, hello, {
    state(name, text) {
      state = name;
      const started = ['connecting', 'live', 'lost'].includes(name);
      $('.start').hidden = started;
      $('.stop').disabled = !started;
      if (name === 'live') sound.flush();
      const [said, label] = overlay(name, text, recording && $('.rec-time').value);
      tell(said, label, name === 'refused' ? () => location.reload() : start);
      if (name !== 'live') answered(Infinity);
      if (!started && recording) {
        setRecording(null);
        if (name !== 'idle') studio.say('The take has ended. What arrived is kept: see Review.');
      }
      source.changed();
    },
    picture(bitmap, age, step) {
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height)
        Object.assign(canvas, {width: bitmap.width, height: bitmap.height});
      pen.drawImage(bitmap, 0, 0);
      meter.count(age);
      pace.count(step, Math.max(bitmap.width, bitmap.height));
      if (standing !== 'live') drawStanding();
      if (!monitors.dataset.picture) monitors.dataset.picture = 'yes';
      figures.step = step;
    },
    message(data) {
      messages[data.type]?.(data);
    },
  });
  const sound = new Sound(link);
  const parameters = new Parameters($('.prompt .parameters'), (name, value) =>
    link.send({type: 'param', name, value}),
  );
  const sets = new SetCard($('.set'), studio, () => link, {
    production: () => form.production.value,
    fade: () => ask.fade.valueAsNumber,
    video,
  });
  const figures = {step: 0, dropped: 0};
  const messages = {
    ready: data => {
      if (data.recording && !recording) setRecording(data.recording);
      if (!data.recording && recording) {
        studio.say('The take ended while the connection was lost. All that arrived is kept.');
        setRecording(null);
      }
      figures.dropped = data.dropped ?? 0;
      parameters.know(data.parameters.filter(one => !one.on_set));
      sets.parameters.know(data.parameters.filter(one => one.on_set));
      sets.showMatte(false);
    },
    set: data => sets.took(data),
    proposals: data => sets.proposed(data),
    clean: data => sets.cleaned(data),
    prompt: data => {
      prompt = data.text;
      showPrompt(data.text, data.nearest);
    },
    recording: data => {
      if (!data.text) answered(1); // with a text, the take ended by itself
      setRecording(data.on ? data : null, data);
    },
    bye: data => {
      link.reason = data.text;
    },
    status: data => {
      figures.dropped = data.dropped;
      sets.know(data);
    },
    kept: data => {
      kept(data);
      whenCut();
    },
    error: data => {
      studio.say(data.text, 'error');
      whenCut();
    },
  };
  let standing = 'idle';
  /** Live is what moves: a source that shows nothing, or a picture that stands still, is not. */
  function drawStanding() {
    standing = standingOf(state, source, meter);
    monitors.dataset.state = standing;
    $('.link').dataset.state = standing;
    $('.link b').textContent = STATES[standing];
    $('.record').disabled = state !== 'live' || (standing !== 'live' && !recording);
  }
  function start() {
    if (!source.ready) {
      starting = source.pending;
      if (!starting) studio.say(source.text || 'Choose a clip first.', 'error');
      return;
    }
    starting = false;
    video.play().catch(error => {
      if (error.name !== 'AbortError')
        // which says that another source was chosen meanwhile
        studio.say(
          error.name === 'NotAllowedError'
            ? 'The browser plays the source after a click: press Start once more.'
            : 'The browser cannot play the source. Choose another one.',
          'error',
        );
    });
    meter.clear();
    pace.clear();
    link.feed.dropped = 0;
    link.attempt = 0;
    link.open();
  }
  /** Stop; a take that is recorded is cut first, and named. */
  async function stop() {
    starting = false;
    if (asked ?? recording) {
      const cut = new Promise(resolve => {
        whenCut = resolve;
        setTimeout(resolve, CUT_MS);
      });
      await record();
      await cut;
    }
    link.close();
    link.on.state('idle');
    delete monitors.dataset.picture;
  }
  function tell(text, label, act) {
    const overlay = $('.overlay'),
      button = overlay.querySelector('button');
    overlay.hidden = !text;
    overlay.querySelector('p').textContent = text;
    button.hidden = !label;
    button.textContent = label ?? '';
    button.onclick = act ?? null;
  }

  // -- source -------------------------------------------------------------------------------------
  const source = new Source(video, studio.entry.example, () => {
    for (const one of all('[data-source]')) {
      one.setAttribute('aria-checked', one.dataset.source === source.kind);
      one.disabled = Boolean(recording);
    }
    $('.size select').disabled = Boolean(recording);
    $('.about').textContent = recording
      ? 'The source stays while the take is recorded.'
      : source.ready
        ? source.text
        : '';
    $('.mic').hidden = source.kind !== 'camera' || !source.ready;
    $('.drop').hidden = source.kind !== 'clip';
    const several = source.kind === 'camera' && source.devices.length > 1;
    $('.devices').hidden = !several;
    if (several)
      $('.devices select').replaceChildren(
        ...source.devices.map(
          (one, i) =>
            new Option(
              one.label || `Camera ${i + 1}`,
              one.deviceId,
              false,
              one.deviceId === source.device,
            ),
        ),
      );
    const empty = $('.camera .empty');
    empty.hidden = source.ready;
    empty.textContent =
      source.text || (source.kind === 'clip' ? 'Drop a clip here, or choose one below.' : '');
    drawSizes();
    drawStanding();
    if (starting && !source.pending) start();
    if (source.ready) monitors.style.setProperty('--aspect', video.videoWidth / video.videoHeight);
  });
  // A size is chosen for this machine and kept; until then it is what processors of the studio's
  // kind should keep up with. Whether it does is measured while pictures flow.
  let sides = {all: [384], best: 384};
  const side = () => sides.all.find(one => one === recall(SIDE, Number.isFinite, 0)) ?? sides.best;
  function judgePace() {
    const now = {live: state === 'live', recording: Boolean(recording)};
    if (pace.judge(sides.all, link.feed.side, now)) drawSizes();
  }
  function drawSizes() {
    if (!recording) link.feed.side = side(); // another window may have chosen meanwhile
    const text = one =>
      sizeFor(video.videoWidth || 16, video.videoHeight || 9, one).join(' × ') +
      (pace.of(one) ?? (one === sides.best ? ', suggested' : ''));
    $('.size select').replaceChildren(
      ...sides.all.map(one => new Option(text(one), one, false, one === link.feed.side)),
    );
  }
  $('.size select').addEventListener('change', event => {
    remember(SIDE, event.target.value);
    drawSizes();
  });
  $('.slow').addEventListener('click', event => {
    remember(SIDE, event.target.value);
    drawSizes();
    judgePace();
  });
  const choose = (kind, more) => {
    if (!recording) source.choose(kind, {sound: $('.mic input').checked, ...more});
  };
  for (const one of all('[data-source]'))
    one.addEventListener('click', () => choose(one.dataset.source));
  for (const group of all('[role=radiogroup]')) roam(group, '[role=radio]', 'aria-checked');
  $('.devices select').addEventListener('change', event =>
    choose('camera', {device: event.target.value}),
  );
  $('.mic input').addEventListener(
    'change',
    () => source.kind === 'camera' && choose('camera', {device: source.device}),
  );
  $('.drop input').addEventListener('change', event =>
    choose('clip', {file: event.target.files[0]}),
  );
  for (const place of [$('.camera'), $('.source')]) {
    place.addEventListener('dragover', event => {
      if (event.dataTransfer.types.includes('Files')) event.preventDefault();
    });
    place.addEventListener('drop', event => {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (file) choose('clip', {file});
    });
  }

  // -- prompt -------------------------------------------------------------------------------------
  const cues = new Cues($('.cues'), text => {
    ask.prompt.value = text;
    apply(text);
  });
  function apply(text) {
    const words = text.trim();
    if (!words) return studio.say('Write what the picture should become, or "as it is".', 'error');
    const fade_s = ask.fade.valueAsNumber;
    if (!link.send({type: 'prompt', text: words, fade_s})) {
      prompt = words;
      showPrompt(words);
    }
  }
  function showPrompt(text, nearest) {
    $('.now b').textContent = text;
    const near = (nearest ?? []).filter(([, share]) => share >= 0.05).slice(0, 3);
    const percent = ([name, share]) => `${name.replaceAll('-', ' ')} ${Math.round(share * 100)} %`;
    $('.now em').textContent =
      near.length && near[0][1] < 0.9 ? `between ${near.map(percent).join(', ')}` : '';
    cues.mark(text);
  }
  let fade = ask.fade.value;
  ask.fade.addEventListener('change', () => {
    const {value, max, validity} = ask.fade;
    if (value !== '' && validity.valid) {
      fade = value;
      return;
    }
    const came = value === '' ? 'no number' : value;
    studio.say(
      `A fade lasts 0 to ${max} seconds, 0 is a cut; ${came} came. It stays ${fade} s.`,
      'error',
    );
    ask.fade.value = fade;
  });
  ask.addEventListener('submit', event => {
    event.preventDefault();
    apply(ask.prompt.value);
  });
  $('[data-do=keep]').addEventListener('click', () => {
    if (!cues.keep(ask.prompt.value)) studio.say('Write the words of the new cue first.', 'error');
    else cues.mark(prompt);
  });

  // -- slate and recording ------------------------------------------------------------------------
  const slate = () => ({
    production: form.production.value,
    scene: form.scene.value,
    shot: form.shot.value,
  });
  async function number() {
    // the studio normalises names and knows which take comes next
    try {
      const next = await studio.call('slate', slate());
      for (const name of ['production', 'scene', 'shot']) form[name].value = next[name];
      form.take.value = next.take;
      remember(SLATE, JSON.stringify(slate()));
    } catch (error) {
      studio.say(error.message, 'error');
    }
  }
  const stored = recall(SLATE, kept => typeof kept === 'object' && kept !== null, {});
  for (const name of ['production', 'scene', 'shot'])
    form[name].value = stored[name] ?? studio.entry.slate[name];
  form.addEventListener('change', number);
  form.addEventListener('submit', event => {
    event.preventDefault();
    document.activeElement.blur();
  });
  number();

  /** Roll or cut, whichever was not asked for last: a second press waits for no answer. */
  async function record() {
    const on = !(asked ?? recording);
    asked = on;
    unanswered += 1;
    $('.record').setAttribute('aria-busy', 'true');
    if (!on) await sound.stop();
    const message = on ? {fps: source.fps, slate: slate()} : {};
    if (!link.send({type: 'record', on, ...message})) answered(1);
  }
  function answered(count) {
    unanswered = Math.max(0, unanswered - count);
    if (unanswered) return;
    asked = null;
    $('.record').setAttribute('aria-busy', 'false');
  }
  function setRecording(now, data) {
    const was = recording;
    if (!now || !was || 'seconds' in now)
      recording = now && {since: performance.now() - (now.seconds ?? 0) * 1000};
    $('.tally').hidden = !recording;
    monitors.classList.toggle('recording', Boolean(recording));
    const button = $('.record');
    button.setAttribute('aria-pressed', Boolean(recording));
    button.querySelector('span').textContent = recording ? 'Cut' : 'Record';
    for (const field of form.querySelectorAll('input')) field.disabled = Boolean(recording);
    source.changed();
    drawStanding();
    if (recording && !was) {
      if (now.take) form.take.value = now.take; // another page may have taken the one shown
      $('.kept').textContent = '';
      if (source.kind === 'clip' || $('.mic input').checked) sound.start(source.sound);
      tick();
    }
    if (!recording && was) {
      sound.stop();
      number();
    }
    if (data?.text) studio.say(data.text, 'error');
  }
  function tick() {
    if (!recording) return;
    if (state === 'live')
      $('.rec-time').textContent = timecode(
        (performance.now() - recording.since) / 1000,
        source.fps,
      );
    requestAnimationFrame(tick);
  }
  function kept(data) {
    const link = Object.assign(document.createElement('a'), {
      href: `#review/${data.take}`,
      textContent: 'Review',
    });
    $('.kept').replaceChildren(
      `${data.name}: ${data.seconds.toFixed(1)} s, ${data.frames} frames. `,
      link,
    );
    if (data.ready) studio.takesChanged();
  }
  $('.record').addEventListener('click', record);
  $('.start').addEventListener('click', start);
  $('.stop').addEventListener('click', stop);

  // -- views and figures --------------------------------------------------------------------------
  for (const one of all('.views button'))
    one.addEventListener('click', () => {
      monitors.dataset.view = one.dataset.view;
      for (const other of all('.views button')) other.setAttribute('aria-pressed', other === one);
    });
  const figure = (name, value) => {
    $(`[data-figure=${name}]`).textContent = value;
  };
  setInterval(() => {
    const seen = state === 'live' ? meter.read() : null;
    figure('fps', seen ? seen.fps.toFixed(0) : '–');
    figure('age', seen ? seen.age_ms.toFixed(0) : '–');
    judgePace();
    figure('dropped', link.feed.dropped + figures.dropped);
    figure('step', seen && figures.step ? figures.step.toFixed(0) : '–');
    drawStanding();
  }, 500);

  addEventListener('beforeunload', event => {
    if (recording) event.preventDefault();
  });
  // What is shown outlives a reload of the page; the studio keeps its session for a while, too.
  addEventListener('pagehide', () => {
    const shown = {prompt, words: ask.prompt.value, fade, set: sets.now, live: link.wanted};
    Object.assign(shown, {kind: source.kind, device: source.device, clip: source.clip?.name});
    remember(BEFORE, JSON.stringify(shown), {in: 'sessionStorage'});
  });
  function restore({words, set, kind, device, clip, live, ...shown}) {
    prompt = shown.prompt ?? prompt;
    fade = shown.fade ?? fade;
    ask.prompt.value = words ?? '';
    ask.fade.value = fade;
    if (set) sets.took({set});
    if (kind === 'clip' && clip)
      source.lack(`${clip} played here before the page was loaded again: choose it once more.`);
    else source.choose(kind ?? 'example', {device});
    if (live) start();
  }
  const legal = one =>
    one &&
    ['prompt', 'words', 'fade', 'kind'].every(name => typeof (one[name] ?? '') === 'string') &&
    typeof (one.set ?? {}) === 'object';
  restore(recall(BEFORE, legal, {}, {in: 'sessionStorage'}));
  showPrompt(prompt);
  $('.start').disabled = false; // a press before this would be lost
  return {
    know({worlds, sides: all, side: best}) {
      sides = {all, best};
      drawSizes();
      cues.know(worlds);
    },
    leave() {
      if (recording) {
        studio.say('A take is being recorded: cut it first (R).', 'error');
        return false;
      }
      if (link.wanted) {
        stop();
        studio.say('Live work stands still meanwhile. Start brings it back.');
      }
      return true;
    },
    key(event) {
      const name = event.key.toLowerCase();
      if (name === 'r') {
        if (!$('.record').disabled) record();
        else if (state !== 'live')
          studio.say('Press Start first: there is nothing to record yet.', 'error');
        else studio.say(`There is nothing to record: ${STATES[standing].toLowerCase()}.`, 'error');
        return true;
      }
      if (name === 'm') {
        const sent = link.send({type: 'marker', name: 'Marker'});
        if (sent && recording) studio.say('Marked.');
        return sent;
      }
      if (name === 'c') {
        sets.clean();
        return true;
      }
      if (name === ' ') {
        if (!$('.start').hidden) start();
        else if (recording)
          studio.say('A take is being recorded: cut it first (R), or press Stop.', 'error');
        else stop();
        return true;
      }
      return /^[1-9]$/.test(name) && cues.press(+name);
    },
  };
}
