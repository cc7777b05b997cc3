// The set card: what stands behind the cast (the gallery, one's own pictures and clips, words), who
// the cast is, and what is to be known of the key.
import {recall, remember} from './basics.js';
import {Parameters} from './parameters.js';
import {CASTS, nameOf} from './setlane.js';

const OWN = 'lsd-studio.sets',
  KEPT = 8, // of one's own pictures, clips and words
  THUMB = [96, 54];
const title = name => name[0].toUpperCase() + name.slice(1).replaceAll('-', ' ');
const place = set => {
  if (!set) return 'off';
  const {cast, into_s, ...rest} = set;
  return JSON.stringify(rest);
};

/** A small picture of a file, as a data URL; an empty text where the browser cannot show it. */
async function thumbOf(file) {
  const url = URL.createObjectURL(file),
    clip = file.type.startsWith('video/'),
    shown = document.createElement(clip ? 'video' : 'img');
  try {
    await new Promise((resolve, reject) => {
      shown.addEventListener(clip ? 'loadeddata' : 'load', resolve, {once: true});
      shown.addEventListener('error', () => reject(new Error('not shown')), {once: true});
      Object.assign(shown, {muted: true, src: url});
    });
    const [width, height] = THUMB,
      canvas = Object.assign(document.createElement('canvas'), {width, height});
    canvas.getContext('2d').drawImage(shown, 0, 0, width, height);
    return canvas.toDataURL('image/jpeg', 0.8);
  } catch {
    return '';
  } finally {
    URL.revokeObjectURL(url);
  }
}

export class SetCard {
  /**
   * `studio` has `entry`, `say`, `gallery(name)` and `keepSet(file, production)`; `link` sends;
   * `production()` and `fade()` are those of the page; `video` is the camera's picture.
   */
  constructor(element, studio, link, {production, fade, video}) {
    Object.assign(this, {element, studio, link, production, fade, video, now: null, plate: null});
    this.key = null;
    this.$ = selector => element.querySelector(selector);
    this.parameters = new Parameters(this.$('.parameters'), (name, value) =>
      link().send({type: 'param', name, value}),
    );
    this.own = this.stored();
    for (const name of studio.entry.casts)
      this.$('[name=cast]').append(new Option(CASTS[name] ?? title(name), name));
    this.$('[name=cast]').addEventListener('change', () => this.recast());
    this.$('form').addEventListener('submit', event => {
      event.preventDefault();
      const words = this.$('[name=words]').value.trim();
      if (words) this.ask({words});
    });
    this.$('.bring input').addEventListener('change', event => this.bring(event.target.files[0]));
    element.addEventListener('dragover', event => {
      if (event.dataTransfer.types.includes('Files')) event.preventDefault();
    });
    element.addEventListener('drop', event => {
      event.preventDefault();
      this.bring(event.dataTransfer.files[0]);
    });
    this.$('[data-do=clean]').addEventListener('click', () => this.clean());
    this.$('[data-do=matte]').addEventListener('click', () => this.showMatte(!this.matte));
    video.addEventListener('click', event => this.pick(event));
    this.draw();
    this.recast(false);
  }

  stored() {
    const kept = recall(OWN, Array.isArray, []);
    return kept.filter(one => (one?.set?.file || one?.set?.plan) && typeof one.thumb === 'string');
  }

  /** A tile of one's own, in the place of those that are the same. */
  keep(set, thumb, same) {
    this.own = [{set, thumb}, ...this.own.filter(one => !same(one.set))].slice(0, KEPT);
    this.store();
    this.draw();
  }

  store() {
    if (!remember(OWN, JSON.stringify(this.own)))
      this.studio.say(
        'This browser has no room to remember your sets: bring them again next time.',
      );
  }

  draw() {
    const {entry} = this.studio;
    const tiles = [
      this.tile('Off', null, ''),
      this.tile('Blurred', {blur: 0.2}, ''),
      ...this.own.map(({set, thumb}) => this.tile(set.name ?? 'Yours', set, thumb)),
      ...entry.gallery.map(name =>
        this.tile(title(name), {gallery: name}, this.studio.gallery(name)),
      ),
    ];
    this.$('.gallery').replaceChildren(this.$('.bring'), ...tiles);
    this.mark();
  }

  tile(name, set, picture) {
    const button = Object.assign(document.createElement('button'), {type: 'button'});
    button.setAttribute('role', 'radio');
    button.dataset.place = place(set);
    button.title = name;
    if (picture) button.style.backgroundImage = `url("${picture}")`;
    button.append(Object.assign(document.createElement('span'), {textContent: name}));
    button.addEventListener('click', () => this.ask({set}));
    return button;
  }

  /** Places that the words may mean, of which one stands already: one click takes another. */
  proposed({sets}) {
    const keep = ({set, picture}) =>
      this.keep(set, picture, one => one.plan && one.name === set.name);
    const box = this.$('.proposals'),
      tiles = sets.map((each, n) => {
        const tile = this.tile(`Proposal ${n + 1}`, each.set, each.picture);
        tile.addEventListener('click', () => keep(each));
        return tile;
      });
    box.replaceChildren(...tiles);
    box.hidden = !tiles.length;
    if (sets.length) keep(sets[0]);
  }

  mark() {
    for (const one of this.element.querySelectorAll(':is(.gallery, .proposals) [role=radio]'))
      one.setAttribute('aria-checked', one.dataset.place === place(this.now));
    this.$('.standing').textContent = nameOf(this.now);
  }

  /** The cast as it is chosen; null is people. */
  get cast() {
    const matter = this.$('[name=cast]').value;
    if (matter === 'clean-plate') return this.plate ? {matter, plate: this.plate} : {matter};
    if (matter === 'chroma') return this.key ? {matter, settings: {key: this.key}} : {matter};
    return matter === 'person' ? null : {matter};
  }

  /** `what` is `{set}`, a set or null, or `{words}`. */
  ask(what) {
    const asked = {...what, cast: this.cast, fade_s: this.fade()};
    if (this.link().send({type: 'set', ...asked})) return;
    if (what.words) return this.studio.say('Press Start first: a set of words needs the studio.');
    this.took({set: what.set && {...what.set, ...(this.cast ? {cast: this.cast} : {})}});
  }

  /** The studio says which set stands, and which words nothing answers, with the nearest names. */
  took({set, unknown = []}) {
    this.now = set;
    this.mark();
    const strange = unknown.map(([word, near]) => `${word} (nearest: ${near.join(', ')})`);
    if (strange.length) this.$('.hint').textContent = `Not known: ${strange.join('; ')}.`;
    else if (this.$('.hint').textContent.startsWith('Not known')) this.recast(false);
  }

  /** What holds when a connection begins anew. */
  get wanted() {
    return this.now;
  }

  recast(ask = true) {
    const matter = this.$('[name=cast]').value;
    this.$('[data-do=clean]').hidden = matter !== 'clean-plate';
    this.$('.hint').textContent =
      matter === 'chroma'
        ? 'Click the screen in the camera picture to take its colour.'
        : matter === 'clean-plate' && !this.plate
          ? 'Step out of the picture, then press C: the camera stands still.'
          : '';
    if (!ask || !this.now) return;
    const {cast, ...set} = this.now;
    this.ask({set});
  }

  async bring(file) {
    if (!file) return;
    this.$('.bring').classList.add('busy');
    try {
      const [{set}, thumb] = await Promise.all([
        this.studio.keepSet(file, this.production()),
        thumbOf(file),
      ]);
      this.keep(set, thumb, one => one.file === set.file);
      this.ask({set});
    } catch (error) {
      this.studio.say(error.message, 'error');
    } finally {
      this.$('.bring').classList.remove('busy');
      this.$('.bring input').value = '';
    }
  }

  /** Learn the clean plate, by which the cast is found: nobody is in the picture for a second. */
  clean() {
    if (this.$('[data-do=clean]').hidden) return;
    if (!this.link().send({type: 'clean', production: this.production()}))
      return this.studio.say('Press Start first: the clean plate is the camera’s.', 'error');
    this.$('.hint').textContent = 'Keep the picture empty …';
  }

  cleaned({plate}) {
    if (!plate) return this.recast(false);
    this.plate = plate;
    this.$('[name=cast]').value = 'clean-plate';
    this.studio.say('The clean plate is taken: whatever comes in now is the cast.');
    this.recast();
  }

  showMatte(on) {
    this.matte = on && this.link().send({type: 'matte', on});
    if (!on) this.link().send({type: 'matte', on});
    this.$('[data-do=matte]').setAttribute('aria-pressed', Boolean(this.matte));
  }

  /** The key's colour, by a click on the camera's picture. */
  pick(event) {
    if (this.$('[name=cast]').value !== 'chroma' || !this.video.videoWidth) return;
    const {videoWidth: width, videoHeight: height} = this.video,
      box = this.video.getBoundingClientRect(),
      scale = Math.max(box.width / width, box.height / height), // object-fit: cover
      canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}),
      pen = canvas.getContext('2d');
    const x = width / 2 + (event.clientX - box.left - box.width / 2) / scale,
      y = height / 2 + (event.clientY - box.top - box.height / 2) / scale;
    pen.drawImage(this.video, x - 3, y - 3, 7, 7, 0, 0, 1, 1);
    this.key = [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    this.recast();
  }

  /** What the studio says of the cast. */
  know({cast}) {
    const trouble = this.$('.trouble');
    trouble.textContent = cast ? cast[0].toUpperCase() + cast.slice(1) : '';
  }
}
