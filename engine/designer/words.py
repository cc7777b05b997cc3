"""Words to a plan: the vocabulary's own nouns first, then the sentence embedding for what no noun answers.

describe("a castle at night as a watercolour", looks=("watercolour", "oil-painting"))
-> {"sky": "night", "ground": "grass", "structures": ["castle"], "things": [], "palette": None, "period": None,
    "look": "watercolour", "unknown": []}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from engine.designer import vocabulary
from engine.designer.lexicon import (
    AFTER_LOOK,
    FAR_AFTER,
    FAR_BEFORE,
    LOOK_WORDS,
    MEDIA,
    NOT_DRAWN,
    PALETTES,
    PERIODS,
    PLACES,
    ROOMS_NOT_DRAWN,
    SENSES,
    SILENT,
)
from engine.designer.library import DesignerError
from engine.designer.plan import MOST_STRUCTURES, MOST_THINGS
from engine.media.files import write_whole
from engine.text import TextEncoder

Sense = tuple[str, str]
"""(kind, name): the kinds of the vocabulary, and `palette`, `period`."""
LONGEST = 1000
"""Characters."""
LIKE = 0.52
"""Cosine from which on a word is taken for the nearest name of the vocabulary; below it is unknown."""
THING_LIKE = 0.62
"""The same for things, which nobody misses and everybody sees: a waterfall behind New York."""
UNLIKE_BY = 0.03
"""By so much more a word has to be like what the vocabulary has no name for, to be unknown for it."""
ALIKE = 0.45
"""The same for a look that stands behind "as a"."""
_NEGATIONS = ("no", "not", "without", "nor", "minus")
_ARTICLES = ("a", "an", "the")
_STILL_NEGATED = (*_ARTICLES, "any", "single", "visible", "other", "more", "sign", "trace", "of", "or")
"""Between "no" and what there is none of."""


@dataclass
class _Reading:
    """What has been understood so far."""

    senses: list[Sense] = field(default_factory=list)
    guesses: list[Sense] = field(default_factory=list)
    """What was taken by meaning alone, or is seen in a place that was named: it fills what is left open."""
    far: list[str] = field(default_factory=list)
    """Structures that are said to stand far away."""
    absent: list[str] = field(default_factory=list)
    """Things that are said not to be there."""
    look: str | None = None
    unknown: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        """Names of a kind: those that were named; where there are none, those that were guessed."""
        named = [name for each, name in self.senses if each == kind]
        chosen = dict.fromkeys(named or [name for each, name in self.guesses if each == kind])
        return sorted(chosen, key=lambda name: name in self.far)


def describe(words: str, looks: Sequence[str] = ()) -> dict[str, Any]:
    """What words say of a place, by names of the vocabulary, completed to a whole place; `Plan.from_dict` takes it.

    looks: names of the looks that the caller's model has; one that the words name is in "look". "unknown" lists the
    words that nothing in the vocabulary answers, and names that were left out because a place holds no more. Raises
    DesignerError for empty words or over 1,000 characters.
    """
    text = " ".join(words.split())
    if not text or len(text) > LONGEST:
        raise DesignerError(
            f"a place is described by 1 to {LONGEST} characters, not {len(text)}; try 'a castle at night'"
        )
    reading = _Reading()
    tokens = _tokens(text)
    tokens = _take_look(tokens, looks, reading)
    _read(tokens, reading)
    return _completed(reading)


def nearest(word: str, count: int = 3) -> list[str]:
    """The names of the vocabulary that are nearest to a word that names nothing: by spelling first, then by meaning."""
    spelt = [_lexicon()[phrase] for phrase in get_close_matches(word.lower(), _lexicon(), n=count, cutoff=0.75)]
    names = [name for senses in spelt for _, name in senses]
    names += [name for _, (_, name) in _by_meaning(word)]
    return list(dict.fromkeys(names))[:count]


# ---- reading


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9&'’-]+|[,.;:]", text.lower().replace("’s", "").replace("'s", "").replace("s' ", " "))


_PLURALS = ("woods", "plains")
"""They mean a place, and their singulars a material and an adjective."""


def singular(word: str) -> str:
    """The singular of an English noun, near enough for matching: "knives" is "knife", "ruins" "ruin"."""
    if word in _PLURALS:
        return word
    for ending, instead in (("ies", "y"), ("ves", "f"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def _key(words: Iterable[str]) -> str:
    """The words in the singular, without articles within: "top of a skyscraper" is "top of skyscraper"."""
    return " ".join(singular(word) for word in words if word not in _ARTICLES)


def _lexicon() -> Mapping[str, tuple[Sense, ...]]:
    """Every phrase that is known, its words in the singular, with what it means."""
    return _lexicon_at(vocabulary.revision())


@lru_cache(maxsize=1)
def _lexicon_at(revision: int) -> Mapping[str, tuple[Sense, ...]]:
    phrases: dict[str, tuple[Sense, ...]] = {}
    for kind in vocabulary.KINDS:
        for name in vocabulary.names(kind):
            for phrase in (name, *vocabulary.drawing(kind, name).synonyms):
                phrases.setdefault(_key(re.split(r"[ -]", phrase)), ((kind, name),))
    for kind, table in (("palette", PALETTES), ("period", PERIODS)):
        for name, synonyms in table.items():
            for phrase in (name, *synonyms):
                key = _key(re.split(r"[ -]", phrase))
                phrases[key] = (*phrases.get(key, ()), (kind, name))
    for phrase, senses in (SENSES | PLACES).items():
        phrases[_key(re.split(r"[ -]", phrase))] = senses
    return phrases


@cache
def _named_places() -> frozenset[str]:
    return frozenset(_key(name.split(" ")) for name in PLACES)


def _split(token: str) -> list[str]:
    return [part for part in token.split("-") if part]


def _take_look(tokens: list[str], looks: Sequence[str], reading: _Reading) -> list[str]:
    """The tokens without those that name a look, which goes into the reading."""
    words = [part for token in tokens for part in _split(token)] if tokens else []
    names: dict[str, str] = {}
    for look in dict.fromkeys((*looks, *LOOK_WORDS)):
        for phrase in (look, *LOOK_WORDS.get(look, ())):
            names.setdefault(_key(re.split(r"[ -]", phrase.lower())), look)
    best: tuple[int, int, str] | None = None
    for start in range(len(words)):
        for stop in range(min(len(words), start + 5), start, -1):
            look = names.get(_key(words[start:stop]), "")
            before = next((m for m in sorted(MEDIA, key=len, reverse=True) if _ends(words[:start], m)), None)
            after = next((a for a in sorted(AFTER_LOOK, key=len, reverse=True) if _begins(words[stop:], a)), None)
            marked = after is not None or before not in (None, "in", "as")
            if look and (marked or _key(words[start:stop]) not in _lexicon()):
                first = start - (len(before.split()) if before else 0)
                last = stop + (len(after.split()) if after else 0)
                if best is None or last - first > best[1] - best[0]:
                    best = first, last, look
    if best is None:
        return words
    if best[2] in looks:
        reading.look = best[2]
    else:  # a medium that the caller's model does not have is no part of the place either
        reading.unknown.append(best[2])
    return [*words[: best[0]], ",", *words[best[1] :]]


def _ends(words: list[str], phrase: str) -> bool:
    parts = phrase.split()
    return words[-len(parts) :] == parts


def _begins(words: list[str], phrase: str) -> bool:
    parts = phrase.split()
    return words[: len(parts)] == parts


def _read(words: list[str], reading: _Reading) -> None:
    """Longest phrases first; then each run of words that is left, by its meaning."""
    lexicon, i, negated = _lexicon(), 0, False
    longest = max(phrase.count(" ") + 1 for phrase in lexicon) + 1  # an article may stand within
    left: list[list[str]] = [[]]
    while i < len(words):
        for length in range(min(longest, len(words) - i), 0, -1):
            phrase = words[i : i + length]
            if phrase[0] in _ARTICLES or phrase[-1] in _ARTICLES or (key := _key(phrase)) not in lexicon:
                continue
            if negated:
                reading.absent += [name for _, name in lexicon[key]]
            elif key in _named_places():
                kept = ("palette", "period")
                reading.senses += [sense for sense in lexicon[key] if sense[0] in kept]
                reading.guesses += [sense for sense in lexicon[key] if sense[0] not in kept]
            else:
                reading.senses += lexicon[key]
                if _far(words[:i], words[i + length :]):
                    reading.far += [name for kind, name in lexicon[key] if kind == "structure"]
            left.append([])
            i += length
            negated = negated and words[i : i + 1] in (["or"], ["nor"])
            break
        else:
            said = words[i]
            silent = said in SILENT or singular(said) in SILENT or not said[0].isalpha()
            if silent or said in _NEGATIONS or negated:
                left.append([])
            else:
                left[-1].append(said)
            negated = said in _NEGATIONS or (negated and said in _STILL_NEGATED)
            i += 1
    for run in filter(None, left):
        _read_by_meaning(run, reading)


def _far(before: list[str], after: list[str]) -> bool:
    """Whether what stands between these words is said to be far away."""
    after = after[1:] if after[:1] == [","] else after
    before = before[:-1] if before[-1:] and before[-1] in _ARTICLES else before
    return any(_ends(before, phrase) for phrase in FAR_BEFORE) or any(_begins(after, phrase) for phrase in FAR_AFTER)


def _read_by_meaning(run: list[str], reading: _Reading) -> None:
    """What stands in no list: the run as a whole, then its words; what is like no name is unknown."""
    for words in [run] if len(run) == 1 else [run, *([word] for word in run)]:
        phrase = " ".join(words)
        meant = _misspelt(_key(words))
        if meant is not None:
            reading.senses += _lexicon()[meant]
        else:
            ranked = _by_meaning(phrase)
            unlike, room = _unlike(phrase)
            if ranked[0][0] < max(THING_LIKE if ranked[0][1][0] == "thing" else LIKE, unlike - UNLIKE_BY):
                if room and unlike > THING_LIKE:
                    reading.guesses.append(("sky", "indoors"))
                if len(words) == 1:
                    reading.unknown.append(phrase)
                continue
            reading.guesses.append(ranked[0][1])
        if len(words) == len(run):
            return


def _misspelt(key: str) -> str | None:
    """The phrase that a slip of the finger would turn into `key`: the same first letter, rather the same letters."""
    near = [phrase for phrase in get_close_matches(key, _lexicon(), n=6, cutoff=0.79) if phrase[0] == key[0]]
    if len(key) < 5 or not near or key in NOT_DRAWN:  # a horse is not a house
        return None
    return next((phrase for phrase in near if sorted(phrase) == sorted(key)), near[0])


# ---- meaning


MEANINGS = Path(__file__).with_name("meanings.safetensors")
"""The embeddings of the vocabulary's phrases as they were when `remember` was last run; others are made when needed."""


@cache
def _encoder() -> TextEncoder:
    shipped = load_file(MEANINGS) if MEANINGS.is_file() else {}
    return TextEncoder({phrase: row.astype(np.float32) for phrase, row in shipped.items()})


def phrases() -> list[tuple[Sense, str]]:
    """The phrases with which a word that stands in no list is compared, and what each means."""
    return [
        ((kind, name), phrase.replace("-", " "))
        for kind in vocabulary.KINDS
        for name in vocabulary.names(kind)
        for phrase in (name, *vocabulary.drawing(kind, name).synonyms[:4])
    ]


def remember(path: Path = MEANINGS) -> int:
    """Write the embeddings of all phrases, which take seconds to make, into a file of float16; returns how many."""
    texts = [*(phrase for _, phrase in phrases()), *ROOMS_NOT_DRAWN, *NOT_DRAWN]
    rows = {text: _encoder().embed(text).astype(np.float16) for text in texts}
    write_whole(path, save(rows))
    return len(rows)


@lru_cache(maxsize=1)
def _meanings(revision: int) -> tuple[tuple[Sense, ...], np.ndarray]:
    """What each phrase means, and the phrases' embeddings (N, 384)."""
    senses, texts = zip(*phrases(), strict=True)
    return senses, np.stack([_encoder().embed(text) for text in texts])


def _by_meaning(phrase: str) -> list[tuple[float, Sense]]:
    """Names of the vocabulary by the cosine of their nearest phrase, the nearest first."""
    senses, rows = _meanings(vocabulary.revision())
    cosines = rows @ _encoder().embed(phrase)
    best: dict[Sense, float] = {}
    for sense, cosine in zip(senses, cosines.tolist(), strict=True):
        best[sense] = max(best.get(sense, -1.0), cosine)
    return sorted(((cosine, sense) for sense, cosine in best.items()), reverse=True)


@cache
def _not_drawn() -> np.ndarray:
    return np.stack([_encoder().embed(text) for text in (*ROOMS_NOT_DRAWN, *NOT_DRAWN)])


def _unlike(phrase: str) -> tuple[float, bool]:
    """Cosine of a phrase with the nearest of what the vocabulary has no name for, and whether that is a room."""
    cosines = _not_drawn() @ _encoder().embed(phrase)
    at = int(cosines.argmax())
    return float(cosines[at]), at < len(ROOMS_NOT_DRAWN)


# ---- completion


def _completed(reading: _Reading) -> dict[str, Any]:
    """A whole place: what one part implies for the others, and no more than a place holds."""
    structures, things = reading.of("structure"), reading.of("thing")
    unknown = list(dict.fromkeys(reading.unknown))
    unknown += structures[MOST_STRUCTURES:] + things[MOST_THINGS:]
    structures, things = structures[:MOST_STRUCTURES], things[:MOST_THINGS]
    skies, grounds = reading.of("sky"), reading.of("ground")
    sky = _chosen_sky(skies)
    if sky == "night" and "moon" in reading.absent:
        sky = "stars"  # the night's own sky has a moon
    ground = _chosen_ground(grounds)
    if sky == "indoors":
        if ("sky", sky) not in reading.senses and (structures or reading.of("ground")):
            sky = None  # a guess, and what was named stands in the open
        elif not any(_closed(name) for name in structures):
            structures = list(dict.fromkeys(_INSIDE.get(name, name) for name in structures))
    if sky != "indoors" and _in_the_open(reading):
        structures = list(dict.fromkeys(_OUTSIDE.get(name, name) for name in structures))
    structures, left_out = _standing_together(structures)
    unknown += left_out
    implied = [vocabulary.drawing("structure", name) for name in structures]
    rooms = [each for each in implied if each.stands == "room"]
    if rooms and sky in (None, "day", "night", "stars") and not rooms[0].implies.get("sky"):
        sky = sky if sky == "stars" else "indoors"
    sources = [each.implies for each in implied]
    if ground:
        sources.append(vocabulary.drawing("ground", ground).implies)
        named = vocabulary.drawing("ground", ground).implies.get("structure")
        if named and not structures and named in vocabulary.names("structure"):
            structures = [named]
    sources += [vocabulary.drawing("thing", name).implies for name in things]
    sky = sky or next((each["sky"] for each in sources if "sky" in each), None)
    if rooms:
        sources.append({"ground": "stone"})
    if sky:
        sources.append(vocabulary.drawing("sky", sky).implies)
    if sky == "underwater" and ground in (None, "water"):
        ground = "seabed"
    if sky == "stars" and not structures and "night" not in skies:
        sources.append({"ground": "moondust"})
    ground = ground or next((each["ground"] for each in sources if "ground" in each), None)
    palettes, periods = reading.of("palette"), reading.of("period")
    return {
        "sky": sky or "day",
        "ground": ground or "grass",
        "structures": structures,
        "things": things,
        "palette": palettes[0] if palettes else None,
        "period": periods[0] if periods else None,
        "look": reading.look,
        "unknown": unknown,
    }


_INSIDE = {
    "castle": "throne-hall",
    "temple": "cathedral",
    "saloon": "tavern",
    "village": "tavern",
    "church": "cathedral",
}
"""What a structure is from within: "the hall of a palace" is a throne hall."""


_OUTSIDE = {"cathedral": "church"}
"""What a room is from outside: "a church on a grassy hill" is not its nave."""
_FLOORS = ("stone", "marble", "wood")


def _in_the_open(reading: _Reading) -> bool:
    """Whether what was named lies under the sky: a ground that is not a floor, a range of mountains, a forest."""
    named = {sense for sense in reading.senses if sense[0] in ("ground", "structure")}
    return any(
        name not in _FLOORS if kind == "ground" else vocabulary.drawing(kind, name).stands == "range"
        for kind, name in named
    )


def _standing_together(structures: list[str]) -> tuple[list[str], list[str]]:
    """The structures that can stand in one place, and the names of those that cannot: walls shut out landmarks."""
    closed = [name for name in structures if _closed(name)]
    if not closed:
        return structures, []
    return closed[:1], [name for name in structures if name != closed[0]]


def _closed(name: str) -> bool:
    """Whether a structure is a room without a sky."""
    each = vocabulary.drawing("structure", name)
    return each.stands == "room" and each.implies.get("sky") == "indoors"


_STRONGER_SKIES = (
    "underwater",
    "aurora",
    "storm",
    "fog",
    "sunset",
    "dawn",
    "dusk",
    "overcast",
    "stars",
    "indoors",
    "night",
)
"""Where several are named, the one that says more: "foggy night" is fog."""
_STRONGER_GROUNDS = ("rooftop", "lava", "moondust", "ice", "snow", "seabed", "marble", "street", "mud", "water", "sand")


def _chosen_sky(skies: list[str]) -> str | None:
    return next((sky for sky in _STRONGER_SKIES if sky in skies), skies[0] if skies else None)


def _chosen_ground(grounds: list[str]) -> str | None:
    return next((ground for ground in _STRONGER_GROUNDS if ground in grounds), grounds[0] if grounds else None)
