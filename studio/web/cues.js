// The cue buttons: the worlds and one's own words, on the keys 1 to 9 in the order in which
// they lie.
import {colour, recall, remember} from './basics.js';

const STORE = 'lsd-studio.cues';
const MOST = 60; // cues of one's own; the last gives way to a new one

export class Cues {
  constructor(element, apply) {
    Object.assign(this, {element, worlds: [], list: [], apply, now: ''});
  }

  /** The worlds that the model offers. */
  know(names) {
    this.worlds = names.map(name => (name === 'as-is' ? 'as it is' : name.replaceAll('-', ' ')));
    this.list = this.stored();
    this.draw();
  }

  stored() {
    const kept = recall(STORE, Array.isArray, []).filter(text => typeof text === 'string');
    const order = [
      ...this.worlds.filter(name => name !== 'as it is'),
      ...this.worlds.filter(name => name === 'as it is'),
    ];
    return this.bounded([...kept, ...order.filter(name => !kept.includes(name))]);
  }

  keep(text) {
    const words = text.trim().replace(/\s+/g, ' ');
    if (!words) return false;
    const others = this.list.filter(one => one.toLowerCase() !== words.toLowerCase());
    this.list = this.bounded([words, ...others]);
    this.save();
    return true;
  }

  /** With the first of one's own words alone where they are more than a page shows at ease. */
  bounded(list) {
    let own = 0;
    return list.filter(text => this.worlds.includes(text) || ++own <= MOST);
  }

  save() {
    remember(STORE, JSON.stringify(this.list));
    this.draw();
  }

  move(from, to) {
    this.list.splice(to, 0, ...this.list.splice(from, 1));
    this.save();
  }

  press(number) {
    const text = this.list[number - 1];
    if (text) this.apply(text);
    return Boolean(text);
  }

  mark(text) {
    this.now = text.toLowerCase();
    for (const cue of this.element.querySelectorAll('.cue'))
      cue.setAttribute('aria-pressed', cue.dataset.text.toLowerCase() === this.now);
  }

  draw() {
    this.element.replaceChildren(
      ...this.list.map((text, i) => {
        const cue = document.createElement('button');
        Object.assign(cue, {type: 'button', className: 'cue', draggable: true, title: text});
        cue.dataset.text = text;
        cue.style.setProperty('--cue', colour(text));
        cue.setAttribute('aria-pressed', text.toLowerCase() === this.now);
        cue.append(
          Object.assign(document.createElement('kbd'), {textContent: i < 9 ? i + 1 : ''}),
          Object.assign(document.createElement('span'), {textContent: text}),
        );
        if (!this.worlds.includes(text)) {
          const drop = Object.assign(document.createElement('i'), {
            className: 'forget',
            textContent: '×',
            title: 'Remove this cue',
          });
          drop.addEventListener('click', event => {
            event.stopPropagation();
            this.list = this.list.filter(one => one !== text);
            this.save();
          });
          cue.append(drop);
        }
        cue.addEventListener('click', () => this.apply(text));
        cue.addEventListener('dragstart', event => event.dataTransfer.setData('text/lsd-cue', i));
        cue.addEventListener('dragover', event => {
          if (event.dataTransfer.types.includes('text/lsd-cue')) event.preventDefault();
        });
        cue.addEventListener('drop', event => {
          event.preventDefault();
          this.move(+event.dataTransfer.getData('text/lsd-cue'), i);
        });
        return cue;
      }),
    );
  }
}
