"""Reads baseline JPEG files: a second reader, written apart from what writes them, and slow."""

import math

ORDER = sorted(range(64), key=lambda p: (p // 8 + p % 8, p % 8 if (p // 8 + p % 8) % 2 == 0 else p // 8))


def brightness(file):
    """Width, height, and the brightness of each point, 0 to 255, in rows."""
    quantities, codes, place = {}, {}, 2
    assert file[:2] == b"\xff\xd8" and file[-2:] == b"\xff\xd9", "not a JPEG file"
    while True:
        marker, length = file[place + 1], int.from_bytes(file[place + 2:place + 4])
        part = file[place + 4:place + 2 + length]
        place += 2 + length
        if marker == 0xDB:
            quantities[part[0]] = part[1:65]
        elif marker == 0xC0:
            assert part[0] == 8 and part[5] == 3 and all(part[7 + 3 * n] == 0x11 for n in range(3)), part
            height, width = int.from_bytes(part[1:3]), int.from_bytes(part[3:5])
            tables = [quantities[part[8 + 3 * n]] for n in range(3)]
        elif marker == 0xC4:
            codes[part[0]] = dict(spelled(part[1:17], part[17:]))
        elif marker == 0xDA:
            chosen = [(codes[part[2 + 2 * n] >> 4], codes[0x10 | part[2 + 2 * n] & 15]) for n in range(3)]
            break
    bits = Bits(file[place:-2].replace(b"\xff\x00", b"\xff"))
    rows, last = [[0] * width for _ in range(height)], [0, 0, 0]
    for top in range(0, height, 8):
        for left in range(0, width, 8):
            for component in range(3):
                found = block(bits, *chosen[component], last[component])
                last[component] = found[0]
                if component == 0:
                    draw(rows, top, left, [number * step for number, step in zip(found, tables[0])])
    return width, height, rows


def spelled(lengths, values):
    code, values = 0, iter(values)
    for length, count in enumerate(lengths, 1):
        for _ in range(count):
            yield (length, code), next(values)
            code += 1
        code <<= 1


class Bits:

    def __init__(self, content):
        self.content, self.place = content, 0

    def take(self, count):
        value = 0
        for _ in range(count):
            value = value << 1 | self.content[self.place >> 3] >> 7 - (self.place & 7) & 1
            self.place += 1
        return value

    def coded(self, codes):
        length = code = 0
        while (length, code) not in codes:
            code, length = code << 1 | self.take(1), length + 1
            assert length <= 16, "no such code"
        return codes[length, code]

    def signed(self, length):
        value = self.take(length)
        return value if not length or value >> length - 1 else value - (1 << length) + 1


def block(bits, dc, ac, last):
    found = [0] * 64
    found[0] = last + bits.signed(bits.coded(dc))
    place = 1
    while place < 64:
        told = bits.coded(ac)
        if told == 0:
            break
        place += told >> 4
        if told & 15:
            found[place] = bits.signed(told & 15)
        place += 1
    return found


def draw(rows, top, left, found):
    if not any(found[1:]):
        shades = [found[0] / 8 + 128] * 64
    else:
        flat = [0] * 64
        for number, place in zip(found, ORDER):
            flat[place] = number
        waves = [[(math.sqrt(0.125) if u == 0 else 0.5) * math.cos((2 * x + 1) * u * math.pi / 16) for x in range(8)]
                 for u in range(8)]
        half = [sum(flat[v * 8 + u] * waves[v][y] for v in range(8)) for y in range(8) for u in range(8)]
        shades = [sum(half[y * 8 + u] * waves[u][x] for u in range(8)) + 128 for y in range(8) for x in range(8)]
    for place, shade in enumerate(shades):
        y, x = top + place // 8, left + place % 8
        if y < len(rows) and x < len(rows[0]):
            rows[y][x] = min(255, max(0, round(shade)))
