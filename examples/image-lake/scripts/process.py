"""Look at pictures: how large they are, what they look like, and a small one of each.

A picture a line comes in as JSON, its file under `content.path`; what was found goes out, a line each. Thumbnails are
written into the working folder and named by their path.
"""

import json
import struct
import sys
import zlib

SMALL = 16


def png_size(data):
    """Width and height, or nothing where the file was cut off before it says them."""
    return struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)


def jpeg_size(data):
    """Width and height, from the frame's header."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0


def pixels(data, width, height):
    """The rows of a PNG with 8 bits for each of red, green and blue, unfiltered."""
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            packed += data[at + 8 : at + 8 + length]
        at += 12 + length
    raw, stride = zlib.decompress(packed), 3 * width + 1
    return [raw[stride * y + 1 : stride * (y + 1)] for y in range(height)]


def chunk(kind, data):
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def thumbnail(rows, width, height):
    """A small PNG: of every few pixels one."""
    every = max(1, -(-max(width, height) // SMALL))
    columns = range(0, width, every)
    small = [bytes(channel for x in columns for channel in row[3 * x : 3 * x + 3]) for row in rows[::every]]
    header = struct.pack(">IIBBBBB", len(columns), len(small), 8, 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in small), 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def looked_at(image):
    """What is found in one picture."""
    with open(image["content"]["path"], "rb") as file:
        data = file.read()
    is_png = data.startswith(b"\x89PNG")
    width, height = png_size(data) if is_png else jpeg_size(data)
    labels = ["square" if width == height else "landscape" if width > height else "portrait"]
    # A picture that cannot be made smaller here is its own thumbnail.
    small = image["content"]
    if is_png and width and height:
        rows = pixels(data, width, height)
        bright = sum(map(sum, rows)) / (3 * width * height)
        labels.append("bright" if bright >= 128 else "dark")
        name = f"{image['image_id']}.png"
        with open(name, "wb") as file:
            file.write(thumbnail(rows, width, height))
        small = {"path": name}
    found = {name: image[name] for name in ("image_id", "taken_at", "camera", "content")}
    return found | {"width": width, "height": height, "labels": labels, "thumbnail": small}


def main():
    for line in sys.stdin:
        print(json.dumps(looked_at(json.loads(line)), ensure_ascii=False))


if __name__ == "__main__":
    main()
