// The review page: the list of takes, the player, the versions, the verdict, rendering again and
// export.
import {roam, timecode} from './basics.js';
import {mount} from './player.js';

const VERDICTS = {circled: '◯', hold: '‖', ng: '✕'};
const make = (tag, fields = {}, ...children) => {
  const one = Object.assign(document.createElement(tag), fields);
  one.append(...children);
  return one;
};
const verdictMark = verdict =>
  make('i', {
    className: `verdict ${verdict}`,
    textContent: `${VERDICTS[verdict]} ${verdict === 'ng' ? 'NG' : verdict}`,
  });

export function mountReview(root, studio) {
  const $ = selector => root.querySelector(selector),
    all = selector => [...root.querySelectorAll(selector)];
  let list = [],
    take = null,
    version = null,
    player = null,
    show = 'all',
    trouble = ''; // why the take that was asked for is not shown
  const jobs = new Map(); // renders that run or wait: a take's path -> the job's name

  // -- the list -----------------------------------------------------------------------------------
  async function refresh() {
    try {
      list = (await studio.call('takes')).takes;
    } catch (error) {
      return studio.say(error.message, 'error');
    }
    draw();
  }
  function draw() {
    const seen = list.filter(one => show === 'all' || one.verdict === 'circled');
    const focused =
      $('.list').contains(document.activeElement) && document.activeElement.dataset.take;
    $('.list').replaceChildren(
      ...seen.map((one, i) => {
        const poster = one.poster
          ? make('img', {src: studio.file(one.poster), alt: '', loading: 'lazy'})
          : make('span', {className: 'no-poster'});
        const badge = one.error
          ? 'damaged'
          : {recovered: 'recovered', recording: 'recording'}[one.state] ||
            (one.rendering && 'rendering');
        const item = make(
          'button',
          {type: 'button', className: 'item'},
          make(
            'span',
            {className: 'poster'},
            poster,
            make('b', {
              textContent: one.error ? '–' : timecode(one.duration_s, one.fps).slice(3, 8),
            }),
          ),
          make(
            'span',
            {className: 'what'},
            make('strong', {
              textContent: `S${one.scene} ${one.shot} T${String(one.take).padStart(3, '0')}`,
            }),
            make('small', {textContent: one.production}),
            make(
              'span',
              {className: 'marks'},
              ...(one.verdict ? [verdictMark(one.verdict)] : []),
              ...(badge ? [make('i', {className: `badge ${badge}`, textContent: badge})] : []),
              ...(one.versions
                ? [
                    make('i', {
                      className: 'badge',
                      textContent: `${one.versions} version${one.versions > 1 ? 's' : ''}`,
                    }),
                  ]
                : []),
            ),
          ),
        );
        item.setAttribute('role', 'option');
        item.setAttribute('aria-selected', take?.take === one.path);
        item.dataset.take = one.path;
        item.title = one.error || one.notes || '';
        item.addEventListener('click', () => {
          location.hash = `#review/${one.path}`;
        });
        if (i && seen[i - 1].production !== one.production) item.classList.add('first');
        return item;
      }),
    );
    if (focused)
      all('.item')
        .find(one => one.dataset.take === focused)
        ?.focus();
    if (!take) teach(trouble);
  }
  function teach(text) {
    const empty = $('.room > .empty');
    empty.hidden = Boolean(take) && !text;
    empty.replaceChildren(
      ...(text
        ? [make('p', {textContent: text})]
        : list.length
          ? [
              make('h2', {textContent: 'Choose a take'}),
              make('p', {
                textContent:
                  'Camera and world play in step; the wipe goes between them. Change a prompt ' +
                  'on the timeline, then render again: nothing is ever overwritten.',
              }),
            ]
          : [
              make('h2', {textContent: 'No takes yet'}),
              make('p', {
                textContent:
                  'Go to the live page, press Start, then Record (R). ' +
                  'What you shoot is listed here when you cut.',
              }),
              make('a', {href: '#live', className: 'apply', textContent: 'To the live page'}),
            ]),
    );
  }

  // -- one take -----------------------------------------------------------------------------------
  async function open(path, wanted) {
    if (take?.take === path && !wanted) return;
    root.classList.add('loading');
    trouble = '';
    try {
      const reply = await studio.call('take', {take: path});
      if (reply.preparing) return prepare(path);
      take = reply;
    } catch (error) {
      take = null;
      player?.destroy();
      player = null;
      for (const part of all('.title, .foot')) part.hidden = true;
      trouble = error.message;
      return draw();
    } finally {
      root.classList.remove('loading');
    }
    teach();
    for (const part of all('.title, .foot')) part.hidden = false;
    $('h1').textContent = `Scene ${take.scene} · Shot ${take.shot} · Take ${take.number}`;
    $('.facts').textContent = [
      take.production,
      `${take.duration_s.toFixed(1)} s`,
      `${take.width}×${take.height}`,
      `${take.fps.toFixed(take.fps % 1 ? 1 : 0)} fps`,
      `${take.frames} frames${take.dropped ? `, ${take.dropped} dropped` : ''}`,
      take.state === 'complete' ? '' : take.state,
      ...take.problems,
    ]
      .filter(Boolean)
      .join(' · ');
    $('textarea').value = take.notes;
    verdict(take.verdict);
    version = take.versions.find(one => one.name === wanted) ?? take.versions[0];
    const options = {
      raw: studio.file(take.raw),
      ...seenNow(),
      sound: take.sound && {...take.sound, url: studio.file(take.sound.url)},
      times: take.times,
      duration_s: take.duration_s,
      fps: take.fps,
      editable: take.state !== 'recording',
      gallery: studio.entry.gallery,
    };
    if (player) player.show(options);
    else player = mount($('.screen'), {...options, shortcuts: document, onEdit: edited});
    player.seek(0);
    versions();
    draw();
    if (take.job && !jobs.has(path)) follow(path, take.job);
    if (!jobs.has(path)) progress(null);
    note();
  }
  function prepare(path) {
    // a take that a crash cut short has no pictures for browsers yet
    trouble = 'This take is being prepared for review …';
    teach(trouble);
    setTimeout(() => {
      if (location.hash === `#review/${path}`) open(path).then(refresh);
    }, 700);
  }
  const seenNow = () => ({
    live: studio.file(version.url),
    keys: version.keys,
    markers: version.markers,
    sets: version.sets,
    draft: version.draft,
  });
  const called = one =>
    `${one.name === take.circled ? `${VERDICTS.circled} ` : ''}${one.label || one.name}`;
  function versions() {
    const live = version.name === 'live';
    $('.called').hidden = live;
    $('.called input').value = version.label ?? '';
    $('.called input').placeholder = version.name;
    $('.versions').replaceChildren(
      ...take.versions.map(one => {
        const button = make('button', {
          type: 'button',
          textContent: one.name === 'live' ? 'Live' : called(one),
          title: one.about,
        });
        button.setAttribute('aria-pressed', one === version);
        button.addEventListener('click', () => {
          version = one;
          player.show(seenNow());
          versions();
          note();
        });
        return button;
      }),
    );
  }
  const plain = state =>
    JSON.stringify([
      state.keys.map(({time_s, prompt, fade_s}) => [time_s, prompt, fade_s]),
      (state.sets ?? []).map(({time_s, set, fade_s}) => [time_s, set, fade_s]),
    ]);
  function edited(state) {
    version.draft = state;
    studio
      .call('draft', {take: take.take, version: version.name, ...state})
      .catch(error => studio.say(error.message, 'error'));
    note();
  }
  function note(text) {
    const changed = Boolean(version.draft) && plain(version.draft) !== plain(version);
    const seen = version.name === 'live' ? 'what was played live' : version.name;
    $('[data-do=render]').disabled = jobs.has(take.take) || take.state === 'recording';
    $('[data-do=cancel]').hidden = !jobs.has(take.take);
    $('[data-do=render]').classList.toggle('ready', changed);
    $('.say').textContent =
      text ?? (changed ? `The keys differ from ${seen}. Render again to see it.` : version.about);
  }

  // -- verdict, notes, rendering, export ----------------------------------------------------------
  function verdict(name) {
    for (const button of all('[data-verdict]'))
      button.setAttribute('aria-pressed', button.dataset.verdict === name);
  }
  async function judge(fields) {
    try {
      const judged = await studio.call('judge', {take: take.take, ...fields});
      Object.assign(take, judged);
      verdict(take.verdict);
      refresh();
    } catch (error) {
      studio.say(error.message, 'error');
    }
  }
  for (const button of all('[data-verdict]'))
    button.addEventListener('click', () =>
      judge({verdict: take.verdict === button.dataset.verdict ? null : button.dataset.verdict}),
    );
  $('textarea').addEventListener('change', event => judge({notes: event.target.value}));

  /** Call the shown version something, or move it to the take's bin. */
  async function label(fields) {
    const path = take.take;
    try {
      const {shown} = await studio.call('label', {take: path, version: version.name, ...fields});
      if (take?.take === path) await open(path, shown);
      refresh();
    } catch (error) {
      studio.say(error.message, 'error');
    }
  }
  $('.called input').addEventListener('change', event => label({name: event.target.value}));
  $('.called button').addEventListener('click', () => label({bin: true}));

  function progress(share) {
    const bar = $('.progress');
    bar.hidden = share === null;
    bar.setAttribute('aria-valuenow', Math.round((share ?? 0) * 100));
    bar.firstElementChild.style.width = `${(share ?? 0) * 100}%`;
  }
  async function render() {
    const path = take.take;
    try {
      const state = {take: path, version: version.name, ...player.state()};
      follow(path, (await studio.call('render', state)).job);
      refresh();
    } catch (error) {
      studio.say(error.message, 'error');
    }
  }
  /** Show how far a render is until it has ended, whichever take is seen meanwhile. */
  async function follow(path, job) {
    jobs.set(path, job);
    const seen = () => take?.take === path;
    let ended = null;
    try {
      while (!ended) {
        const now = await studio.call('progress', {job});
        if (['made', 'failed', 'cancelled'].includes(now.state)) ended = now;
        else {
          if (seen()) showJob(now);
          await new Promise(resolve => setTimeout(resolve, 250));
        }
      }
    } catch (error) {
      ended = {state: 'failed', error: error.message};
    }
    jobs.delete(path);
    if (seen()) {
      progress(null);
      note(
        ended.state === 'cancelled' ? 'Cancelled. Rendered again, it goes on where it was.' : '',
      );
    }
    if (ended.error) return studio.say(ended.error, 'error');
    if (ended.version) {
      if (seen()) await open(path, ended.version);
      studio.say(`${ended.version} is rendered.`);
    }
    return refresh();
  }
  function showJob({ahead, done, total, share}) {
    progress(share);
    if (ahead) note('Waiting for another render …');
    else note(total ? `Rendering frame ${done} of ${total} …` : 'Preparing …');
  }
  $('[data-do=cancel]').addEventListener('click', () =>
    studio
      .call('cancel', {job: jobs.get(take.take)})
      .catch(error => studio.say(error.message, 'error')),
  );
  roam($('.list'), '.item', 'aria-selected');
  $('[data-do=render]').addEventListener('click', render);
  for (const button of all('[data-export]'))
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        const made = await studio.call('export', {
          take: take.take,
          version: version.name,
          to: button.dataset.export,
        });
        make('a', {href: studio.file(made.url), download: made.name}).click();
      } catch (error) {
        studio.say(error.message, 'error');
      } finally {
        button.disabled = false;
      }
    });
  for (const button of all('[data-show]'))
    button.addEventListener('click', () => {
      show = button.dataset.show;
      for (const other of all('[data-show]')) other.setAttribute('aria-pressed', other === button);
      draw();
    });
  return {
    refresh,
    open,
    get player() {
      return player;
    },
    leave() {
      player?.pause();
    },
  };
}
