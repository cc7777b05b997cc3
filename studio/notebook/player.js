// The player as a widget: the take's pictures come as bytes, its finished edits go back as data.
import {mount} from '../web/player.js';

export default {
  render({model, el}) {
    const urls = [];
    const url = (name, type) => {
      const bytes = model.get(name);
      if (!bytes?.byteLength) return undefined;
      urls.push(URL.createObjectURL(new Blob([bytes], {type})));
      return urls.at(-1);
    };
    const {start_s, ...take} = model.get('_take'),
      mic = url('_mic', 'video/webm');
    // JupyterLab's own keys stay out while the player has the focus
    el.dataset.lmSuppressShortcuts = 'true';
    const player = mount(el, {
      ...take,
      draft: model.get('_edit'),
      raw: url('_raw', 'video/mp4'),
      live: url('_live', 'video/mp4'),
      sound: mic && {url: mic, start_s},
      onEdit: edit => {
        model.set('_edit', edit);
        model.save_changes();
      },
    });
    el.firstElementChild.classList.add('lsd-take');
    const tell = () => player.say(model.get('_fault'));
    model.on('change:_fault', tell);
    return () => {
      model.off('change:_fault', tell);
      player.destroy();
      for (const url of urls) URL.revokeObjectURL(url);
    };
  },
};
