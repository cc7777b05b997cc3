// The colours of prompts: one table for the pages, the widgets and studio/timeline/colours.py.
// "worlds": a colour, and the words of which a text must hold one; the first that fits is taken.
// "others": of all other texts.
// biome-ignore format: what stands between the braces is JSON, which Python reads
export const COLOURS = {
  "worlds": {
    "#7d8590": ["as it is", "as is", "unchanged"],
    "#1f9bb0": ["underwater", "under water", "sea", "ocean", "reef"],
    "#c9853b": ["wild west", "western", "cowboy", "prairie"],
    "#5b62d6": ["space", "stars", "galaxy"],
    "#d1a73a": ["rome", "gold", "golden"],
    "#8fb6d6": ["snowfall", "snow", "winter"],
    "#d0469b": ["neon", "cyberpunk"],
    "#9a958c": ["pencil", "sketch", "charcoal"],
    "#e0694f": ["cartoon", "cel"],
    "#5f6b7a": ["noir"],
    "#7f9a4a": ["oil painting", "oil"],
    "#b5482f": ["volcano", "lava", "embers"],
    "#4c9a5b": ["forest", "woodland"],
    "#58a6a0": ["watercolour", "watercolor", "aquarelle"],
    "#3f6fa8": ["woodblock", "ukiyo e", "japanese print"],
    "#8a5cc2": ["stained glass", "cathedral"],
    "#a9744f": ["mosaic", "tesserae"],
    "#6c8f3d": ["voxel", "blocks"],
    "#d6663a": ["thermal", "infrared"],
    "#c9b23a": ["comic", "pop art"],
    "#6cc3dc": ["ice", "frozen"],
    "#2f62c9": ["blueprint"],
    "#d9b36c": ["beach"],
    "#9b3d5a": ["throne hall", "throne"],
    "#8b90a8": ["moon"]
  },
  "others": ["#7a6fb0", "#b07a5a", "#5a9a8a", "#a85f86", "#8c9a55", "#5f86b0", "#b08f4a", "#6f9f6a"]
};
