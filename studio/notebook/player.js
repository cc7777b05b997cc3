// The player as a widget: the take's pictures come as bytes, its finished edits go back as data.
import {mount} from '../app/web/player.js';

export default {
  render({model, el}) {
    const urls = [];
    const video = name => {
      const bytes = model.get(name);
      if (!bytes?.byteLength) return undefined;
      urls.push(URL.createObjectURL(new Blob([bytes], {type: 'video/mp4'})));
      return urls.at(-1);
    };
    el.dataset.lmSuppressShortcuts = 'true';  // JupyterLab's own keys stay out while the player has the focus
    const player = mount(el, {
      ...model.get('_take'), ...model.get('_edit'), raw: video('_raw'), live: video('_live'),
      onEdit: edit => { model.set('_edit', edit); model.save_changes(); },
    });
    return () => { player.destroy(); urls.forEach(url => URL.revokeObjectURL(url)); };
  },
};
