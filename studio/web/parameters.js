// A slider for each parameter that the studio says can be set: its name, range, default and value.

export class Parameters {
  /** `set(name, value)` is called while a slider moves. */
  constructor(element, set) {
    Object.assign(this, {element, set, names: ''});
    /** What was moved here: it holds when a connection begins anew. */
    this.values = {};
  }

  /** The studio's table. */
  know(table) {
    const names = table.map(({name}) => name).join();
    if (names !== this.names) this.element.replaceChildren(...table.map(one => this.slider(one)));
    this.names = names;
    for (const {name, value} of table) {
      const input = this.element.querySelector(`[name=${name}]`);
      if (!input.matches(':active')) input.value = value;
      this.show(input);
    }
  }

  show(input) {
    input.nextElementSibling.textContent = (+input.value).toFixed(2);
  }

  slider({name, meaning, least, most, default: usual}) {
    const label = document.createElement('label'),
      input = Object.assign(document.createElement('input'), {type: 'range', name});
    Object.assign(input, {min: least, max: most, step: (most - least) / 100});
    input.title = `${meaning}. From ${least} to ${most}; a double click sets ${usual}.`;
    const change = () => {
      this.values[name] = +input.value;
      this.show(input);
      this.set(name, this.values[name]);
    };
    input.addEventListener('input', change);
    input.addEventListener('dblclick', () => {
      input.value = usual;
      change();
    });
    const shown = name.replaceAll('_', ' ');
    label.append(shown[0].toUpperCase() + shown.slice(1), input, document.createElement('output'));
    return label;
  }
}
