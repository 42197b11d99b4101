"""The model's patterns as data for `TextPattern`: a row of sets of characters, each with how many of them there may be."""

import re._constants as constants
import re._parser as parser

from model import stop

# Python's `re` knows no Unicode properties: they are told by characters that no pattern uses.
PROPERTIES = {r"\p{L}": "\ue000", r"\p{Z}": "\ue001", r"\p{N}": "\ue002"}
FLAGS = {0xE000: "letters", 0xE001: "separators", 0xE002: "numbers"}


def translated(shape_name, pattern):
    """Arguments of `TextPattern.init`, a part each. A pattern is of the whole text, be it said or not."""
    for spelled, character in PROPERTIES.items():
        pattern = pattern.replace(spelled, character)
    parts = []
    for part in flattened(shape_name, parser.parse(pattern)):
        # Letters one after another are one part.
        if parts and part[0] == "text" and parts[-1][0] == "text":
            parts[-1] = ("text", parts[-1][1] + part[1])
        else:
            parts.append(part)
    return [swift(part) for part in parts]


def flattened(shape_name, items):
    for kind, value in items:
        if kind == constants.AT:
            continue
        if kind == constants.SUBPATTERN:
            yield from flattened(shape_name, value[3])
        elif kind == constants.LITERAL:
            yield ("text", chr(value))
        elif kind in (constants.IN, constants.ANY):
            yield ("of", characters(shape_name, kind, value), 1, 1)
        elif kind == constants.MAX_REPEAT and len(value[2]) == 1:
            least, most, (inner,) = value
            if inner[0] == constants.LITERAL:
                inner = (constants.IN, [inner])
            if inner[0] not in (constants.IN, constants.ANY):
                stop(f"the pattern of {shape_name} counts more than characters")
            yield ("of", characters(shape_name, *inner), least, most)
        else:
            stop(f"the pattern of {shape_name} has {kind}, which `TextPattern` does not know")


def characters(shape_name, kind, members):
    if kind == constants.ANY:
        return "", ["line"]
    pairs, flags = "", []
    for kind, value in members:
        if kind == constants.LITERAL and value in FLAGS:
            flags.append(FLAGS[value])
        elif kind == constants.LITERAL:
            pairs += chr(value) * 2
        elif kind == constants.RANGE:
            pairs += chr(value[0]) + chr(value[1])
        elif kind == constants.CATEGORY and value == constants.CATEGORY_NOT_SPACE:
            flags.append("visible")
        elif kind == constants.CATEGORY and value == constants.CATEGORY_SPACE:
            flags.append("spaces")
        else:
            stop(f"the pattern of {shape_name} has {kind} {value}, which `TextPattern` does not know")
    return pairs, flags


def swift(part):
    if part[0] == "text":
        return f'.text("{part[1]}")'
    (pairs, flags), least, most = part[1:]
    sets = [f'"{pairs}"'] if pairs else []
    sets += ["[" + ", ".join(f".{flag}" for flag in flags) + "]"] if flags else []
    count = f"{least}..." if most == constants.MAXREPEAT else f"{least}...{most}"
    return f".of({', '.join(sets)}, {count})"
