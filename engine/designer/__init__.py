"""The set designer: typed words become a drawn place, in layers, with its own light and its own slow life.

    words.describe("a castle at night as a watercolour", looks)   -> a plan's dictionary, the look, what is unknown
    Plan.from_dict(..)                                            -> a place as data
    Place(plan).picture(time_s, width, height, view)              -> a plate, as engine.compositing knows them

Files, from the ground up: `library` (skia), `colours` (materials, air, moods), `textures` (noise), `shaders`, `pen`
(what a drawing draws with; coordinates and layers), `registry` (the vocabulary), `skies/ grounds/ structures/ things/`
(the drawings, a few a file), `vocabulary` (all of them), `plan`, `framing`, `place` (composition), `words`, `sheets`.

How to draw a structure of one's own: a file in structures/, its name in `vocabulary.DRAWN`, and in the file

    @structure("obelisk", synonyms=("monolith", "needle"), implies={"ground": "sand"})
    def obelisk(pen: Pen) -> None:
        shaft = pen.polygon([(-0.03, 0.02), (-0.02, -0.4), (0, -0.44), (0.02, -0.4), (0.03, 0.02)])
        pen.round(shaft, "sandstone")                          # shaded as the key light falls; blue by night
        pen.texture(shaft, "grain", pen.colour("sandstone", 0.0), scale=0.2, strength=0.4)

    @obelisk.live
    def beacon(pen: Pen, time_s: float) -> None:               # drawn in every frame: keep it under half a millisecond
        pen.glow(0, -0.45, 0.1, 0xFF5030, pen.lamps * (0.5 + 0.5 * math.sin(2 * time_s)))

- Units: the picture's height is 1, y = 0 is the horizon, negative is up (top -0.64, lower edge 0.36). x = 0 is where
  the landmark stands, free of the cast. Let it reach down to y = 0.02: the ground's far edge covers its foot.
- `stands="landmark"` is an object up to 1.2 wide and 0.55 high; `"range"` spans -REACH..REACH (a forest); `"room"` has
  walls from TOP to 0 and from -REACH to REACH, its focus at x = 0. `layer="front"` is before the ground's far edge:
  stand at y 0.05 to 0.2. `@name.on("front")` adds a still part there, `@name.live_on("near")` a moving one.
- Colours: `pen.colour(material, light)` for what the light falls on (light 0 shade to 1 sun), `pen.shine(0xRRGGBB)` for
  what shines. Never a fixed colour: the same drawing has to do by day, by night, under water, in every mood.
- Chance: `pen.random`, `pen.numbers`; nothing else, or the same plan would not give the same bytes. A live function is
  a function of the pen and of time alone; what is dear it draws once (`pen.sprite`) and then `stamp`s or `roll`s.
- `pen.period` (japanese, roman, medieval, western, futuristic or None) bends what can bend; `pen.ground` and `pen.sky`
  are names, `pen.side` says where the light comes from, `pen.lamps` how brightly windows burn.
- Look: `python -m engine designer sheet OUT.jpg --names obelisk` draws it by day, at sunset and by night; what is ugly
  is drawn again.
"""
