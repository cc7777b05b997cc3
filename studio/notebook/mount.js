// How the widgets that are not the player begin.

/**
 * Put a widget's markup into a cell's output. `until` is for listeners, which `ending.abort()`
 * takes away again.
 */
export function mount(el, kind, template) {
  const root = Object.assign(document.createElement('div'), {
    className: `lsd-player ${kind}`,
    tabIndex: -1,
    innerHTML: template,
  });
  // JupyterLab's own keys stay out while the widget has the focus
  el.dataset.lmSuppressShortcuts = 'true';
  el.replaceChildren(root);
  const ending = new AbortController();
  return {
    root,
    $: selector => root.querySelector(selector),
    ending,
    until: {signal: ending.signal},
  };
}
