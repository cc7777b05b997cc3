// The frame of both pages: the pass, calls to the studio, notices, the keys, and which page is
// seen.
import {busy, keyRows, recall, remember} from './basics.js';
import {mountLive} from './live.js';
import {KEYS} from './player.js';
import {mountReview} from './review.js';

const HELP = [
  [
    'Live',
    [
      ['R', 'Record, cut'],
      ['1 – 9', 'Cues'],
      ['Enter', 'Apply the prompt'],
      ['M', 'Marker'],
      ['C', 'Clean plate: nobody in the picture'],
      ['Space', 'Start, stop'],
    ],
  ],
  ['Review', KEYS],
  [
    'Everywhere',
    [
      ['?', 'These keys'],
      ['Esc', 'Close; leave a field'],
    ],
  ],
];
const TOKEN = 'lsd-studio.token',
  OF_TAB = {in: 'sessionStorage'},
  isText = one => typeof one === 'string';
const base = () =>
  new URL('studio/', `${location.origin}${location.pathname.replace(/\/?$/, '/')}`);

/** What a part of an address says; the part itself where it is not well formed. */
function words(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Put the studio into its component; `server` holds the callbacks of the page. */
export async function mount(element, server) {
  const notices = element.querySelector('.notices'),
    help = element.querySelector('.help');
  const answered = async (name, data) => {
    const answer = await server[name](data);
    if (answer.error) throw new Error(answer.error);
    return answer;
  };
  const studio = {
    entry: await answered('enter', {token: recall(TOKEN, isText, null, OF_TAB)}),
    call: (name, data = {}) => answered(name, {...data, token: studio.entry.token}),
    socket() {
      const url = new URL('live', base());
      url.protocol = url.protocol.replace('http', 'ws');
      url.searchParams.set('token', studio.entry.token);
      return url.href;
    },
    file(path) {
      if (!path) return null;
      const url = new URL(`files/${path.split('/').map(encodeURIComponent).join('/')}`, base());
      url.searchParams.set('token', studio.entry.token);
      return url.href;
    },
    gallery(name) {
      const url = new URL(`gallery/${encodeURIComponent(name)}.jpg`, base());
      url.searchParams.set('token', studio.entry.token);
      return url.href;
    },
    /** Give the studio a picture or a clip; answers the set that it is. */
    async keepSet(file, production) {
      const url = new URL('sets', base());
      for (const [name, value] of Object.entries({
        token: studio.entry.token,
        name: file.name,
        production,
      }))
        url.searchParams.set(name, value);
      const answer = await fetch(url, {
        method: 'POST',
        headers: {'Content-Type': 'application/octet-stream'},
        body: file,
      });
      const data = await answer.json();
      if (!answer.ok) throw new Error(data.error ?? data.detail);
      return data;
    },
    say(text, kind = 'note') {
      const notice = Object.assign(document.createElement('p'), {
        className: kind,
        textContent: text,
      });
      notices.append(notice);
      while (notices.children.length > 3) notices.firstElementChild.remove();
      setTimeout(() => notice.remove(), kind === 'error' ? 9000 : 4000);
    },
    takesChanged: () => pages.review.refresh(),
  };
  // a page that is loaded again is the same page
  remember(TOKEN, JSON.stringify(studio.entry.token), OF_TAB);
  if (studio.entry.example) studio.entry.example = studio.file(studio.entry.example);
  const roots = {live: element.querySelector('.live'), review: element.querySelector('.review')};
  const pages = {review: mountReview(roots.review, studio), live: mountLive(roots.live, studio)};
  let seen = '';

  function route() {
    const [name, ...rest] = words(location.hash.slice(1)).split('/');
    const page = name in pages ? name : 'live',
      before = seen;
    if (before && before !== page && pages[before].leave() === false) {
      history.replaceState(null, '', `#${before}`);
      return;
    }
    seen = page;
    for (const one in roots) roots[one].hidden = one !== page;
    for (const link of element.querySelectorAll('nav a')) {
      if (link.hash === `#${page}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = page === 'review' ? 'Review · Live film studio' : 'Live film studio';
    if (page === 'review') {
      if (before !== page) pages.review.refresh();
      if (rest.length) pages.review.open(rest.join('/'));
    }
  }
  addEventListener('hashchange', route);
  help.querySelector('.keys').innerHTML = HELP.map(
    ([title, rows]) => `<section><h3>${title}</h3><dl>${keyRows(rows)}</dl></section>`,
  ).join('');
  element.querySelector('[data-do=help]').addEventListener('click', () => help.showModal());
  help.addEventListener('click', event => {
    if (event.target === help || event.target.closest('button')) help.close();
  });
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && busy(event)) document.activeElement.blur();
    if (
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      help.open ||
      busy(event)
    )
      return;
    if (event.key === '?') {
      event.preventDefault();
      help.showModal();
    } else if (seen === 'live' && pages.live.key(event)) event.preventDefault();
  });
  element.addEventListener('click', event => {
    if (event.detail && event.target.closest('button')) event.target.closest('button').blur();
  }); // so that Space plays, not clicks again
  async function machine() {
    // until the model is there
    try {
      const facts = await studio.call('machine'),
        {text, ready} = facts;
      element.querySelector('.machine').textContent = text;
      if (ready) pages.live.know(facts);
      else setTimeout(machine, 500);
    } catch (error) {
      studio.say(error.message, 'error');
    }
  }
  machine();
  route();
  element.dataset.ready = 'yes';
  Object.assign(element, {studio: pages});
}
