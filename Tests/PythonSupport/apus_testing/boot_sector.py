"""A guest of 512 bytes: says "!" on its console when it has booted and sits still from then on, or says "." 18 times a
second, powers off when the power button is pressed, restarts on Ctrl-Alt-Delete.

For tests that care for what is around a guest and not for what runs in it. The firmware does the restart.
"""

CODE = bytes([
    0xBA, 0x02, 0x06,  # mov dx, 0x602     power management of QEMU's q35: what may be told
    0xB8, 0x00, 0x01,  # mov ax, 0x100     the power button
    0xEF,              # out dx, ax
    0xBA, 0xF8, 0x03,  # mov dx, 0x3f8     the serial port
    0xB0, 0x21,        # mov al, '!'
    0xEE,              # out dx, al
    0xFB,              # again: sti
    0xF4,              # hlt               until the timer, 18 times a second
    0xBA, 0x00, 0x06,  # mov dx, 0x600     what happened
    0xED,              # in ax, dx
    0xF6, 0xC4, 0x01,  # test ah, 1        the power button?
    0x74, 0xF5,        # jz again
    0xBA, 0x04, 0x06,  # mov dx, 0x604
    0xB8, 0x00, 0x20,  # mov ax, 0x2000    off
    0xEF,              # out dx, ax
    0xEB, 0xEC,        # jmp again
])


# After hlt: mov dx, 0x3f8; mov al, '.'; out dx, al. The jumps back are longer by that.
TICK = bytes([0xBA, 0xF8, 0x03, 0xB0, 0x2E, 0xEE])
TICKING = CODE[:15] + TICK + CODE[15:23] + bytes([CODE[23] - 6]) + CODE[24:32] + bytes([CODE[32] - 6])


def disk(size=1 << 20, code=CODE):
    """A raw disk image that boots into it."""
    sector = code + bytes(510 - len(code)) + b"\x55\xaa"
    return sector + bytes(size - len(sector))
