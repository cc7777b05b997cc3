// A slider for each parameter that the studio says can be set: its name, range, default and value.

export class Parameters {
  /** `set(name, value)` is called while a slider moves. */
  constructor(element, set) {
    Object.assign(this, {element, set, values: {}});
  }

  /** The studio's table; what was moved on this page keeps its value. */
  know(table) {
    this.element.replaceChildren(...table.map(parameter => this.slider(parameter)));
  }

  slider({name, least, most, default: usual, value}) {
    const label = document.createElement('label'),
      input = Object.assign(document.createElement('input'), {type: 'range', name}),
      output = document.createElement('output');
    Object.assign(input, {min: least, max: most, step: (most - least) / 100});
    input.value = this.values[name] ?? value;
    input.title = `From ${least} to ${most}; a double click sets it to ${usual}.`;
    output.textContent = (+input.value).toFixed(2);
    const change = () => {
      this.values[name] = +input.value;
      output.textContent = this.values[name].toFixed(2);
      this.set(name, this.values[name]);
    };
    input.addEventListener('input', change);
    input.addEventListener('dblclick', () => {
      input.value = usual;
      change();
    });
    label.append(name[0].toUpperCase() + name.slice(1), input, output);
    return label;
  }
}
